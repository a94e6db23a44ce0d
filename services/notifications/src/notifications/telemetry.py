"""What notifications measures of itself."""

from __future__ import annotations

import asyncio

import structlog
from common.clock import Clock
from common.database import Database, is_transient
from common.waiting import set_within
from prometheus_client import Counter, Gauge

from notifications.storage import housekeeping

EVERY_SECONDS = 30.0

ATTEMPTS = Counter("notifications_attempts_total", "Attempts to send by outcome", ["outcome"])
DELIVERIES = Gauge("notifications_deliveries", "Deliveries by state", ["state"])
WAITING = Gauge(
    "notifications_waiting", "Deliveries that cannot go yet, by what they wait for", ["for"]
)
OLDEST_DUE = Gauge("notifications_oldest_due_seconds", "Age of the oldest due delivery")

log = structlog.get_logger(__name__)


class Measuring:
    """Counts the ledger from time to time; the counts are of the database, not of this process."""

    def __init__(self, database: Database, *, clock: Clock, every: float = EVERY_SECONDS) -> None:
        self._database = database
        self._clock = clock
        self._every = every

    async def run(self, stop: asyncio.Event) -> None:
        """Count until `stop`; a failing database is asked again at the next turn."""
        while not stop.is_set():
            try:
                await self.measure()
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("measuring_waits", reason=type(error).__name__)
            await set_within(stop, self._every)

    async def measure(self) -> None:
        now = self._clock.now()
        async with self._database.transaction() as connection:
            tally = await housekeeping.tally(connection, now)
        for state, number in tally.by_state.items():
            DELIVERIES.labels(state).set(number)
        for lack, number in tally.by_lack.items():
            WAITING.labels(lack).set(number)
        OLDEST_DUE.set((now - tally.oldest_due).total_seconds() if tally.oldest_due else 0)
