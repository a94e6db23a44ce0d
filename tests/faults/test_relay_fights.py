"""The relay when everything goes wrong: each effect once and in order, and few duplicates.

The events leave through a real Kafka and have their effect through the real inbox.
"""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import asyncpg
import pytest
from common.database import Database
from common.outbox_queue import OutboxQueue
from common.relay import OutboxRelay
from common.relay_sending import PageSender
from support.databases import ServiceUrls
from support.relay_rig import Appending, account, carrying, effects
from support.streams import KETANON, SUKOSEWU, WONOPRINGGO
from support.system import in_villages
from support.waiting import eventually

pytestmark = [pytest.mark.stack, pytest.mark.faults, pytest.mark.timeout(120)]
VILLAGES = [KETANON, SUKOSEWU, WONOPRINGGO]
CHILD = Path(__file__).parents[1] / "support" / "relay_child.py"
SIGKILLED = -9
PAGE = 30


@pytest.fixture
async def append(common_urls: ServiceUrls) -> AsyncIterator[Appending]:
    database = await Database.open(common_urls.work, name="test")
    yield Appending(database)
    await database.close()


@pytest.fixture
async def owner(common_urls: ServiceUrls) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(common_urls.owner)
    yield connection
    await connection.close()


def whole(villages: Sequence[str], number: int) -> dict[str, list[int]]:
    """Each event once, in order."""
    return {village: list(range(1, number + 1)) for village in villages}


class Reign:
    """What the relays of a test sent and deleted, and how often each was thrown over."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, superuser: str, urls: ServiceUrls) -> None:
        self.sent: list[list[int]] = []
        self.deleted: set[int] = set()
        self.fights = 0
        self.chance = random.Random(20261121)
        self._superuser = superuser
        self._database = urls.work.rsplit("/", 1)[1]
        monkeypatch.setattr("common.relay.PageSender", self._senders())
        monkeypatch.setattr("common.relay.OutboxQueue", self._queues())

    async def strike(self, rows: list[int]) -> str | None:
        """What goes wrong with a page: nothing, unless a test says so."""

    async def throw_over(self) -> None:
        """Take the leader's connection, and with it the lock."""
        self.fights += 1
        connection = await asyncpg.connect(self._superuser)
        await connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_locks JOIN pg_stat_activity USING (pid)"
            " WHERE locktype = 'advisory' AND granted AND datname = $1",
            self._database,
        )
        await connection.close()

    def _senders(self) -> type[PageSender]:
        reign = self

        class Sender(PageSender):
            async def send(self, rows):
                ids = [row["event_id"] for row in rows]
                reign.sent.append(ids)
                struck = await reign.strike(ids)
                if struck == "before":
                    raise ConnectionResetError
                sending = asyncio.create_task(super().send(rows))
                if struck == "lock":
                    await reign.throw_over()
                lanes = await sending
                if struck == "after":
                    raise ConnectionResetError
                return lanes

        return Sender

    def _queues(self) -> type[OutboxQueue]:
        reign = self

        class Queue(OutboxQueue):
            async def delete(self, ids):
                await super().delete(ids)
                reign.deleted.update(ids)

        return Queue


@pytest.fixture
def reign(
    monkeypatch: pytest.MonkeyPatch, stack: object, databases: object, common_urls: ServiceUrls
) -> Reign:
    return Reign(monkeypatch, databases.postgres, common_urls)


async def test_two_leaders_double_and_turn_nothing_round(
    reign: Reign, append: Appending, common_urls: ServiceUrls, kafka: str, prefix: str
) -> None:
    """Were the lock to fail, every event may leave twice; each has its effect once, in order."""

    class Usurper(OutboxRelay):
        async def _elected(self, connection, stop) -> bool:
            return True

    usurpers = [
        Usurper(common_urls.work, kafka, prefix=prefix, service="test", read=PAGE) for _ in range(2)
    ]
    for village in VILLAGES:
        await append(village, 200)
    async with carrying(*usurpers):
        for _ in range(20):
            for village in VILLAGES:
                await append(village, 10)
        await eventually(append.waiting, 0)
    stands = await account(kafka, prefix)

    assert whole(VILLAGES, 400) == await effects(common_urls, kafka, prefix)
    assert 0 == stands.early
    assert stands.duplicates > 0, "they did lead at the same time"


async def test_the_lock_is_lost_while_a_page_is_on_its_way(
    reign: Reign,
    append: Appending,
    common_urls: ServiceUrls,
    kafka: str,
    prefix: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The leader sends nothing more; the next begins at the first row that was not deleted."""

    async def every_third_page(rows: list[int]) -> str | None:
        return "lock" if len(reign.sent) % 3 == 0 and reign.fights < 5 else None

    monkeypatch.setattr(reign, "strike", every_third_page)
    relays = [
        OutboxRelay(common_urls.work, kafka, prefix=prefix, service="test", read=PAGE)
        for _ in range(2)
    ]
    for village in VILLAGES:
        await append(village, 200)
    async with carrying(*relays):
        await eventually(append.waiting, 0, within=60)
    stands = await account(kafka, prefix)

    assert 5 == reign.fights
    assert whole(VILLAGES, 200) == await effects(common_urls, kafka, prefix)
    assert 0 == stands.early
    assert 5 * PAGE == stands.duplicates
    for before, after in zip(reign.sent[2::3][:5], reign.sent[3::3], strict=False):
        assert before == after, "what was not deleted comes first"


@pytest.mark.parametrize(
    ("step", "doubled"),
    [("read", 0), ("sent", PAGE), ("acknowledged", PAGE), ("deleted", 0)],
)
async def test_killed_at_a_step(
    append: Appending, common_urls: ServiceUrls, kafka: str, prefix: str, step: str, doubled: int
) -> None:
    """Nothing is lost at any step; what had left and was not deleted is sent again, no more."""
    for village in VILLAGES:
        await append(village, PAGE)
    child = await start_child(step, common_urls.work, kafka, prefix)

    assert SIGKILLED == await asyncio.wait_for(child.wait(), 30)
    await completed(append, common_urls, kafka, prefix, [doubled])


async def test_killed_while_postgres_deletes(
    append: Appending,
    owner: asyncpg.Connection,
    common_urls: ServiceUrls,
    kafka: str,
    prefix: str,
) -> None:
    """The deletion is done or it is not: the whole page is sent again, or nothing."""
    for village in VILLAGES:
        await append(village, PAGE)
    held = owner.transaction()
    await held.start()
    await owner.execute("SELECT FROM unpublished WHERE event_id = $1 FOR UPDATE", PAGE + 5)
    child = await start_child("deleting", common_urls.work, kafka, prefix)
    assert b"deleting\n" == await asyncio.wait_for(child.stdout.readline(), 30)

    async def deleting() -> int:
        return await owner.fetchval(
            "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)"
            " WHERE locktype = 'transactionid' AND NOT granted AND datname = current_database()"
        )

    await eventually(deleting, 1)
    child.kill()
    assert SIGKILLED == await child.wait()
    await held.commit()
    await completed(append, common_urls, kafka, prefix, [0, PAGE])


async def start_child(step: str, *places: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, str(CHILD), step, str(PAGE), *places, stdout=asyncio.subprocess.PIPE
    )


async def completed(
    append: Appending, urls: ServiceUrls, kafka: str, prefix: str, doubled: list[int]
) -> None:
    """The next leader brings the rest: all events had their effect once, in order."""
    async with carrying(OutboxRelay(urls.work, kafka, prefix=prefix, service="test", read=PAGE)):
        await eventually(append.waiting, 0)
    stands = await account(kafka, prefix)

    assert whole(VILLAGES, PAGE) == await effects(urls, kafka, prefix)
    assert 0 == stands.early
    assert stands.duplicates in doubled


@pytest.mark.parametrize(
    "events",
    [20_000, pytest.param(100_000, marks=[pytest.mark.long, pytest.mark.timeout(600)])],
)
async def test_leaders_come_and_go(
    reign: Reign,
    append: Appending,
    common_urls: ServiceUrls,
    kafka: str,
    prefix: str,
    monkeypatch: pytest.MonkeyPatch,
    events: int,
) -> None:
    """Thrown over every few pages: no inversion, and only pages that were cut leave twice."""
    villages, page = in_villages("35.05.15", range(1, 21)), 500
    cut: list[int] = []

    async def now_and_then(rows: list[int]) -> str | None:
        struck = reign.chance.choice(["lock", "before", "after", *[None] * 9])
        if struck:
            cut.extend(rows)
        return struck

    monkeypatch.setattr(reign, "strike", now_and_then)
    relays = [
        OutboxRelay(common_urls.work, kafka, prefix=prefix, service="test", read=page)
        for _ in range(2)
    ]
    each = events // len(villages)
    async with carrying(*relays):
        async with asyncio.TaskGroup() as group:
            for village in villages:
                group.create_task(write(append, village, each))
        await eventually(append.waiting, 0, within=500)
    stands = await account(kafka, prefix)

    assert whole(villages, each) == await effects(common_urls, kafka, prefix)
    assert 0 == stands.early
    assert 0 < stands.duplicates <= len(cut)
    assert reign.fights > 0


async def write(append: Appending, village: str, number: int) -> None:
    for _ in range(number // 50):
        await append(village, 50)
