"""The floor under the queue: dead rows cost nothing, and no event that commits late is missed."""

from __future__ import annotations

import asyncio
import json
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
from support.relay_rig import Appending
from support.streams import KETANON, SUKOSEWU
from support.waiting import eventually

DEAD = 100_000
PAGE = 5_000
LIVE = 20
QUEUED = """INSERT INTO unpublished
SELECT nextval('event_ids'), format('33.26.%s.2001', 10 + n % 50), 'registry.outreach', n, now()
FROM generate_series(1, $1::int) AS n"""
RECORDED = """INSERT INTO events
SELECT event_id, gen_random_uuid(), village_key, topic, sequence, time, '{}' FROM unpublished"""


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


class Measured:
    """A connection that also tells how many buffers each read touched."""

    def __init__(self, connection: asyncpg.Connection[Any]) -> None:
        self._connection = connection
        self.buffers: list[int] = []

    async def fetch(self, query: str, *arguments: object) -> list[asyncpg.Record]:
        explained = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {query}"
        ((plan,),) = await self._connection.fetch(explained, *arguments)
        top = json.loads(plan)[0]["Plan"]
        self.buffers.append(top["Shared Hit Blocks"] + top["Shared Read Blocks"])
        return await self._connection.fetch(query, *arguments)

    async def fetchval(self, query: str, *arguments: object) -> Any:
        return await self._connection.fetchval(query, *arguments)


async def emptied(queue: OutboxQueue) -> list[int]:
    """Read and delete until nothing is there, as the relay does; the ids in order."""
    ids: list[int] = []
    rows = await queue.front()
    while rows:
        ahead = await queue.after(rows)
        some = [row["event_id"] for row in rows]
        await queue.delete(some)
        ids += some
        rows = ahead or await queue.front()
    return ids


async def rises(queue: OutboxQueue, floor: int) -> None:
    """Until the floor is there; transactions of other databases hold it, too, while they run."""

    async def reached() -> int:
        await queue.front()
        return queue.floor

    await eventually(reached, floor)


async def test_dead_rows_under_an_old_snapshot_are_not_read(
    common_urls: ServiceUrls, leader: asyncpg.Connection[Any], append: Appending
) -> None:
    """With 100,000 rows that cannot be removed, each read of the front touches a few pages."""
    owner = await asyncpg.connect(common_urls.owner)
    await owner.execute(QUEUED.replace("$1::int", str(DEAD)))
    await owner.execute("ANALYZE unpublished")
    snapshot = owner.transaction(isolation="repeatable_read", readonly=True)
    await snapshot.start()
    await owner.fetch("SELECT count(*) FROM unpublished")
    await OutboxQueue(leader, page=PAGE).delete(range(1, DEAD + 1))
    measured = Measured(leader)
    new_term = OutboxQueue(measured, page=LIVE)
    await append(KETANON, 2 * LIVE)
    await emptied(new_term)
    await rises(new_term, DEAD + 2 * LIVE)
    await append(KETANON, 2 * LIVE)
    del measured.buffers[1:]
    assert 2 * LIVE == len(await emptied(new_term))
    await snapshot.rollback()
    await owner.close()
    first, *later = measured.buffers

    assert first > DEAD / 100, "the dead rows are there"
    assert 4 == len(later), "front, after, nothing behind, nothing in front"
    assert max(later) <= 20 * LIVE


async def test_reads_use_indexes_only(
    common_urls: ServiceUrls, leader: asyncpg.Connection[Any]
) -> None:
    """A page of the queue, the page behind it and a deletion scan no table from end to end."""
    owner = await asyncpg.connect(common_urls.owner)
    await owner.execute(QUEUED.replace("$1::int", "20000"))
    await owner.execute(RECORDED)
    await owner.execute("ANALYZE")
    await owner.close()
    for name, arguments in {
        "front": (PAGE, 10, []),
        "after": (PAGE, 10, [], 5010),
        "published": (list(range(1, PAGE)),),
    }.items():
        ((plan,),) = await leader.fetch(f"EXPLAIN (FORMAT JSON) {QUERIES[name]}", *arguments)

        assert "Seq Scan" not in plan, name
        assert "Hash" not in plan, name


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
    async with asyncio.TaskGroup() as group:
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
