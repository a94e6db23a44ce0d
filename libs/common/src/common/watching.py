"""What waits in a service: gauges for the operators, and an alarm when it waits too long."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta

from prometheus_client import Gauge

from common import inbox, outbox
from common.clock import Clock
from common.database import Database, is_transient
from common.waiting import set_within

EVERY_SECONDS = 10.0
HELD_ALARM = timedelta(seconds=120)
RELAY_ALARM = timedelta(seconds=60)

WAITING = Gauge("inbox_waiting", "Rows that wait in this service's database", ["what"])
OLDEST_HELD = Gauge("inbox_oldest_held_seconds", "How long the oldest early event has waited")
UNPUBLISHED = Gauge("outbox_unpublished", "Events that have not left (counted up to 100,000)")
OLDEST = Gauge("outbox_oldest_seconds", "How long the oldest event has waited to leave")

log = logging.getLogger(__name__)


class Watch:
    """Looks at the queues of one service every 10 s; what it sees is of the database."""

    def __init__(self, database: Database, clock: Clock, every: float = EVERY_SECONDS) -> None:
        self._database = database
        self._clock = clock
        self._every = every

    async def run(self, stop: asyncio.Event) -> None:
        """Look until `stop`; a database that is away is asked again at the next turn."""
        while not stop.is_set():
            try:
                await self.look()
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("watch waits for the database: %s", type(error).__name__)
            await set_within(stop, self._every)

    async def look(self) -> list[str]:
        """Set the gauges; the alarms raised."""
        async with self._database.transaction() as connection:
            (waiting,) = await connection.fetch(inbox.QUERIES["waiting"])
            (queue,) = await connection.fetch(outbox.QUERIES["queue"])
        for what in ("held", "parked", "parked_villages", "unroutable", "skipped"):
            WAITING.labels(what).set(waiting[what])
        UNPUBLISHED.set(queue["waiting"])
        held, unsent = self._age(waiting["oldest_held"]), self._age(queue["oldest"])
        OLDEST_HELD.set(held.total_seconds())
        OLDEST.set(unsent.total_seconds())
        alarms = []
        if held > HELD_ALARM:
            alarms.append(f"an early event is held for {held.total_seconds():.0f} s")
        if unsent > RELAY_ALARM:
            alarms.append(f"an event has not left for {unsent.total_seconds():.0f} s")
        for alarm in alarms:
            log.error("alarm: %s", alarm)
        return alarms

    def _age(self, since: datetime | None) -> timedelta:
        return timedelta(0) if since is None else max(timedelta(0), self._clock.now() - since)
