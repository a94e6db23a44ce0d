"""From the topics of a real Kafka to the villages, and until when they are settled."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import uuid4

import msgspec
from aiokafka import TopicPartition
from common.consuming import Consumer
from common.database import Database
from common.events import topics
from common.events.topics import prefixed
from common.inbox import Inbox
from common.kafka import HEADERS, build_broker, build_consumer, build_producer
from common.sealing import Sealer
from common.watermarks import Watermark
from eligibility.application import Certification
from eligibility.consumers import GROUP, INPUTS, registry_router
from eligibility.settling import Settling
from support.programme import Registry, SteadyClock, activated, fetch, staffed
from support.streams import KETANON, Record, publish
from support.waiting import eventually


@asynccontextmanager
async def running(*runs: Callable[[asyncio.Event], Awaitable[None]]) -> AsyncIterator[None]:
    """Loops that run meanwhile and are asked to stop afterwards."""
    stop = asyncio.Event()
    tasks = [asyncio.create_task(run(stop)) for run in runs]
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(asyncio.gather(*tasks), 20)


async def send(kafka: str, prefix: str, records: list[Record]) -> None:
    async with build_producer(kafka, client="tests") as producer:
        for record in records:
            await producer.send(
                prefixed(prefix, record.topic), record.value, key=record.key, headers=list(HEADERS)
            )


def consumer_of(
    work: Database, certification: Certification, clock: SteadyClock, kafka: str, prefix: str
) -> Consumer:
    inbox = Inbox(
        work,
        inputs=INPUTS,
        effect=certification,
        clock=clock,
        sealer=Sealer(bytes(32)),
        prefix=prefix,
    )
    return Consumer(
        lambda: build_broker(
            kafka, service="eligibility", routers=[registry_router(inbox, prefix=prefix)]
        )
    )


async def test_from_the_topics_to_a_decision(
    *, kafka: str, prefix: str, certification, work: Database, registry: Registry, clock
):
    """What the registry published is heard by the two subscribers and decided once."""
    posts, terms = [uuid4() for _ in range(9)], [uuid4() for _ in range(9)]
    records = [*staffed(registry, posts, terms), *registry.tell(*(activated() for _ in range(50)))]
    consumer = consumer_of(work, certification, clock, kafka, prefix)

    async def face() -> list[tuple[str, int]]:
        rows = await fetch(work, "SELECT eligibility, persons FROM villages")
        return [tuple(row) for row in rows]

    async with running(consumer.run):
        await send(kafka, prefix, records)
        await eventually(face, [("ELIGIBLE", 50)], within=40)


async def test_a_watermark_settles_when_its_offsets_are_passed(
    *, kafka: str, prefix: str, certification, work: Database, registry: Registry, clock, api
):
    """`settled` becomes true after the group has passed the offsets of a later watermark."""
    records = registry.tell(*(activated() for _ in range(3)))
    records = [*staffed(registry, [uuid4()], [uuid4()]), *records]
    await send(kafka, prefix, records)
    ends = await ends_of(kafka, prefix)
    reached = Watermark(registry.time + timedelta(minutes=1), ends)
    ahead = Watermark(
        registry.time + timedelta(minutes=2),
        {topic: [n + 1 for n in some] for topic, some in ends.items()},
    )
    settling = Settling(certification, kafka, group=prefixed(prefix, GROUP), prefix=prefix)
    consumer = consumer_of(work, certification, clock, kafka, prefix)
    client = await api("eligibility:read")

    async def settled() -> bool | None:
        answer = await client.get(f"/villages/{KETANON}")
        return answer.json().get("settled")

    async with running(consumer.run, settling.run):
        await eventually(settled, False, within=40)
        for mark in (reached, ahead):
            await publish(
                kafka,
                prefixed(prefix, topics.REGISTRY_WATERMARKS),
                (b"registry", msgspec.json.encode(mark)),
            )
        await eventually(settled, True, within=40)

    assert [reached.time] == [row[0] for row in await fetch(work, "SELECT settled_at FROM settled")]


async def ends_of(kafka: str, prefix: str) -> dict[str, list[int]]:
    places = [TopicPartition(prefixed(prefix, topic), p) for topic in INPUTS for p in range(3)]
    async with build_consumer(kafka, client="tests") as reader:
        reader.assign(places)
        found = await reader.end_offsets(places)
    return {
        topic: [found[TopicPartition(prefixed(prefix, topic), p)] for p in range(3)]
        for topic in INPUTS
    }
