"""The relay beside a bare polling loop on librdkafka: both drain the same outbox."""

from __future__ import annotations

import asyncio
import time

import asyncpg
from common.events import topics
from common.outbox import QUERIES
from common.relay import OutboxRelay
from common.topics_admin import ensure_topics
from confluent_kafka import Producer
from figures import Figure
from filling import pages

VILLAGES = 10_000


async def fill(owner: str, count: int) -> None:
    """`count` events in the outbox, as COPY leaves them."""
    connection = await asyncpg.connect(owner)
    n = 0
    for page in pages(count, VILLAGES, 20_000):
        async with connection.transaction():
            await connection.copy_records_to_table(
                "events",
                records=[
                    (
                        n + i,
                        event[2],
                        event[0],
                        topics.REGISTRY_ENROLLMENTS,
                        event[1],
                        event[3],
                        event[4],
                    )
                    for i, event in enumerate(page, start=1)
                ],
            )
            await connection.copy_records_to_table(
                "unpublished",
                records=[
                    (n + i, event[0], topics.REGISTRY_ENROLLMENTS, event[1], event[3])
                    for i, event in enumerate(page, start=1)
                ],
            )
        n += len(page)
    await connection.execute("ANALYZE")
    await connection.close()


async def bare(work: str, kafka: str, topic: str) -> None:
    """Read, send by librdkafka, flush, delete: nothing else."""
    connection = await asyncpg.connect(work)
    await connection.execute(
        "SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_seqscan = off"
    )
    producer = Producer(
        {
            "bootstrap.servers": kafka,
            "enable.idempotence": True,
            "linger.ms": 5,
            "queue.buffering.max.messages": 1_000_000,
        }
    )
    while rows := await connection.fetch(QUERIES["front"], 5_000):
        for row in rows:
            producer.produce(topic, row["value"], row["village_key"].encode())
        producer.flush()
        await connection.execute(QUERIES["published"], [row["event_id"] for row in rows])
    await connection.close()


async def ours(work: str, kafka: str, prefix: str) -> None:
    relay = OutboxRelay(work, kafka, prefix=prefix, service="bench")
    stop = asyncio.Event()
    task = asyncio.create_task(relay.run(stop))
    connection = await asyncpg.connect(work)
    while await connection.fetchval("SELECT EXISTS (SELECT FROM unpublished)"):
        await asyncio.sleep(0.02)
    stop.set()
    await task
    await connection.close()


async def measure(databases, kafka: str, count: int) -> list[Figure]:
    """Events a second of both, each on a database and topics of its own."""
    rates = {}
    for name in ("bare", "ours"):
        prefix = f"bench-{name}-{time.time_ns()}."
        await ensure_topics(kafka, prefix=prefix, partitions=12)
        async with databases.fresh("common") as urls:
            await fill(urls.owner, count)
            started = time.perf_counter()
            if name == "bare":
                await bare(urls.work, kafka, f"{prefix}{topics.REGISTRY_ENROLLMENTS}")
            else:
                await ours(urls.work, kafka, prefix)
            rates[name] = count / (time.perf_counter() - started)
    return [Figure("relay", rates["ours"], "events/s", "bare librdkafka relay", rates["bare"])]
