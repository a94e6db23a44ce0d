"""The relay against a real Kafka and a real Postgres."""

from __future__ import annotations

import asyncio

import msgspec
import pytest
from support.databases import ServiceUrls
from support.streams import KETANON, SUKOSEWU, all_records, sosialisasi
from support.waiting import eventually

from common.clock import Clock
from common.database import Database
from common.ids import Ids
from common.outbox import Draft, Outbox, lock_villages
from common.relay import OutboxRelay

pytestmark = pytest.mark.stack
LOCK = """SELECT k AS village_key FROM unnest($1::text[]) AS k"""


async def append(database: Database, outbox: Outbox, village: str, number: int) -> None:
    async with database.transaction() as connection:
        locks = await lock_villages(connection, [village], LOCK)
        await outbox.append(
            connection, locks, [Draft(village, sosialisasi(village)) for _ in range(number)]
        )


async def test_what_is_appended_arrives_once_and_in_order(
    common_urls: ServiceUrls, kafka: str, prefix: str, clock: Clock, ids: Ids
) -> None:
    """Each village's events stand on the topic gaplessly, and the queue is empty afterwards."""
    database = await Database.open(common_urls.work, name="test")
    outbox = Outbox(clock=clock, ids=ids)
    relay = OutboxRelay(common_urls.work, kafka, prefix=prefix, service="test", read=100)
    database.on_commit(relay.wake)
    stop = asyncio.Event()
    running = asyncio.create_task(relay.run(stop))
    for _ in range(10):
        await append(database, outbox, KETANON, 37)
        await append(database, outbox, SUKOSEWU, 11)

    async def waiting() -> int:
        async with database.transaction() as connection:
            return await connection.fetchval("SELECT count(*) FROM unpublished")

    await eventually(waiting, 0)
    stop.set()
    await running
    await database.close()
    records = await all_records(kafka, [f"{prefix}registry.outreach"], partitions=3)
    sequences: dict[str, list[int]] = {}
    for record in records:
        event = msgspec.json.decode(record.value)
        assert record.key.decode() == event["subject"]
        sequences.setdefault(event["subject"], []).append(int(event["sequence"]))

    assert {
        KETANON: list(range(1, 371)),
        SUKOSEWU: list(range(1, 111)),
    } == sequences
