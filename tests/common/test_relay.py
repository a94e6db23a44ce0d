"""The relay against a real Kafka and a real Postgres."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import asyncpg
import msgspec
import pytest
from common.clock import Clock
from common.database import Database
from common.ids import Ids
from common.kafka import build_producer
from common.outbox import Draft, Outbox, lock_villages
from common.outbox_queue import OutboxQueue
from common.relay import OutboxRelay
from common.relay_sending import PageSender
from support.databases import ServiceUrls
from support.streams import KETANON, SUKOSEWU, all_records, sosialisasi
from support.waiting import eventually

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


@contextlib.asynccontextmanager
async def carrying(relay: OutboxRelay) -> AsyncIterator[None]:
    stop = asyncio.Event()
    task = asyncio.create_task(relay.run(stop))
    try:
        yield
    finally:
        stop.set()
        await task


async def sequences_of(kafka: str, prefix: str, village: str) -> list[int]:
    records = await all_records(kafka, [f"{prefix}registry.outreach"], partitions=3)
    events = [msgspec.json.decode(record.value) for record in records]
    return [int(event["sequence"]) for event in events if event["subject"] == village]


async def test_only_one_of_two_relays_carries(
    common_urls: ServiceUrls, kafka: str, prefix: str, clock: Clock, ids: Ids
) -> None:
    """The second waits for the lock and takes over when the first ends; nothing is sent twice."""
    database = await Database.open(common_urls.work, name="test")
    outbox = Outbox(clock=clock, ids=ids)
    relays = [
        OutboxRelay(common_urls.work, kafka, prefix=prefix, service="test", read=10)
        for _ in range(2)
    ]

    async def leaders() -> int:
        return sum(relay.leading for relay in relays)

    async def waiting() -> int:
        async with database.transaction() as connection:
            return await connection.fetchval("SELECT count(*) FROM unpublished")

    async with contextlib.AsyncExitStack() as second:
        async with contextlib.AsyncExitStack() as first:
            await first.enter_async_context(carrying(relays[0]))
            await eventually(leaders, 1)
            await second.enter_async_context(carrying(relays[1]))
            await append(database, outbox, KETANON, 100)
            await eventually(waiting, 0)
            assert 1 == await leaders()
        await append(database, outbox, KETANON, 100)
        await eventually(waiting, 0)
        assert relays[1].leading
    await database.close()

    assert list(range(1, 201)) == await sequences_of(kafka, prefix, KETANON)


async def test_an_event_that_commits_late_is_not_overtaken_in_its_village(
    common_urls: ServiceUrls, kafka: str, prefix: str, clock: Clock, ids: Ids, monkeypatch
) -> None:
    """Reading ahead sees that a smaller id has come up behind it, and goes back to the front."""
    database = await Database.open(common_urls.work, name="test")
    outbox = Outbox(clock=clock, ids=ids)
    late = await asyncpg.connect(common_urls.work)
    open_transaction = late.transaction()
    await open_transaction.start()
    locks = await lock_villages(late, [KETANON], LOCK)
    await outbox.append(late, locks, [Draft(KETANON, sosialisasi())])
    await append(database, outbox, SUKOSEWU, 10)
    sent = []

    class CommitsWhileSending(PageSender):
        async def send(self, rows):
            if not sent:
                await open_transaction.commit()
                await append(database, outbox, KETANON, 9)
            sent.append([row["event_id"] for row in rows])
            return await super().send(rows)

    class ReadsAheadThen(OutboxQueue):
        async def after(self, rows, waiting=()):
            await eventually(_committed, True)
            return await super().after(rows, waiting)

    async def _committed() -> bool:
        return bool(sent)

    monkeypatch.setattr("common.relay.PageSender", CommitsWhileSending)
    monkeypatch.setattr("common.relay.OutboxQueue", ReadsAheadThen)
    relay = OutboxRelay(common_urls.work, kafka, prefix=prefix, service="test", read=10)
    async with carrying(relay):

        async def arrived() -> list[int]:
            return await sequences_of(kafka, prefix, KETANON)

        await eventually(arrived, list(range(1, 11)))
    await late.close()
    await database.close()


async def test_a_broken_batch_is_sent_again_from_the_first_row(
    common_urls: ServiceUrls, kafka: str, prefix: str, clock: Clock, ids: Ids, monkeypatch
) -> None:
    """What was not acknowledged stays in the queue: no event is lost, duplicates may be."""
    database = await Database.open(common_urls.work, name="test")
    outbox = Outbox(clock=clock, ids=ids)
    await append(database, outbox, KETANON, 30)
    failures = iter(["before", "after", "before"])

    class Fails(PageSender):
        async def send(self, rows):
            failure = next(failures, None)
            if failure == "before":
                raise ConnectionResetError
            lanes = await super().send(rows)
            if failure:
                raise ConnectionResetError
            return lanes

    monkeypatch.setattr("common.relay.PageSender", Fails)
    relay = OutboxRelay(common_urls.work, kafka, prefix=prefix, service="test", read=10)
    async with carrying(relay):

        async def arrived() -> list[int]:
            return sorted(set(await sequences_of(kafka, prefix, KETANON)))

        await eventually(arrived, list(range(1, 31)))
    await database.close()
    order = await sequences_of(kafka, prefix, KETANON)
    first_seen = list(dict.fromkeys(order))

    assert list(range(1, 31)) == first_seen


async def test_the_relay_waits_for_kafka(
    common_urls: ServiceUrls, kafka: str, prefix: str, clock: Clock, ids: Ids, monkeypatch
) -> None:
    """While no producer can be had it is asked for again; nothing leaves the queue."""
    database = await Database.open(common_urls.work, name="test")
    await append(database, Outbox(clock=clock, ids=ids), KETANON, 3)
    tries = []

    def down_twice(bootstrap: str, *, client: str):
        tries.append(client)
        return build_producer("127.0.0.1:1" if len(tries) <= 2 else bootstrap, client=client)

    monkeypatch.setattr("common.relay.build_producer", down_twice)
    relay = OutboxRelay(common_urls.work, kafka, prefix=prefix, service="test")
    async with carrying(relay):

        async def arrived() -> list[int]:
            return await sequences_of(kafka, prefix, KETANON)

        await eventually(arrived, [1, 2, 3])
    await database.close()

    assert 3 == len(tries)
