"""The relay beside plainer ones on the same outbox, and beside itself under an old snapshot.

`plain` is what one writes first with the same client: read, `send()` each row, await the futures,
delete. `bare` is a polling loop on librdkafka, which is the limit.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

import asyncpg
import relay_latency
from common.events import topics
from common.kafka import build_producer
from common.relay import OutboxRelay
from common.topics_admin import ensure_topics
from confluent_kafka import Producer
from figures import Figure, Gate
from filling import pages

VILLAGES = 10_000
PLAIN = Gate(1.2, 1.8)
OLD_SNAPSHOT = Gate(0.7, 0.9)
PAGE = 5_000
PLAN = "SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_seqscan = off"
READ = """SELECT u.event_id, u.village_key, e.value
FROM unpublished u JOIN events e USING (village_key, topic, sequence)
ORDER BY u.event_id LIMIT $1"""
DELETE = "DELETE FROM unpublished WHERE event_id = ANY($1::bigint[])"


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


async def bare(work: str, kafka: str, prefix: str) -> None:
    """Read, send by librdkafka, flush, delete: nothing else."""
    connection = await asyncpg.connect(work)
    await connection.execute(PLAN)
    topic = f"{prefix}{topics.REGISTRY_ENROLLMENTS}"
    producer = Producer(
        {
            "bootstrap.servers": kafka,
            "enable.idempotence": True,
            "linger.ms": 5,
            "queue.buffering.max.messages": 1_000_000,
        }
    )
    while rows := await connection.fetch(READ, PAGE):
        for row in rows:
            producer.produce(topic, row["value"], row["village_key"].encode())
        producer.flush()
        await connection.execute(DELETE, [row["event_id"] for row in rows])
    await connection.close()


async def plain(work: str, kafka: str, prefix: str) -> None:
    """Read, send by aiokafka, await the futures, delete."""
    connection = await asyncpg.connect(work)
    await connection.execute(PLAN)
    topic = f"{prefix}{topics.REGISTRY_ENROLLMENTS}"
    async with build_producer(kafka, client="plain") as producer:
        while rows := await connection.fetch(READ, PAGE):
            sent = [
                await producer.send(topic, row["value"], key=row["village_key"].encode())
                for row in rows
            ]
            await asyncio.gather(*sent)
            await connection.execute(DELETE, [row["event_id"] for row in rows])
    await connection.close()


async def ours(work: str, kafka: str, prefix: str) -> None:
    relay = OutboxRelay(work, kafka, prefix=prefix, service="bench")
    stop = asyncio.Event()
    task = asyncio.create_task(relay.run(stop))
    connection = await asyncpg.connect(work)
    while await connection.fetchval("SELECT EXISTS (SELECT FROM unpublished)"):
        await asyncio.sleep(0.05)
    stop.set()
    await task
    await connection.close()


@contextlib.asynccontextmanager
async def old_snapshot(url: str) -> AsyncIterator[None]:
    """A reader that has forgotten to end its transaction: no dead row can be removed."""
    connection = await asyncpg.connect(url)
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        await connection.fetchval("SELECT count(*) FROM unpublished")
        yield
    await connection.close()


async def rate(databases, kafka: str, count: int, relay, *, held: bool = False) -> float:
    """Events a second, on a database and topics of its own."""
    prefix = f"bench-{relay.__name__}-{time.time_ns()}."
    await ensure_topics(kafka, prefix=prefix, partitions=12)
    async with databases.fresh("common") as urls, contextlib.AsyncExitStack() as stack:
        await fill(urls.owner, count)
        if held:
            await stack.enter_async_context(old_snapshot(urls.owner))
        started = time.perf_counter()
        await relay(urls.work, kafka, prefix)
        return count / (time.perf_counter() - started)


async def measure(databases, kafka: str, count: int) -> list[Figure]:
    """Events a second of each in turn, and the latency at a steady rate."""
    plainly = await rate(databases, kafka, count, plain)
    full = await rate(databases, kafka, count, ours)
    barely = await rate(databases, kafka, count, bare)
    held = await rate(databases, kafka, count, ours, held=True)
    return [
        Figure("relay", full, "events/s", "bare librdkafka relay", barely),
        Figure("relay_beside_plain", full, "events/s", "plain aiokafka relay", plainly, PLAIN),
        Figure("relay_old_snapshot", held, "events/s", "relay without it", full, OLD_SNAPSHOT),
        *await relay_latency.measure(databases, kafka),
    ]
