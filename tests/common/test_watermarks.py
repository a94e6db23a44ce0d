"""Watermarks against a real Kafka: they never promise more than is on the topics."""

from __future__ import annotations

import asyncio

import msgspec
import pytest
from common.clock import Clock
from common.database import Database
from common.events import topics
from common.ids import Ids
from common.kafka import build_consumer, build_producer
from common.outbox import Draft, Outbox, lock_villages
from common.watermarks import MARGIN, Watermark, WatermarkWriter
from support.databases import ServiceUrls
from support.streams import KETANON, all_records, publish, sosialisasi
from support.waiting import eventually

pytestmark = pytest.mark.stack
INPUTS = (topics.REGISTRY_VILLAGES, topics.REGISTRY_OUTREACH)


def writer(database: Database, kafka: str, prefix: str, **more) -> WatermarkWriter:
    return WatermarkWriter(
        database,
        kafka,
        clock=Clock(),
        inputs=INPUTS,
        partitions=3,
        prefix=prefix,
        **{"leading": lambda: True, "every": 0.05} | more,
    )


async def marks(kafka: str, prefix: str) -> list[Watermark]:
    records = await all_records(kafka, [f"{prefix}{topics.REGISTRY_WATERMARKS}"], partitions=1)
    return [msgspec.json.decode(record.value, type=Watermark) for record in records]


async def test_an_unpublished_event_holds_the_watermark_back(
    common_urls: ServiceUrls, kafka: str, prefix: str, ids: Ids
) -> None:
    """T is not later than the oldest event that waits, nor than half a minute ago."""
    database = await Database.open(common_urls.work, name="test")
    reader = build_consumer(kafka, client="tests")
    await reader.start()
    await publish(kafka, f"{prefix}{topics.REGISTRY_OUTREACH}", (KETANON.encode(), b"1"))
    before = Clock().now()
    free = await writer(database, kafka, prefix).measure(reader)
    async with database.transaction() as connection:
        locks = await lock_villages(
            connection, [KETANON], "SELECT k AS village_key FROM unnest($1::text[]) AS k"
        )
        past = Clock()
        past.now = lambda: before - 2 * MARGIN
        await Outbox(clock=past, ids=ids).append(connection, locks, [Draft(KETANON, sosialisasi())])
    held = await writer(database, kafka, prefix).measure(reader)
    await reader.stop()
    await database.close()

    assert before - MARGIN <= free.time <= Clock().now() - MARGIN
    assert before - 2 * MARGIN == held.time
    assert {"registry.villages": [0, 0, 0]}.items() <= free.ends.items()
    assert 1 == sum(free.ends["registry.outreach"])


async def test_only_the_leader_writes(common_urls: ServiceUrls, kafka: str, prefix: str) -> None:
    """A process that does not lead the relay says nothing."""
    database = await Database.open(common_urls.work, name="test")
    leading = False
    stop = asyncio.Event()
    task = asyncio.create_task(writer(database, kafka, prefix, leading=lambda: leading).run(stop))

    async def written() -> bool:
        return bool(await marks(kafka, prefix))

    for _ in range(3):
        assert not await written()
    leading = True
    await eventually(written, True)
    stop.set()
    await task
    await database.close()


async def test_it_waits_for_kafka_and_leaves_nothing_open(
    common_urls: ServiceUrls, kafka: str, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each failed start is cleaned up; an unclosed client would be a warning, hence a failure."""
    database = await Database.open(common_urls.work, name="test")
    tries = []

    def down_twice(bootstrap: str, *, client: str):
        tries.append(client)
        return build_producer("127.0.0.1:1" if len(tries) <= 2 else bootstrap, client=client)

    monkeypatch.setattr("common.watermarks.build_producer", down_twice)
    stop = asyncio.Event()
    task = asyncio.create_task(writer(database, kafka, prefix).run(stop))

    async def written() -> bool:
        return bool(await marks(kafka, prefix))

    await eventually(written, True)
    stop.set()
    await task
    await database.close()

    assert 3 == len(tries)
