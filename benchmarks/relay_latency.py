"""From a commit to what a consumer sees, at 200 events a second, beside a bare polling relay.

The bare one reads every 5 ms and sends by librdkafka: nothing is decided, deleted rows are
not waited for.
"""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import threading
import time
from collections.abc import AsyncIterator
from typing import Self

import asyncpg
from common.clock import Clock
from common.database import Database
from common.events import topics
from common.events.registry import SosialisasiHeld
from common.ids import Ids
from common.outbox import Draft, Outbox, lock_villages
from common.process import gc_tuning
from common.relay import OutboxRelay
from common.topics_admin import ensure_topics
from confluent_kafka import Consumer, Producer, TopicPartition
from figures import Figure, Gate
from filling import village

RATE = 200
SECONDS = 15
P99 = Gate(25, 10, at_most=True, of="value")
PARTITIONS = 12
LOCK = "SELECT k AS village_key FROM unnest($1::text[]) AS k"
READ = """SELECT u.event_id, u.village_key, e.value
FROM unpublished u JOIN events e USING (village_key, topic, sequence)
ORDER BY u.event_id LIMIT 500"""


class Seen:
    """When each event of a topic was seen, by a reader in a thread of its own."""

    def __init__(self, kafka: str, topic: str) -> None:
        self.at: dict[tuple[bytes, bytes], float] = {}
        self._stop = threading.Event()
        self._consumer = Consumer({"bootstrap.servers": kafka, "group.id": f"seen-{topic}"})
        self._consumer.assign([TopicPartition(topic, p, 0) for p in range(PARTITIONS)])
        self._thread = threading.Thread(target=self._read)

    def _read(self) -> None:
        while not self._stop.is_set():
            message = self._consumer.poll(0.1)
            if message is not None and not message.error():
                now = time.perf_counter()
                self.at[message.key(), sequence_of(message.value())] = now
        self._consumer.close()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()


def sequence_of(value: bytes) -> bytes:
    start = value.index(b'"sequence":"') + 12
    return value[start : start + 10]


@contextlib.asynccontextmanager
async def ours(database: Database, work: str, kafka: str, prefix: str) -> AsyncIterator[None]:
    relay = OutboxRelay(work, kafka, prefix=prefix, service="bench")
    database.on_commit(relay.wake)
    stop = asyncio.Event()
    task = asyncio.create_task(relay.run(stop))
    while not relay.leading:
        await asyncio.sleep(0.02)
    yield
    stop.set()
    await task


@contextlib.asynccontextmanager
async def bare(_: Database, work: str, kafka: str, prefix: str) -> AsyncIterator[None]:
    connection = await asyncpg.connect(work)
    await connection.execute("SET synchronous_commit = off; SET enable_seqscan = off")
    producer = Producer({"bootstrap.servers": kafka, "enable.idempotence": True, "linger.ms": 0})
    stop = asyncio.Event()

    async def carry() -> None:
        while not stop.is_set():
            rows = await connection.fetch(READ)
            for row in rows:
                producer.produce(
                    f"{prefix}{topics.REGISTRY_OUTREACH}", row["value"], row["village_key"].encode()
                )
            if rows:
                await asyncio.to_thread(producer.flush)
                ids = [row["event_id"] for row in rows]
                await connection.execute("DELETE FROM unpublished WHERE event_id = ANY($1)", ids)
            else:
                await asyncio.sleep(0.005)

    task = asyncio.create_task(carry())
    yield
    stop.set()
    await task
    await connection.close()


async def delays(databases, kafka: str, relay) -> list[float]:
    """Milliseconds from each commit to its sight."""
    prefix = f"bench-wait-{relay.__name__}-{time.time_ns()}."
    await ensure_topics(kafka, prefix=prefix, partitions=PARTITIONS)
    outbox, committed = Outbox(clock=Clock(), ids=Ids()), {}
    async with databases.fresh("common") as urls:
        database = await Database.open(urls.app, name="bench")

        async def write(number: int) -> None:
            key = village(number)  # each its own: nobody waits for a lock
            draft = Draft(key, held(key))
            async with database.transaction() as connection:
                locks = await lock_villages(connection, [key], LOCK)
                (event,) = await outbox.append(connection, locks, [draft])
            committed[key.encode(), f"{event.sequence:010d}".encode()] = time.perf_counter()

        gc_tuning()  # as every service's process is
        with Seen(kafka, f"{prefix}{topics.REGISTRY_OUTREACH}") as seen:
            async with relay(database, urls.work, kafka, prefix):
                first = time.perf_counter()
                async with asyncio.TaskGroup() as group:
                    for number in range(RATE * SECONDS):
                        await asyncio.sleep(max(0.0, first + number / RATE - time.perf_counter()))
                        group.create_task(write(number))
                while len(seen.at) < len(committed):
                    await asyncio.sleep(0.02)
        await database.close()
    settled = sorted(committed, key=committed.get)[2 * RATE :]  # the first two seconds warm up
    return [1000 * max(0.0, seen.at[event] - committed[event]) for event in settled]


def held(key: str) -> SosialisasiHeld:
    return SosialisasiHeld(
        effective_on=Clock().now().date(),
        village_code=key,
        sosialisasi_id=Ids().random(),
        organiser="BRANCH_OFFICE",
    )


async def measure(databases, kafka: str) -> list[Figure]:
    """The median and the 99th percentile of both."""
    beside = statistics.quantiles(await delays(databases, kafka, bare), n=100)
    mine = statistics.quantiles(await delays(databases, kafka, ours), n=100)
    return [
        Figure(f"relay_p{p}_ms", mine[p - 1], "ms", "bare polling relay", beside[p - 1], gate)
        for p, gate in ((50, None), (99, P99))
    ]
