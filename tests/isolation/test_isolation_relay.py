"""The relay's reading, sending and deleting against writers that commit late and other relays."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from itertools import count
from typing import Any

import msgspec
import pytest
from common import inbox, outbox, outbox_queue
from common.clock import Clock
from common.database import Database
from common.ids import Ids
from common.inbox import MARKS_LOCK
from common.outbox import Draft, Outbox, lock_villages
from common.outbox_queue import SETTINGS, OutboxQueue, Row
from common.process import Backoff
from common.relay import OutboxRelay
from common.relay_sending import Lane
from support.databases import ServiceUrls
from support.isolation import COMMIT, IsolationTester, Play, Stage
from support.streams import sosialisasi

SEND, AHEAD, NEXT = "SEND", "AHEAD", "NEXT"

Place = tuple[str, int]


def place_of(row: Row) -> Place:
    return row["village_key"], int(msgspec.json.decode(row["value"])["sequence"])


class Road:
    """What has left, in its order; a session stops before each page."""

    def __init__(self, stage: Stage, left: list[Place], stop: asyncio.Event, pages: int) -> None:
        self._stage = stage
        self._left = left
        self._stop = stop
        self._pages = pages

    async def send(self, rows: Sequence[Row]) -> Sequence[Lane]:
        await self._stage.at(SEND)
        self._left += map(place_of, rows)
        self._pages -= 1
        if not self._pages:
            self._stop.set()
        return [Lane(("outreach", 0), rows=list(rows), acknowledged=len(rows))]


class Ending(OutboxQueue):
    """A queue whose relay ends when it is empty; a session stops before its second read ahead."""

    def __init__(self, stage: Stage, *, page: int, stop: asyncio.Event) -> None:
        connection: Any = stage.stepped
        super().__init__(connection, page=page)
        self._stage = stage
        self._stop = stop
        self._ahead = 0

    async def front(self, waiting: Sequence[str] = ()) -> Sequence[Row]:
        rows = await super().front(waiting)
        if not rows:
            self._stop.set()
        return rows

    async def after(self, rows: Sequence[Row], waiting: Sequence[str] = ()) -> Sequence[Row]:
        self._ahead += 1
        if self._ahead > 1:
            await self._stage.at(AHEAD)
        return await super().after(rows, waiting)


class Outboxes:
    """Writers and relays on one outbox."""

    def __init__(self, urls: ServiceUrls, work: Database) -> None:
        self.urls, self.work = urls, work
        self.outbox = Outbox(clock=Clock(), ids=Ids())
        self.tester = IsolationTester(urls.work, outbox.QUERIES, inbox.QUERIES)
        self.left: list[Place] = []
        self._numbers = count(1)

    async def villages(self, number: int) -> list[str]:
        some = [next(self._numbers) for _ in range(number)]
        keys = [f"33.{10 + n // 90}.{10 + n % 90}.2001" for n in some]
        async with self.work.transaction() as connection:
            await connection.execute(inbox.QUERIES["ensure"], keys, 1)
        self.left.clear()
        return keys

    async def write(self, database: Database, *keys: str) -> None:
        """A deed: locks, one event for each village in the order given, commit."""
        async with database.transaction() as connection:
            locks = await lock_villages(connection, keys, MARKS_LOCK)
            drafts = [Draft(key, sosialisasi(key)) for key in keys]
            await self.outbox.append(connection, locks, drafts)

    async def carry(self, stage: Stage, *, pages: int, page: int = 1) -> OutboxQueue:
        """A relay that carries at most so many pages; it does not take the leader's lock."""
        stop = asyncio.Event()
        await stage.stepped.execute(SETTINGS)
        relay = OutboxRelay(self.urls.work, "", service="isolation", read=page)
        queue = Ending(stage, page=page, stop=stop)
        road: Any = Road(stage, self.left, stop, pages)
        await relay._carry(queue, road, stop, Backoff())
        return queue

    async def check(self, expected: dict[str, int], queues: Sequence[OutboxQueue]) -> None:
        """Nothing is lost, for a relay that goes on; first arrivals follow each village's order."""
        for queue in queues:
            while rows := await queue.front():
                self.left += map(place_of, rows)
                await queue.delete([row["event_id"] for row in rows])
        arrived: defaultdict[str, list[int]] = defaultdict(list)
        for key, sequence in dict.fromkeys(self.left):
            arrived[key].append(sequence)
        assert {key: list(range(1, last + 1)) for key, last in expected.items()} == arrived
        async with self.work.transaction() as connection:
            assert 0 == await connection.fetchval("SELECT count(*) FROM unpublished")


@pytest.fixture
async def outboxes(
    common_urls: ServiceUrls, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Outboxes]:
    # A read from the first id would find by chance what the floor had passed.
    monkeypatch.setattr(outbox_queue, "FULL_READ_LEAST", 3600.0)
    monkeypatch.setattr(outbox_queue, "FULL_READ_MOST", 3600.0)
    work = await Database.open(common_urls.work, name="isolation", size=2)
    opened = Outboxes(common_urls, work)
    yield opened
    await opened.tester.close()
    await work.close()


async def test_the_relay_against_writers_that_commit_late(outboxes: Outboxes) -> None:
    """Ids are drawn in one order and committed in another: nothing is passed over."""

    async def scenario(play: Play) -> None:
        one, other = await outboxes.villages(2)
        await outboxes.write(outboxes.work, one)
        told = await play(
            relay=lambda stage: outboxes.carry(stage, pages=2),
            late=lambda stage: outboxes.write(stage.database, one),
            early=lambda stage: outboxes.write(stage.database, other),
        )
        await outboxes.check({one: 2, other: 1}, [told.answers["relay"]])

    seen = await outboxes.tester.every(
        scenario, relay=("published",), late=(COMMIT,), early=(COMMIT,)
    )

    assert seen.orders


async def test_reading_ahead_against_a_late_commit(outboxes: Outboxes) -> None:
    """While a page is on its way a smaller id commits: its village's next one does not overtake."""

    async def scenario(play: Play) -> None:
        one, other = await outboxes.villages(2)
        await outboxes.write(outboxes.work, other)

        async def write_both(stage: Stage) -> None:
            await outboxes.write(stage.database, other)
            await stage.at(NEXT)
            await outboxes.write(stage.database, one)

        told = await play(
            relay=lambda stage: outboxes.carry(stage, pages=3),
            late=lambda stage: outboxes.write(stage.database, one),
            busy=write_both,
        )
        await outboxes.check({one: 2, other: 2}, [told.answers["relay"]])

    seen = await outboxes.tester.every(scenario, relay=(AHEAD,), late=(COMMIT,), busy=(NEXT,))

    assert seen.waits


async def test_two_relays_and_a_writer(outboxes: Outboxes) -> None:
    """Two leaders at once, the lock defeated: events twice, none lost, none before its turn."""

    async def scenario(play: Play) -> None:
        one, other = await outboxes.villages(2)
        await outboxes.write(outboxes.work, one, other)
        await outboxes.write(outboxes.work, one)
        told = await play(
            leader=lambda stage: outboxes.carry(stage, pages=1, page=2),
            second=lambda stage: outboxes.carry(stage, pages=1, page=2),
            writer=lambda stage: outboxes.write(stage.database, one),
        )
        queues = [told.answers[name] for name in ("leader", "second")]
        await outboxes.check({one: 3, other: 1}, queues)

    seen = await outboxes.tester.every(
        scenario, leader=(SEND, "published"), second=("published",), writer=()
    )

    assert seen.orders
