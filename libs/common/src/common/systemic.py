"""The systemic stop: when so many villages fail for one reason that the reason is not theirs."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable, Mapping
from datetime import timedelta

from prometheus_client import Gauge

from common.clock import Clock
from common.database import Connection, Database, Queries
from common.road import BEHIND, Village, Way
from common.waiting import set_within

QUERIES = Queries.of("common", "inbox.sql")

LATELY = timedelta(minutes=1)
PARKED_FLOOR, PARKED_SHARE = 20, 0.02
HELD_PER_VILLAGE = 1_000
HOLDING_FLOOR, HOLDING_SHARE = 20, 0.01
GATE_SECONDS = 1.0
PARKING_LOCK = 0x7061_726B

STOPPED = Gauge("inbox_stopped", "1 while consuming is stopped for a systemic failure")

log = logging.getLogger(__name__)


class Systemic(Exception):  # the failure is systemic
    """The failure is not of single villages: nothing is parked or held for it."""


class StillStopped(OSError):
    """Consuming is stopped until a person resumes; the batch stays where it is."""


class SystemicStop:
    """Decides that a failure is systemic, and keeps consuming stopped until `parked resume`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._touched: dict[str, float] = {}
        self._asked_at = 0.0

    def touched(self, villages: Iterable[str]) -> None:
        """A batch concerns these villages."""
        self._touched.update(dict.fromkeys(villages, time.monotonic()))

    async def refuse(
        self, connection: Connection, states: Mapping[str, Village], ways: Mapping[str, Way]
    ) -> None:
        """Raise Systemic when parking or holding what is routed would be too much of one kind."""
        if any(park.reason != BEHIND for way in ways.values() for park in way.parked):
            await self._refuse_parked(connection, ways)
        if any(way.held for way in ways.values()):
            await self._refuse_held(connection, states, ways)

    async def _refuse_parked(self, connection: Connection, ways: Mapping[str, Way]) -> None:
        parks = [(key, park) for key, way in ways.items() for park in way.parked]
        fresh = [(key, park.reason) for key, park in parks if park.reason != BEHIND]
        if not fresh:
            return
        # One after the other: two members that count at once would each park up to the limit.
        await connection.execute(QUERIES["park_in_turn"], PARKING_LOCK)
        now = self._clock.now()
        allowed = await connection.fetchval(QUERIES["parking_allowed"])
        if allowed is not None and allowed > now:
            return
        failed: dict[str, set[str]] = {}
        for row in await connection.fetch(QUERIES["parked_lately"], now - LATELY):
            failed.setdefault(row["reason"], set()).add(row["village_key"])
        for key, reason in fresh:
            failed.setdefault(reason, set()).add(key)
        limit = max(PARKED_FLOOR, PARKED_SHARE * self._touched_lately())
        for reason, villages in failed.items():
            if len(villages) > limit:
                raise Systemic(
                    f"{reason}: {len(villages)} villages within a minute, {limit:.0f} allowed"
                )

    def _touched_lately(self) -> int:
        since = time.monotonic() - LATELY.total_seconds()
        return sum(moment > since for moment in self._touched.values())

    async def _refuse_held(
        self, connection: Connection, states: Mapping[str, Village], ways: Mapping[str, Way]
    ) -> None:
        for key, way in ways.items():
            if len(way.held) + states[key].held > HELD_PER_VILLAGE:
                raise Systemic(f"HELD: more than {HELD_PER_VILLAGE} events of village {key}")
        (row,) = await connection.fetch(QUERIES["holding"])
        new = sum(1 for key, way in ways.items() if way.held and not states[key].held)
        limit = max(HOLDING_FLOOR, HOLDING_SHARE * row["known"])
        if row["holding"] + new > limit:
            raise Systemic(f"HELD: {row['holding'] + new} villages wait, {limit:.0f} allowed")

    async def gate(self, patience: float, closing: asyncio.Event) -> None:
        """Wait while consuming is stopped; raises StillStopped after `patience` seconds.

        It is asked at most once a second: another member may have stopped.
        """
        if time.monotonic() < self._asked_at + GATE_SECONDS:
            return
        deadline = time.monotonic() + patience
        while (reason := await self.reason()) is not None:
            STOPPED.set(1)
            if time.monotonic() > deadline or await set_within(closing, GATE_SECONDS):
                raise StillStopped(reason)
        STOPPED.set(0)
        self._asked_at = time.monotonic()

    async def reason(self) -> str | None:
        """Why consuming is stopped, or None."""
        async with self._database.transaction() as connection:
            row = await connection.fetchrow(QUERIES["stopped"])
        return None if row is None else f"consuming stopped: {row['reason']}"

    async def stop(self, reason: str) -> None:
        """Stop consuming; it survives a restart."""
        log.error("consuming stopped, until `parked resume`: %s", reason)
        async with self._database.transaction() as connection:
            await connection.execute(QUERIES["stop"], reason, self._clock.now())
        self._asked_at = 0.0
