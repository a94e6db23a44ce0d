"""The feed's streams: in order, in the viewer's area, on from where they were, and no more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Set  # noqa: PYI025
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID

import asyncpg
import pytest
from common.clock import Clock
from common.database import Database
from eligibility.feed import PAGE, Feed, TooManyStreams
from eligibility.storage.feed import BEGINNING, Happening
from support.country import decision_id
from support.databases import ServiceUrls
from support.waiting import eventually

OURS, OTHERS = "33.26.10.2002", "33.10.01.2001"
VILLAGE = """
INSERT INTO villages (village_key, village_code, name, kind, kecamatan_code, kecamatan_name,
    regency_code, regency_name, regency_kind, province_code, province_name, time_zone)
SELECT $1::text, $1, 'x', 'DESA', left($1, 8), 'x', left($1, 5), 'x', 'KABUPATEN', left($1, 2),
    'x', 'WIB'
"""
DECISION = """
INSERT INTO decisions (decision_id, village_key, decided_at, effective_on, previous_decision_id,
    previous, current, reasons, flagged, inputs, newest_input_time, origin)
VALUES ($2, $1, $3, '2026-11-01', gen_random_uuid(), '{}', '{}', '[]', false, '{}', $3, 'LIVE')
"""
NUMBERS = count()


@pytest.fixture
async def owner(eligibility_urls: ServiceUrls) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(eligibility_urls.owner)
    for key in (OURS, OTHERS):
        await connection.execute(VILLAGE, key)
    yield connection
    await connection.close()


@pytest.fixture
async def feed(app: Database) -> AsyncIterator[Feed]:
    """A feed that runs, and that may keep two streams open."""
    feed, stop = Feed(app, clock=Clock(), streams=2), asyncio.Event()
    running = asyncio.create_task(feed.run(stop))
    yield feed
    stop.set()
    await asyncio.wait_for(running, 5)


async def tell(
    owner: asyncpg.Connection, key: str = OURS, *, late: timedelta = timedelta(0)
) -> UUID:
    """Enter a decision; `late`: whose transaction began so long ago."""
    at = datetime.now(UTC) - late
    id_ = decision_id(at, next(NUMBERS))
    await owner.execute(DECISION, key, id_, at)
    return id_


def listening(feed: Feed, after: UUID = BEGINNING, seconds: float = 30) -> Callable[[], object]:
    """A stream of the regency: each call is its next entry."""

    async def follow() -> AsyncIterator[UUID]:
        with feed.place() as news:
            async for one in feed.follow(news, {"33.26"}, after, seconds):
                yield one.id

    entries = follow()
    return lambda: asyncio.wait_for(anext(entries), 5)


async def test_a_stream_has_its_area_once_and_in_order(feed: Feed, owner: asyncpg.Connection):
    """Also what was committed by another process, and late, after a younger one."""
    first, entry = await tell(owner), listening(feed)
    assert first == await entry()
    await tell(owner, OTHERS)
    second = await tell(owner)

    assert second == await entry()
    late = await tell(owner, late=timedelta(seconds=20))
    assert late == await entry()
    third = await tell(owner)
    assert third == await entry()
    assert first not in {second, late, third}


async def test_ids_of_tomorrow_hide_nothing(feed: Feed, owner: asyncpg.Connection):
    """Entries whose maker's clock was ahead wait for their time; others are shown meanwhile."""
    first, entry = await tell(owner), listening(feed)
    assert first == await entry()
    for _ in range(PAGE):
        await tell(owner, late=timedelta(days=-1))
    told = await tell(owner)

    assert told == await entry()
    assert [told, first] == [one.id for one in await feed.newest({"*"}, 5)]


async def test_the_newest_of_a_regency_are_all_there(feed: Feed, owner: asyncpg.Connection):
    """One village's many entries too, and none of a clock that was ahead."""
    told = [await tell(owner) for _ in range(8)]
    for _ in range(8):
        await tell(owner, late=timedelta(days=-1))

    assert told[::-1] == [one.id for one in await feed.newest({"33.26"}, 40)]


async def test_a_stream_remembers_a_page(feed: Feed, owner: asyncpg.Connection):
    """However much happens while it is open: an import tells thousands in a minute."""
    start = decision_id(datetime.now(UTC) - timedelta(seconds=30), 0)
    seen = 0
    with feed.place() as news:
        stream = feed.follow(news, {"33.26"}, start, 30)
        for _ in range(3):
            for _ in range(PAGE - 1):
                await tell(owner)
            for _ in range(PAGE - 1):
                await asyncio.wait_for(anext(stream), 5)
                seen += 1
        remembered = len(stream.ag_frame.f_locals["told"])

    assert 3 * (PAGE - 1) == seen
    assert remembered <= PAGE


async def test_a_stream_goes_on_where_it_was(feed: Feed, owner: asyncpg.Connection):
    """After a lost connection the browser names its last entry, and has what it missed."""
    told = [await tell(owner) for _ in range(4)]
    entry = listening(feed, told[1])

    assert told[2:] == [await entry(), await entry()]


async def test_for_an_empty_list_all_is_new(feed: Feed, owner: asyncpg.Connection):
    """Also what happened before its stream was opened: a page in the background opens it late."""
    told = [await tell(owner), await tell(owner, OTHERS), await tell(owner)]
    entry = listening(feed)

    assert [told[0], told[2]] == [await entry(), await entry()]


async def test_a_quiet_area_reads_no_long_log(
    feed: Feed, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
):
    """While others are busy its stream looks at the last minutes, not at all that happened."""
    looks: list[UUID] = []
    look = feed._since

    async def since(areas: Set[str], after: UUID) -> list[Happening]:
        looks.extend([after] if areas == {"33.26"} else [])
        return await look(areas, after)

    async def looked() -> int:
        return len(looks)

    monkeypatch.setattr(feed, "_since", since)
    entry = listening(feed)
    waiting = asyncio.ensure_future(entry())
    for number in (1, 2, 3):
        await tell(owner, OTHERS)
        await eventually(looked, number)
    told = await tell(owner)

    assert told == await waiting
    assert decision_id(datetime.now(UTC) - timedelta(minutes=2), 0) < min(looks)


async def test_streams_are_limited(feed: Feed):
    """One more than a process may keep is refused; one that ended makes room."""
    with feed.place():
        with feed.place(), pytest.raises(TooManyStreams), feed.place():
            pass
        with feed.place():
            pass


async def test_streams_end_with_the_process(app: Database, owner: asyncpg.Connection):
    """A stop does not wait for who is looking."""
    feed, stop = Feed(app, clock=Clock()), asyncio.Event()
    running = asyncio.create_task(feed.run(stop))
    told, entry = await tell(owner), listening(feed)
    assert told == await entry()

    waiting = asyncio.ensure_future(entry())
    stop.set()
    with pytest.raises(StopAsyncIteration):
        await asyncio.wait_for(waiting, 2)
    await asyncio.wait_for(running, 2)


async def test_a_stream_ends_after_its_time(feed: Feed, owner: asyncpg.Connection):
    """So that the browser comes again and is asked who it is."""
    with pytest.raises(StopAsyncIteration):
        await listening(feed, seconds=0.3)()
