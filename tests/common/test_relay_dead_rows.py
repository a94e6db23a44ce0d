"""Deleted rows that an old snapshot keeps: reads of the queue do not touch them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from common.database import Database
from common.outbox import QUERIES
from common.outbox_queue import SETTINGS, OutboxQueue
from support.databases import ServiceUrls
from support.relay_rig import Appending, emptied, rises
from support.streams import KETANON

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
