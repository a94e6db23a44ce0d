"""Reconciling one service: all its comparisons, by command and once a night."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from prometheus_client import Gauge

from common.clock import ZONES, Clock, midnight
from common.database import Database, is_transient
from common.differences import Differences, Place
from common.events.words import TimeZone
from common.kafka import is_kafka_down
from common.process import Backoff
from common.reconcile_published import OpenTopics, Published
from common.settings import ServiceSettings
from common.stream_counters import QUERIES
from common.topic_streams import Telling, open_topics, silent
from common.waiting import set_within, until_set

HOUR = timedelta(hours=2)
"""Local time in the west, when few people write."""
LOOK_SECONDS = 20.0
FIRST_WAIT, LAST_WAIT = 30.0, 900.0
ALARMS = 20
"""Differences that the log names; the command names them all."""

DIFFERENCES = Gauge("reconcile_differences", "What the last reconcile found to differ", ["place"])
LAST = Gauge("reconcile_last_seconds", "When the last reconcile was done, in Unix seconds")

log = structlog.get_logger(__name__)


class Check(Protocol):
    """One comparison of a service with what it can see."""

    async def check(self, found: Differences, tell: Telling = silent) -> None:
        """Compare; differences go to `found`."""


@dataclass(frozen=True, slots=True)
class Reconciler:
    """All comparisons of one service."""

    service: str
    published: Published
    others: Sequence[Check] = ()

    async def differences(self, tell: Telling = silent) -> Differences:
        """Compare everything; raises what a database, Kafka or a producer that is away raises."""
        found = Differences()
        for check in (self.published, *self.others):
            await check.check(found, tell)
        for place in Place:
            DIFFERENCES.labels(place).set(found.counts[place])
        if not found.undone:
            LAST.set(time.time())
        return found


def topics_of(settings: ServiceSettings, service: str) -> OpenTopics:
    """What opens the topics that the settings name."""
    return lambda: open_topics(
        settings.kafka,
        partitions=settings.topic_partitions,
        prefix=settings.topic_prefix,
        client=f"{service}-reconcile",
    )


def due_before(now: datetime) -> datetime:
    """The last 02:00 in Jakarta that has come."""
    today = midnight(now.astimezone(ZONES[TimeZone.WIB]).date(), TimeZone.WIB) + HOUR
    return today if today <= now else today - timedelta(days=1)


class Nightly:
    """Reconciles once a night in the process whose relay leads; a part."""

    def __init__(
        self,
        reconciler: Reconciler,
        database: Database,
        clock: Clock,
        *,
        leading: Callable[[], bool],
        every: float = LOOK_SECONDS,
        backoff: Backoff | None = None,
    ) -> None:
        self._reconciler = reconciler
        self._database = database
        self._clock = clock
        self._leading = leading
        self._every = every
        self._backoff = backoff or Backoff(FIRST_WAIT, LAST_WAIT)
        self._since: datetime | None = None
        """A new system waits for its first night."""

    async def run(self, stop: asyncio.Event) -> None:
        """Reconcile each night until `stop`; what cannot be compared is tried again later."""
        while not stop.is_set():
            try:
                await until_set(stop, self.once())
            except Exception as error:
                if not (is_transient(error) or is_kafka_down(error)):
                    raise
                log.warning("reconcile_waits", reason=f"{type(error).__name__}: {error}")
                await self._backoff.wait(stop)
            else:
                await set_within(stop, self._every)

    async def once(self) -> None:
        """Reconcile if it is due and was not done; raises NotCompared."""
        due = due_before(self._clock.now())
        self._since = self._since or due
        if not self._leading() or due <= (await self._last() or self._since):
            return
        found = await self._reconciler.differences()
        if found.again:
            raise NotCompared("; ".join(found.undone))
        for line in list(found.lines())[:ALARMS]:
            log.error("alarm: reconcile", difference=line)
        async with self._database.transaction() as connection:
            await connection.execute(
                QUERIES["night_done"], self._reconciler.service, due, self._clock.now()
            )
        self._backoff.reset()
        log.info("reconciled", differences=found.total)

    async def _last(self) -> datetime | None:
        async with self._database.transaction() as connection:
            last: datetime | None = await connection.fetchval(
                QUERIES["last_night"], self._reconciler.service
            )
        return last


class NotCompared(OSError):
    """A consumer is too far behind to be compared now."""
