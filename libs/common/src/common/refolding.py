"""What was skipped has its effect once this release knows its type."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidTag
from prometheus_client import Gauge

from common.clock import Clock
from common.database import Connection, Database, is_cut, is_transient
from common.events import EVENT_TYPES
from common.inbox import QUERIES, Inbox
from common.process import Backoff
from common.received import Broken, ImpossibleEvent, Received
from common.road import Village, Way
from common.sealing import Sealer
from common.setting_aside import Aside, reread
from common.waiting import set_within

EVERY_SECONDS = 60.0
"""How often is looked for what a member of an earlier release has skipped meanwhile."""
PAGE = 1_000
FAILURES = 20
"""A pass ends after so many: the reason is not theirs, and the rest waits for the next pass."""

WAITING = Gauge(
    "inbox_refold_waiting", "Skipped events of types that this release knows", ["state"]
)

log = logging.getLogger(__name__)

Place = tuple[str, str, int]
"""village_key, topic, sequence."""
START: Place = ("", "", 0)


@dataclass(frozen=True, slots=True)
class Refolded:
    """What a pass did."""

    applied: int
    failed: int


class Refolding:
    """Gives skipped events their effect, a page a transaction, under their villages' locks.

    With `latest_only`, for an effect that keeps the latest of each village, an event stays when a
    later one of its stream has had its effect already.
    """

    def __init__(
        self,
        database: Database,
        inbox: Inbox,
        *,
        sealer: Sealer,
        clock: Clock,
        latest_only: bool = False,
    ) -> None:
        self._database = database
        self._inbox = inbox
        self._aside = Aside(clock, sealer)
        self._latest_only = latest_only
        self._known = list(EVENT_TYPES)
        self._passed = False

    async def run(self, stop: asyncio.Event) -> None:
        """Refold at start, then what members of an earlier release skip, until `stop`."""
        backoff = Backoff()
        while not stop.is_set():
            try:
                await self.refold(again=not self._passed)
                await self._measure()
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("refolding waits for the database: %s", type(error).__name__)
                await backoff.wait(stop)
                continue
            self._passed = True
            await set_within(stop, EVERY_SECONDS)

    async def probe(self) -> str | None:
        """Why statuses may lack facts: the pass of the start is not over."""
        return None if self._passed else "skipped events are being folded"

    async def kept(self) -> Sequence[Any]:
        """The skipped events by type and reason, and whether this release knows the type."""
        async with self._database.transaction() as connection:
            return await connection.fetch(QUERIES["skipped_kinds"], self._known)

    async def refold(self, *, again: bool = False) -> Refolded:
        """Have the effect of what waits; with `again` also of what has failed before."""
        if again:
            async with self._database.transaction() as connection:
                await connection.execute(QUERIES["refold_again"], self._known)
        applied, failed, most, after = 0, 0, PAGE, START
        while failed < FAILURES:
            try:
                last, done, refused = await self._page(after, most)
            except ImpossibleEvent as error:
                await self._refuse(error)
                failed += 1
            except Exception as error:
                if most == 1 or (is_transient(error) and not is_cut(error)):
                    raise
                most = max(1, most // 2)
                log.warning("%d skipped events at a time: %s", most, type(error).__name__)
            else:
                applied, failed = applied + done, failed + refused
                if last is None:
                    break
                after, most = last, min(PAGE, most * 2)
        if applied or failed:
            log.warning("skipped events folded: %d applied, %d refused", applied, failed)
        return Refolded(applied, failed)

    async def _page(self, after: Place, most: int) -> tuple[Place | None, int, int]:
        """One transaction: the last place looked at (None at the end), applied, refused."""
        async with self._database.transaction() as connection:
            page = await connection.fetch(QUERIES["skipped_page"], self._known, *after, most)
            if not page:
                return None, 0, 0
            last: Place = tuple(page[-1])
            states = await self._inbox.lock(connection, {key for key, _, _ in page})
            rows = await connection.fetch(QUERIES["skipped_rows"], self._known, *after, *last)
            events, refused = await self._readable(connection, states, rows)
            ways = {key: Way(accepted=some) for key, some in events.items()}
            try:
                await self._inbox.write(connection, states, ways)
            except Exception as error:
                _blame_single(error, events)
                raise
            done = [event for some in events.values() for event in some]
            await connection.execute(QUERIES["refolded"], *_places(done))
            return last, len(done), refused

    async def _readable(
        self, connection: Connection, states: Mapping[str, Village], rows: Sequence[Any]
    ) -> tuple[dict[str, list[Received]], int]:
        """The events by village in the order of their recording; how many cannot be."""
        events: dict[str, list[Received]] = {}
        refused = 0
        for row in rows:
            item = self._event(states[row["village_key"]], row)
            if isinstance(item, Received):
                events.setdefault(row["village_key"], []).append(item)
            else:
                place = (row["village_key"], row["topic"], row["sequence"])
                await connection.execute(QUERIES["refold_refused"], *place, item)
                refused += 1
        for some in events.values():
            some.sort(key=lambda event: event.time)
        return events, refused

    def _event(self, village: Village, row: Any) -> Received | str:
        """The event, or why it cannot be."""
        mark = village.marks[row["topic"]].sequence
        if self._latest_only and mark - row["sequence"] > row["later"]:
            return "SUPERSEDED: a later event of its stream has had its effect"
        try:
            item = reread(row, self._aside.opened("skipped", row))
        except InvalidTag:
            return "UNREADABLE: sealed with another key"
        return f"{item.reason}: {item.detail}" if isinstance(item, Broken) else item

    async def _refuse(self, error: ImpossibleEvent) -> None:
        event = error.event
        async with self._database.transaction() as connection:
            await connection.execute(
                QUERIES["refold_refused"],
                event.subject,
                event.topic,
                event.sequence,
                f"{error.code}: {error.reason}",
            )
        log.error(
            "alarm: %s %s/%d cannot be folded: %s",
            event.type,
            event.subject,
            event.sequence,
            error.reason,
        )

    async def _measure(self) -> None:
        async with self._database.transaction() as connection:
            (row,) = await connection.fetch(QUERIES["refold_waiting"], self._known)
        WAITING.labels("waiting").set(row["waiting"])
        WAITING.labels("failed").set(row["failed"])


def _blame_single(error: Exception, events: Mapping[str, Sequence[Received]]) -> None:
    """Name the event whose rows the database refuses, so that it alone is refused."""
    found = [event for some in events.values() for event in some]
    if len(found) == 1 and not (is_transient(error) or isinstance(error, ImpossibleEvent)):
        raise ImpossibleEvent(found[0], type(error).__name__, code="UNSTORABLE") from error


def _places(events: Sequence[Received]) -> tuple[list[str], list[str], list[int]]:
    return (
        [event.subject for event in events],
        [event.topic for event in events],
        [event.sequence for event in events],
    )
