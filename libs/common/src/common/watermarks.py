"""Watermarks: up to which moment all facts of the registry are on its topics."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition

from common.clock import Clock
from common.database import Database, is_transient
from common.events import topics
from common.events.topics import prefixed
from common.kafka import build_consumer, build_producer, is_kafka_down
from common.outbox import QUERIES
from common.process import Backoff
from common.waiting import set_within, stop_within, until_set

EVERY_SECONDS = 10.0
START_SECONDS = 20.0
STOP_SECONDS = 5.0
MARGIN = timedelta(seconds=45)
"""A writing transaction is cut after 30 s; the rest is for clocks of two hosts that differ."""

log = logging.getLogger(__name__)


class Watermark(msgspec.Struct, frozen=True):
    """Every event with a time before `time` stands before `ends` on its topic."""

    time: datetime
    ends: dict[str, list[int]]
    """Unprefixed topic -> the next offset of each of its partitions."""


class WatermarkWriter:
    """Writes a watermark every 10 s while this process leads the relay."""

    def __init__(
        self,
        database: Database,
        bootstrap: str,
        *,
        clock: Clock,
        inputs: Sequence[str],
        partitions: int,
        leading: Callable[[], bool],
        prefix: str = "",
        every: float = EVERY_SECONDS,
    ) -> None:
        self._database = database
        self._bootstrap = bootstrap
        self._clock = clock
        self._inputs = inputs
        self._partitions = partitions
        self._leading = leading
        self._prefix = prefix
        self._every = every

    async def run(self, stop: asyncio.Event) -> None:
        """Write until `stop`; infrastructure failures are waited out with back-off."""
        backoff = Backoff()
        while not stop.is_set():
            try:
                await until_set(stop, self._write_until(stop, backoff))
            except Exception as error:
                if not (is_transient(error) or is_kafka_down(error)):
                    raise
                log.warning("watermarks interrupted: %s: %s", type(error).__name__, error)
            await backoff.wait(stop)

    async def _write_until(self, stop: asyncio.Event, backoff: Backoff) -> None:
        producer = build_producer(self._bootstrap, client="watermarks")
        reader = build_consumer(self._bootstrap, client="watermarks")
        try:
            async with asyncio.timeout(START_SECONDS):
                await producer.start()
                await reader.start()
            while not stop.is_set():
                if self._leading():
                    mark = await self.measure(reader)
                    await producer.send_and_wait(
                        prefixed(self._prefix, topics.REGISTRY_WATERMARKS),
                        msgspec.json.encode(mark),
                        key=b"registry",
                    )
                    backoff.reset()
                await set_within(stop, self._every)
        finally:  # also when one of them did not start: aiokafka leaves its tasks behind
            await stop_within(STOP_SECONDS, producer.stop(), reader.stop())

    async def measure(self, reader: AIOKafkaConsumer) -> Watermark:
        """The moment first, the end offsets after it: a watermark never promises too much."""
        latest = self._clock.now() - MARGIN
        async with self._database.transaction() as connection:
            oldest = await connection.fetchval(QUERIES["oldest_time"])
        ends: dict[str, list[int]] = {}
        for topic in self._inputs:
            name = prefixed(self._prefix, topic)
            places = [TopicPartition(name, p) for p in range(self._partitions)]
            found = await reader.end_offsets(places)
            ends[topic] = [found[place] for place in places]
        return Watermark(min(latest, oldest) if oldest else latest, ends)
