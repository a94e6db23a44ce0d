"""The courier's claim: look again at what is due, and write the intents before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import structlog
from common.clock import Clock
from common.database import Connection, Database
from cryptography.exceptions import InvalidTag
from jinja2 import TemplateError

from notifications.directory import Directory
from notifications.domain.alerts import Suppression, ends_something, still_holds
from notifications.domain.deliveries import WaitsFor
from notifications.domain.letters import Letter, News, Place, TitleCount
from notifications.domain.phrases import words_of
from notifications.storage import claims, local_days
from notifications.storage.claims import Due, Intent
from notifications.templates import Templates

UNWRITABLE = (TemplateError, LookupError, ValueError)
"""A template that breaks, facts that it has no words for."""

UNOPENED = (InvalidTag, ValueError)
"""An address that was sealed with another key, or is not whole."""

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Claimed:
    """What one look at the due deliveries came to."""

    intents: list[Intent] = field(default_factory=list)
    suppressed: list[tuple[Due, Suppression]] = field(default_factory=list)
    unwritable: list[Due] = field(default_factory=list)
    lacking: list[tuple[UUID, WaitsFor]] = field(default_factory=list)

    @property
    def any(self) -> bool:
        return bool(self.intents or self.suppressed or self.unwritable or self.lacking)


@dataclass(frozen=True, slots=True)
class Sendable:
    """A delivery that nothing keeps from being sent, and to whom."""

    due: Due
    place: Place
    holder_id: UUID
    address: str


class Claims:
    """Takes due deliveries for one courier; `pages` is the address of the pages, or empty."""

    def __init__(
        self,
        database: Database,
        *,
        directory: Directory,
        templates: Templates,
        clock: Clock,
        courier: UUID,
        lease: timedelta,
        pages: str = "",
    ) -> None:
        self._database = database
        self._directory = directory
        self._templates = templates
        self._clock = clock
        self._courier = courier
        self._lease = lease
        self._pages = pages

    async def take(self, limit: int) -> Claimed:
        """Claim at most `limit` due deliveries; the intents are committed when it returns."""
        now, days = self._clock.now(), local_days(self._clock)
        found = Claimed()
        async with self._database.transaction() as connection:
            some = await claims.claim_due(connection, now, days, limit)
            looked_at = [self._look(due, found) for due in some]
            sendable = [item for item in looked_at if item is not None]
            if found.lacking:
                await claims.note_lacks(connection, found.lacking, now)
            if sendable:
                await self._write(connection, sendable, found)
            if found.intents:
                await claims.begin_attempts(
                    connection, found.intents, courier=self._courier, lease=self._lease, now=now
                )
        return found

    def _look(self, due: Due, found: Claimed) -> Sendable | None:
        """What can be sent now; else `found` has why not."""
        lack: WaitsFor | None = None
        if (reason := _suppression(due)) is not None:
            found.suppressed.append((due, reason))
        elif due.place is None:
            lack = WaitsFor.VILLAGE
        elif due.holder_id is None:
            lack = WaitsFor.HOLDER
        elif due.sealed_address is None:
            lack = WaitsFor.ADDRESS
        else:
            try:
                address = self._directory.open_address(due.holder_id, due.sealed_address)
            except UNOPENED:
                log.error("address_sealed", delivery_id=str(due.delivery_id))  # noqa: TRY400
                lack = WaitsFor.KEY
            else:
                return Sendable(due, due.place, due.holder_id, address)
        if lack is not None:
            found.lacking.append((due.delivery_id, lack))
        return None

    async def _write(
        self, connection: Connection, sendable: Sequence[Sendable], found: Claimed
    ) -> None:
        """The messages, with the latest decisions' reasons, in today's names and numbers."""
        regencies = {item.place.regency_code for item in sendable}
        counts = await claims.count_titles(connection, regencies)
        introducing = await claims.introducing(connection, [item.due for item in sendable])
        for item in sendable:
            due = item.due
            try:
                letter = self._letter(item, counts, introduces=due.delivery_id in introducing)
            except UNWRITABLE:
                # One message that cannot be written is not to stop the others.
                log.exception("delivery_unwritable", delivery_id=str(due.delivery_id))
                found.unwritable.append(due)
            else:
                attempt = due.attempts + 1
                found.intents.append(Intent(due, attempt, item.holder_id, item.address, letter))

    def _letter(
        self, item: Sendable, counts: Mapping[str, Sequence[TitleCount]], *, introduces: bool
    ) -> Letter:
        due = item.due
        news = News(
            delivery_id=due.delivery_id,
            office=due.office,
            effective_on=due.effective_on,
            present=due.present,
            facts=due.facts,
            told_on=due.told_on,
            introduces=introduces,
        )
        words = words_of(news, item.place, counts[item.place.regency_code], pages=self._pages)
        return self._templates.render(due.kind, words, former=due.template)


def _suppression(due: Due) -> Suppression | None:
    """Why a due delivery is not sent at all any more."""
    if due.said_again or not still_holds(due.kind, due.present):
        return Suppression.SUPERSEDED
    return None if ends_something(due.kind, due.told) else Suppression.NOTHING_TO_END
