"""From the topic to the effect, over FastStream and a real Kafka."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiokafka import TopicPartition
from common.consuming import Consumer
from common.kafka import build_admin, build_broker, build_producer, service_router, subscribe
from faststream.kafka import KafkaBroker
from faststream.kafka.annotations import KafkaMessage
from support.inbox_rig import INPUTS, Rig
from support.streams import KETANON, SUKOSEWU, publish, sosialisasi, value_of
from support.waiting import eventually

pytestmark = pytest.mark.stack


def consumer_of(rig: Rig, kafka: str, prefix: str, inbox) -> Consumer:
    def build() -> KafkaBroker:
        router = service_router()

        async def on_events(message: KafkaMessage) -> None:
            await inbox.receive(message.raw_message)

        for _ in range(2):
            topics = [f"{prefix}{topic}" for topic in INPUTS]
            subscribe(router, topics, group=f"{prefix}test", title="test")(on_events)
        return build_broker(kafka, service="test", routers=[router])

    return Consumer(build)


@contextlib.asynccontextmanager
async def running(consumer: Consumer) -> AsyncIterator[Consumer]:
    stop = asyncio.Event()
    task = asyncio.create_task(consumer.run(stop))
    try:
        yield consumer
    finally:
        stop.set()
        await task


@pytest.fixture
def prefixed_inbox(rig: Rig, prefix: str):
    rig.inbox.prefix = prefix
    return rig.inbox


def events(village: str, *sequences: int) -> list[tuple[bytes, bytes]]:
    return [
        (village.encode(), value_of(sosialisasi(village), village=village, sequence=n))
        for n in sequences
    ]


async def test_what_is_published_has_its_effect(
    rig: Rig, kafka: str, prefix: str, prefixed_inbox
) -> None:
    """Bad records beside good ones stop nobody, and what was committed is not read again."""
    topic = f"{prefix}{INPUTS[0]}"
    await publish(kafka, topic, *events(KETANON, 1, 2), (KETANON.encode(), None), (None, b"x"))
    await publish(kafka, topic, *events(SUKOSEWU, 1, 2, 3))
    async with running(consumer_of(rig, kafka, prefix, prefixed_inbox)) as consumer:
        await eventually(lambda: rig.effects(SUKOSEWU), [1, 2, 3])
        await eventually(lambda: rig.effects(KETANON), [1, 2])
        await eventually(consumer.probe, None)
    calls = rig.ledger.calls
    async with running(consumer_of(rig, kafka, prefix, prefixed_inbox)):
        await publish(kafka, topic, *events(SUKOSEWU, 4))
        await eventually(lambda: rig.effects(SUKOSEWU), [1, 2, 3, 4])

    assert calls + 1 == rig.ledger.calls
    assert ["UNDECODABLE"] == await rig.reasons(KETANON)


async def test_null_and_foreign_headers_harm_nothing(
    rig: Rig, kafka: str, prefix: str, prefixed_inbox
) -> None:
    """A header that is null or not UTF-8 would make FastStream pass over the record silently."""
    async with build_producer(kafka, client="tests") as producer:
        for n, header in enumerate((None, b"\xff\xfe", b"fine"), start=1):
            key, value = events(KETANON, n)[0]
            await producer.send_and_wait(
                f"{prefix}{INPUTS[0]}", value, key=key, headers=[("odd", header)]
            )
    async with running(consumer_of(rig, kafka, prefix, prefixed_inbox)):
        await eventually(lambda: rig.effects(KETANON), [1, 2, 3])


async def test_a_failed_transaction_is_delivered_again(
    rig: Rig, kafka: str, prefix: str, prefixed_inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While Postgres stays away longer than the inbox waits, no offset is committed."""
    monkeypatch.setattr("common.inbox.PATIENCE_SECONDS", 0.2)
    down = True
    commit = rig.inbox.commit

    async def failing(*arguments, **more):
        if down:
            raise ConnectionRefusedError
        return await commit(*arguments, **more)

    monkeypatch.setattr(rig.inbox, "commit", failing)
    topic = f"{prefix}{INPUTS[0]}"
    await publish(kafka, topic, *events(KETANON, 1, 2, 3))
    async with running(consumer_of(rig, kafka, prefix, prefixed_inbox)) as consumer:
        await eventually(consumer.probe, None)
        await eventually(went_back(consumer), True)
        down = False
        await eventually(lambda: rig.effects(KETANON), [1, 2, 3])


def went_back(consumer: Consumer) -> Callable[[], Awaitable[bool]]:
    """Whether the member's position has gone back since it was first asked."""
    seen = [-1]

    async def asked() -> bool:
        seen.append(sum(consumer._positions.values(), 0))
        return 0 <= seen[-1] < max(seen)

    return asked


async def test_the_group_commits_what_it_applied(
    rig: Rig, kafka: str, prefix: str, prefixed_inbox
) -> None:
    """After the effect the group's committed offset stands at the end of the topic."""
    topic = f"{prefix}{INPUTS[0]}"
    await publish(kafka, topic, *events(KETANON, *range(1, 51)))
    async with running(consumer_of(rig, kafka, prefix, prefixed_inbox)):
        await eventually(lambda: rig.effects(KETANON), list(range(1, 51)))

        async def committed() -> int:
            admin = build_admin(kafka, client="tests")
            await admin.start()
            offsets = await admin.list_consumer_group_offsets(f"{prefix}test")
            await admin.close()
            return sum(
                offsets[TopicPartition(topic, p)].offset
                for p in range(3)
                if TopicPartition(topic, p) in offsets
            )

        await eventually(committed, 50)
