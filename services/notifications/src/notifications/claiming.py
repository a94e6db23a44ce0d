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
from notifications.domain.alerts import Suppression, still_holds
from notifications.domain.deliveries import WaitsFor
from notifications.domain.letters import TitleCount, words_of
from notifications.storage import deliveries, local_days
from notifications.storage.deliveries import Due, Intent
from notifications.templates import Templates

UNWRITABLE = (InvalidTag, TemplateError, LookupError, ValueError)
"""An address sealed with another key, a template that breaks, facts that it has no words for."""

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Claimed:
    """What one look at the due deliveries came to."""

    intents: list[Intent] = field(default_factory=list)
    superseded: list[Due] = field(default_factory=list)
    unwritable: list[Due] = field(default_factory=list)
    lacking: list[tuple[UUID, WaitsFor]] = field(default_factory=list)

    @property
    def any(self) -> bool:
        return bool(self.intents or self.superseded or self.unwritable or self.lacking)


class Claims:
    """Takes due deliveries for one courier."""

    def __init__(
        self,
        database: Database,
        *,
        directory: Directory,
        templates: Templates,
        clock: Clock,
        courier: UUID,
        lease: timedelta,
    ) -> None:
        self._database = database
        self._directory = directory
        self._templates = templates
        self._clock = clock
        self._courier = courier
        self._lease = lease

    async def take(self, limit: int) -> Claimed:
        """Claim at most `limit` due deliveries; the intents are committed when it returns."""
        now, days = self._clock.now(), local_days(self._clock)
        found, sendable = Claimed(), []
        async with self._database.transaction() as connection:
            for due in await deliveries.claim_due(connection, now, days, limit):
                match _obstacle(due):
                    case Suppression():
                        found.superseded.append(due)
                    case WaitsFor() as lack:
                        found.lacking.append((due.delivery_id, lack))
                    case None:
                        sendable.append(due)
            if found.lacking:
                await deliveries.note_lacks(connection, found.lacking, now)
            if sendable:
                await self._write(connection, sendable, found)
            if found.intents:
                await deliveries.begin_attempts(
                    connection, found.intents, courier=self._courier, lease=self._lease, now=now
                )
        return found

    async def _write(self, connection: Connection, sendable: Sequence[Due], found: Claimed) -> None:
        """The messages, with the latest decisions' reasons, in today's names and numbers."""
        regencies = {due.place.regency_code for due in sendable if due.place}
        counts = await deliveries.count_titles(connection, regencies)
        for due in sendable:
            try:
                found.intents.append(self._intent(due, counts))
            except UNWRITABLE:
                # One message that cannot be written is not to stop the others.
                log.exception("delivery_unwritable", delivery_id=str(due.delivery_id))
                found.unwritable.append(due)

    def _intent(self, due: Due, counts: Mapping[str, Sequence[TitleCount]]) -> Intent:
        if due.place is None or due.holder_id is None or due.sealed_address is None:
            raise AssertionError("an obstacle was passed over")
        regency = counts[due.place.regency_code]
        words = words_of(
            due.delivery_id,
            due.office,
            due.place,
            regency,
            effective_on=due.effective_on,
            facts=due.facts,
        )
        letter = self._templates.render(due.kind, words)
        address = self._directory.open_address(due.holder_id, due.sealed_address)
        return Intent(due, due.attempts + 1, due.holder_id, address, letter)


def _obstacle(due: Due) -> Suppression | WaitsFor | None:
    """Why a due delivery is not sent now."""
    if not still_holds(due.kind, due.face):
        return Suppression.SUPERSEDED
    if due.place is None:
        return WaitsFor.VILLAGE
    if due.holder_id is None:
        return WaitsFor.HOLDER
    return WaitsFor.ADDRESS if due.sealed_address is None else None
