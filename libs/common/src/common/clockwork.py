"""The stored offset of business time: followed while running, moved in demo and test."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

from common.clock import Clock
from common.database import Connection, Database, is_transient
from common.waiting import set_within

FOLLOW_SECONDS = 0.5

log = logging.getLogger(__name__)


class ClockFixed(RuntimeError):
    """The clock does not move in production."""


async def stored_offset(connection: Connection) -> timedelta:
    """How far business time is ahead of system time."""
    offset: timedelta = await connection.fetchval("SELECT moved_by FROM clock")
    return offset


async def advance(connection: Connection, by: timedelta, *, movable: bool) -> timedelta:
    """Move business time forward; the new offset. Raises ClockFixed and ValueError."""
    if not movable:
        raise ClockFixed("the clock moves in demo and test only (MOVABLE_CLOCK)")
    if by < timedelta(0):
        raise ValueError("the clock moves forward only")
    offset: timedelta = await connection.fetchval(
        "UPDATE clock SET moved_by = moved_by + $1 RETURNING moved_by", by
    )
    return offset


class ClockFollower:
    """Keeps a process's clock at the stored offset; a part where the clock may move."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def follow_once(self) -> None:
        async with self._database.transaction() as connection:
            stored = await stored_offset(connection)
        # Read after the wait: the clock may have been moved further meanwhile.
        self._clock.move_to(max(self._clock.offset, stored))

    async def run(self, stop: asyncio.Event) -> None:
        """Follow until `stop`."""
        while not await set_within(stop, FOLLOW_SECONDS):
            try:
                await self.follow_once()
            except Exception as error:
                if not is_transient(error):
                    raise
                log.debug("clock waits for the database: %s", type(error).__name__)
