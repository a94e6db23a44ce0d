"""The relay: one leader carries the outbox to Kafka, oldest first."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import asyncpg
from aiokafka import AIOKafkaProducer
from aiokafka.partitioner import murmur2
from aiokafka.producer.message_accumulator import BatchBuilder
from prometheus_client import Counter, Gauge

from common.database import connect, is_transient
from common.events.topics import prefixed
from common.kafka import HEADERS, build_producer, is_kafka_down
from common.outbox import QUERIES
from common.process import Backoff
from common.waiting import first_set, set_within, stop_within, until_set

LEADER_LOCK = 0x7265_6C61
READ = 5_000
"""Rows a round carries; the next round is read while these are on their way."""
POLL_SECONDS = 0.05
STOP_SECONDS = 5.0
SEND_SECONDS = 20.0

RELAYED = Counter("relay_events_total", "Events acknowledged by the broker")
LEADING = Gauge("relay_leading", "1 while this process carries the outbox")

log = logging.getLogger(__name__)

Row = asyncpg.Record
# Hash and merge joins scan all sixteen partitions of `events` for a page of the queue.
PLAN = "SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_seqscan = off"


class OutboxRelay:
    """Reads `unpublished` in id order, sends, and deletes what the broker acknowledged.

    The connection that holds the leader's lock also reads and deletes, so a leader that lost its
    lock can delete nothing. On any error it sends nothing more and starts again from the first row:
    records that still left are duplicates, which the consumers' marks absorb.
    """

    def __init__(
        self,
        work_url: str,
        bootstrap: str,
        *,
        prefix: str = "",
        service: str,
        read: int = READ,
    ) -> None:
        self._url = work_url
        self._bootstrap = bootstrap
        self._prefix = prefix
        self._service = service
        self._read = read
        self._wake = asyncio.Event()
        self._partitions: dict[str, int] = {}
        self._keys: dict[tuple[str, int], int] = {}
        self.leading = False

    @property
    def wake(self) -> Callable[[], None]:
        """Call it after a commit: rows may be waiting."""
        return self._wake.set

    async def run(self, stop: asyncio.Event) -> None:
        """Carry until `stop`; infrastructure failures are waited out with back-off."""
        backoff = Backoff()
        while not stop.is_set():
            try:
                await until_set(stop, self._lead(stop, backoff))
            except Exception as error:
                if not (is_transient(error) or is_kafka_down(error)):
                    raise
                log.warning("relay interrupted: %s: %s", type(error).__name__, error)
            await backoff.wait(stop)

    async def _lead(self, stop: asyncio.Event, backoff: Backoff) -> None:
        """One term as leader: the lock's connection and one producer, both ended together."""
        connection = await connect(self._url, name=f"{self._service}-relay")
        try:
            while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", LEADER_LOCK):
                if await set_within(stop, 1.0):
                    return
            await connection.execute(PLAN)
            producer = build_producer(self._bootstrap, client=f"{self._service}-relay")
            try:
                await asyncio.wait_for(producer.start(), SEND_SECONDS)
                self.leading = True
                LEADING.set(1)
                await self._carry(connection, producer, stop, backoff)
            finally:
                self.leading = False
                LEADING.set(0)
                await stop_within(STOP_SECONDS, producer.stop())
        finally:
            connection.terminate()

    async def _carry(
        self,
        connection: asyncpg.Connection[Any],
        producer: AIOKafkaProducer,
        stop: asyncio.Event,
        backoff: Backoff,
    ) -> None:
        rows: Sequence[Row] = await connection.fetch(QUERIES["front"], self._read)
        while not stop.is_set():
            if not rows:
                self._wake.clear()
                rows = await connection.fetch(QUERIES["front"], self._read)
                if not rows:
                    await first_set(POLL_SECONDS, self._wake, stop)
                    rows = await connection.fetch(QUERIES["front"], self._read)
                continue
            sending = asyncio.create_task(self._send(producer, rows), name="relay-send")
            try:
                ahead = await self._ahead(connection, rows)
            finally:
                await sending
            await connection.execute(QUERIES["published"], [row["event_id"] for row in rows])
            backoff.reset()
            RELAYED.inc(len(rows))
            rows = ahead or await connection.fetch(QUERIES["front"], self._read)

    async def _ahead(
        self, connection: asyncpg.Connection[Any], rows: Sequence[Row]
    ) -> Sequence[Row]:
        """The next page, read while the last is on its way; empty: read the front again.

        A row committed late has a smaller id than the page's last. It is seen by the count of the
        same snapshot, and then nothing behind it may leave before it.
        """
        if len(rows) < self._read:
            return ()
        last = rows[-1]["event_id"]
        ahead = await connection.fetch(QUERIES["after"], self._read, last)
        if not ahead or ahead[0]["behind"] != len(rows):
            return ()
        return ahead

    async def _send(self, producer: AIOKafkaProducer, rows: Sequence[Row]) -> None:
        """Send a page, one batch after another per partition; raises on the first failure."""
        async with asyncio.timeout(SEND_SECONDS):
            futures = [
                await producer.send_batch(batch, topic, partition=partition)
                for topic, partition, batch in self._batches(
                    producer, rows, await self._counts(producer, rows)
                )
            ]
            await asyncio.gather(*futures)

    async def _counts(self, producer: AIOKafkaProducer, rows: Sequence[Row]) -> dict[str, int]:
        for topic in {row["topic"] for row in rows} - self._partitions.keys():
            found = await producer.partitions_for(prefixed(self._prefix, topic))
            self._partitions[topic] = len(found)
        return self._partitions

    def _batches(
        self, producer: AIOKafkaProducer, rows: Sequence[Row], counts: dict[str, int]
    ) -> Iterator[tuple[str, int, BatchBuilder]]:
        """The page as full batches per topic and partition, in the order of the rows."""
        open_batches: dict[tuple[str, int], BatchBuilder] = {}
        for _, key, topic, value in ((r[0], r[1], r[2], r[3]) for r in rows):
            place = (topic, self._partition(key, counts[topic]))
            batch = open_batches.get(place)
            if batch is None:
                batch = open_batches[place] = producer.create_batch()
            encoded = key.encode()
            if batch.append(key=encoded, value=value, timestamp=None, headers=HEADERS) is None:
                batch.close()
                yield prefixed(self._prefix, topic), place[1], batch
                batch = open_batches[place] = producer.create_batch()
                batch.append(key=encoded, value=value, timestamp=None, headers=HEADERS)
        for (topic, partition), batch in open_batches.items():
            batch.close()
            yield prefixed(self._prefix, topic), partition, batch

    def _partition(self, key: str, count: int) -> int:
        """Kafka's default partitioner, each key hashed once."""
        place = (key, count)
        if (partition := self._keys.get(place)) is None:
            partition = self._keys[place] = (murmur2(key.encode()) & 0x7FFFFFFF) % count
        return partition
