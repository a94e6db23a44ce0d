"""The floor under the queue: no event that commits late is missed."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from common.database import Database
from common.outbox import QUERIES
from common.outbox_queue import SETTINGS, OutboxQueue
from support.databases import ServiceUrls
from support.relay_rig import Appending, emptied, rises
from support.streams import KETANON, SUKOSEWU
from support.waiting import eventually


@pytest.fixture
async def database(common_urls: ServiceUrls) -> AsyncIterator[Database]:
    opened = await Database.open(common_urls.work, name="test")
    yield opened
    await opened.close()


@pytest.fixture
async def leader(common_urls: ServiceUrls) -> AsyncIterator[asyncpg.Connection[Any]]:
    """The connection on which a relay reads and deletes."""
    connection = await asyncpg.connect(common_urls.work)
    await connection.execute(SETTINGS)
    yield connection
    await connection.close()


@pytest.fixture
def append(database: Database) -> Appending:
    return Appending(database)


@pytest.fixture
async def another(common_urls: ServiceUrls) -> AsyncIterator[asyncpg.Connection[Any]]:
    """A writer whose transaction the test ends when it likes."""
    connection = await asyncpg.connect(common_urls.work)
    yield connection
    await connection.close()


@pytest.fixture(autouse=True)
def _no_full_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the floor hides stays hidden: nothing but the floor is tested."""
    monkeypatch.setattr("common.outbox_queue.FULL_READ_LEAST", 3600.0)


async def test_the_floor_waits_for_a_writer_that_holds_an_id(
    leader: asyncpg.Connection[Any], append: Appending, another: asyncpg.Connection[Any]
) -> None:
    """An event that commits after all behind it were sent and deleted is read all the same."""
    queue = OutboxQueue(leader, page=4)
    late = another.transaction()
    await late.start()
    await append.within(another, KETANON)
    await append(SUKOSEWU, 10)
    for _ in range(3):
        await emptied(queue)
        assert 0 == queue.floor
    await late.commit()
    rows = await queue.front()

    assert [KETANON] == [row["village_key"] for row in rows]
    await queue.delete([row["event_id"] for row in rows])
    await rises(queue, 11)


async def test_the_floor_waits_for_the_youngest_transaction_too(
    common_urls: ServiceUrls,
    leader: asyncpg.Connection[Any],
    append: Appending,
    another: asyncpg.Connection[Any],
) -> None:
    """Who drew the smaller id may be the younger, and younger than all that have ended by then."""
    elder = await asyncpg.connect(common_urls.work)
    for _ in range(10):  # one that ends meanwhile, in any database, hides what is tested here
        queue = OutboxQueue(leader, page=4)
        first, second = elder.transaction(), another.transaction()
        await first.start()
        await elder.fetchval("SELECT pg_current_xact_id()::text")
        await second.start()
        await append.within(another, KETANON)
        await append.within(elder, SUKOSEWU)
        await first.commit()
        assert 1 == len(await emptied(queue))
        assert [] == await emptied(queue)
        assert 0 == queue.floor
        await second.commit()
        assert 1 == len(await emptied(queue))
    await elder.close()


async def test_the_floor_passes_younger_writers(
    leader: asyncpg.Connection[Any], append: Appending, another: asyncpg.Connection[Any]
) -> None:
    """One that began after the deletion holds larger ids only: it does not hold the floor."""
    queue = OutboxQueue(leader, page=4)
    await append(SUKOSEWU, 10)
    await emptied(queue)
    young = another.transaction()
    await young.start()
    await append.within(another, KETANON)
    await rises(queue, 10)
    await append(SUKOSEWU, 3)
    assert [12, 13, 14] == await emptied(queue)
    for _ in range(3):
        assert [] == await emptied(queue)
        assert 10 == queue.floor
    await young.commit()

    assert [11] == await emptied(queue)


async def test_a_village_that_waits_holds_the_floor(
    leader: asyncpg.Connection[Any], append: Appending
) -> None:
    """Its rows are passed over for now, and are there when it is asked for again."""
    queue = OutboxQueue(leader, page=4)
    await append(KETANON, 2)
    await append(SUKOSEWU, 10)
    for _ in range(5):
        rows = await queue.front([KETANON])
        await queue.after(rows, [KETANON])
        await queue.delete([row["event_id"] for row in rows])
    assert 0 == queue.floor

    assert [1, 2] == await emptied(queue)


async def test_a_row_put_under_the_floor_is_found(
    leader: asyncpg.Connection[Any], append: Appending, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An event that is queued again under its old id is late by a second and not lost."""
    monkeypatch.setattr("common.outbox_queue.FULL_READ_LEAST", 1.0)
    queue = OutboxQueue(leader, page=4)
    await append(KETANON, 10)
    await emptied(queue)
    await rises(queue, 10)
    await leader.execute(
        "INSERT INTO unpublished SELECT event_id, village_key, topic, sequence, time FROM events"
        " WHERE event_id = 5"
    )

    await eventually(lambda: emptied(queue), [5])


async def test_an_id_is_drawn_by_a_transaction_that_has_its_own(
    common_urls: ServiceUrls, database: Database, append: Appending, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a caller did before: the floor knows all who hold ids by their transactions."""
    owner = await asyncpg.connect(common_urls.owner)
    await owner.execute(
        """CREATE FUNCTION drawn() RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$ BEGIN
            IF pg_current_xact_id_if_assigned() IS NULL THEN RAISE 'without an id'; END IF;
            RETURN nextval('event_ids'); END $$"""
    )
    await owner.close()
    statement = QUERIES["append"].replace("nextval('event_ids')", "drawn()")
    monkeypatch.setattr("common.outbox.QUERIES", {**QUERIES, "append": statement})
    await append(KETANON, 3)

    assert 3 == await append.waiting()


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_writers_that_commit_in_any_order_lose_nothing(
    leader: asyncpg.Connection[Any], append: Appending, seed: int
) -> None:
    """Each event is read once, and each village's in order, while eight writers dawdle."""
    queue, chance = OutboxQueue(leader, page=7), random.Random(seed)
    villages = [f"33.26.12.{number}" for number in range(2001, 2009)]
    writing = len(villages)

    async def write(village: str, pauses: list[float]) -> None:
        nonlocal writing
        for pause in pauses:
            async with append.database.transaction() as connection:
                await append.within(connection, village, 2)
                await asyncio.sleep(pause)
        writing -= 1

    read: defaultdict[str, list[int]] = defaultdict(list)
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        for village in villages:
            pauses = [chance.choice((0, 0, 0.001, 0.003, 0.02)) for _ in range(40)]
            group.create_task(write(village, pauses))
        rows = await queue.front()
        while rows or writing or await append.waiting():
            ahead = await queue.after(rows) if rows else ()
            for row in rows:
                read[row["village_key"]].append(row["event_id"])
            await queue.delete([row["event_id"] for row in rows])
            rows = ahead or await queue.front()
    await rises(queue, 640)

    assert dict.fromkeys(villages, 80) == {village: len(set(ids)) for village, ids in read.items()}
    assert all(ids == sorted(ids) for ids in read.values())
    assert 640 == sum(map(len, read.values()))
