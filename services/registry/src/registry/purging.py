"""What is forgotten: idempotency keys after 7 days."""

from __future__ import annotations

import asyncio

import structlog
from common import idempotency
from common.clock import Clock
from common.database import Database, is_transient
from common.process import Backoff
from common.waiting import set_within

EVERY_SECONDS = 60.0

logger = structlog.get_logger(__name__)


class Purge:
    """Deletes batch by batch, and rests when a batch was not full."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def once(self) -> int:
        """One batch; how many rows it deleted."""
        async with self._database.transaction() as connection:
            return await idempotency.purge(connection, self._clock.now())

    async def run(self, stop: asyncio.Event) -> None:
        """Purge until `stop`; infrastructure failures are waited out with back-off."""
        backoff = Backoff()
        while not stop.is_set():
            try:
                full = await self.once() == idempotency.PURGE_BATCH
            except Exception as error:
                if not is_transient(error):
                    raise
                logger.warning("purge_waits", reason=type(error).__name__)
                await backoff.wait(stop)
                continue
            backoff.reset()
            if not full:
                await set_within(stop, EVERY_SECONDS)
