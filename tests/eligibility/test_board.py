"""The board's counts and lists: own area only, each number its list, found by an index."""

from __future__ import annotations

import asyncio
import csv
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Any, Literal
from uuid import UUID

import asyncpg
import pytest
from common.clock import Clock
from common.database import Database
from eligibility.overview import Overview
from eligibility.storage.board import FIRST, BoardStore, Level, Scope, Standing
from eligibility.storage.feed import FeedStore
from eligibility.storage.villages import UnknownVillage
from eligibility.web.board_words import own_name
from eligibility.web.sheets import sheet
from support.country import fill_country
from support.databases import ServiceUrls, TestDatabases
from support.waiting import eventually

LAST = UUID(int=2**128 - 1)
REGENCY, BRANCH, COUNTRY = {"33.26"}, {"33.26", "33.75", "33.27", "33.25"}, {"*"}
COLUMNS = {
    "villages": None,
    "titled": Standing.TITLED,
    "at_risk": Standing.AT_RISK,
    "halted": Standing.HALTED,
    "eligible": Standing.ELIGIBLE,
    "nearly": Standing.NEARLY,
    "under_way": Standing.UNDER_WAY,
}


@pytest.fixture(scope="module")
async def java(databases: TestDatabases) -> AsyncIterator[ServiceUrls]:
    """The villages of Jawa Tengah and DI Yogyakarta, each with a status."""
    async with databases.fresh("eligibility") as urls:
        await fill_country(urls.owner, provinces=("33", "34"))
        yield urls


@pytest.fixture
async def seen(java: ServiceUrls) -> AsyncIterator[Database]:
    database = await Database.open(java.app, name="board")
    yield database
    await database.close()


@pytest.fixture
async def overview(seen: Database) -> Overview:
    return Overview(seen, clock=Clock())


@pytest.mark.parametrize(
    ("areas", "area"),
    [(COUNTRY, None), (BRANCH, None), (REGENCY, None), (COUNTRY, "33"), (REGENCY, "33.26")],
    ids=["country", "branch", "regency", "province of a country", "regency again"],
)
async def test_every_number_is_the_length_of_its_list(overview: Overview, areas, area):
    """What the board counts is what the lists behind its numbers show, row by row."""
    board = await overview.board(areas, area)
    counted = {(row["code"], column): row[column] for row in board.rows[:3] for column in COLUMNS}
    listed = {}
    for row in board.rows[:3]:
        for column, standing in COLUMNS.items():
            page = await overview.villages(areas, area=row["code"], standing=standing, limit=9_999)
            listed[row["code"], column] = len(page.rows)

    assert counted == listed
    assert 0 < min(board.total(column) for column in COLUMNS)


async def test_a_board_counts_the_viewers_areas_and_no_village_more(
    overview: Overview, java: ServiceUrls
):
    """A branch of four regencies, a regency and a country: as many as the table has of theirs."""
    owner = await asyncpg.connect(java.owner)
    query = "SELECT count(*), sum(persons) FROM villages WHERE left(village_key, 5) = ANY($1)"
    expected = [tuple(await owner.fetchrow(query, sorted(areas))) for areas in (BRANCH, REGENCY)]
    await owner.close()

    found = []
    for areas in (BRANCH, REGENCY):
        board = await overview.board(areas)
        found.append((board.total("villages"), board.total("persons")))

    assert expected == found
    assert [Level.REGENCY, Level.KECAMATAN, Level.PROVINCE] == [
        (await overview.board(areas)).level for areas in (BRANCH, REGENCY, COUNTRY)
    ]


async def test_the_share_is_of_the_villages_whose_workers_were_counted(
    java: ServiceUrls, overview: Overview
):
    """The count that holds is that of the latest day, of one day the one recorded last."""
    owner = await asyncpg.connect(java.owner)
    query = """
        SELECT count(*), sum(v.persons), sum(w.total) FROM villages v JOIN (
            SELECT DISTINCT ON (village_key) * FROM worker_counts
            ORDER BY village_key, effective_on DESC, recorded_at DESC
        ) AS w USING (village_key) WHERE v.regency_code = '33.26'
    """
    said = [tuple(await owner.fetchrow(query))]
    add = "INSERT INTO worker_counts SELECT $1, gen_random_uuid(), $2, $3, $4, 0, 0, 'BPS'"
    key = await owner.fetchval(
        "SELECT min(village_key) FROM villages WHERE left(village_key, 5) = '33.26'"
    )
    earlier, later = datetime(2026, 4, 1, tzinfo=UTC), datetime(2026, 4, 2, tzinfo=UTC)
    for day, at, total in ((2, later, 700), (2, earlier, 900), (1, later, 800)):
        await owner.execute(add, key, date(2026, 6, day), at, total)
    said.append(tuple(await owner.fetchrow(query)))
    total = await owner.fetchval("SELECT workers FROM villages WHERE village_key = $1", key)
    await owner.execute("DELETE FROM worker_counts WHERE village_key = $1 AND source = 'BPS'", key)
    await owner.close()
    board = await overview.board(REGENCY)

    assert 700 == total
    assert said[1] == tuple(board.total(c) for c in ("counted", "counted_persons", "workers"))


@pytest.mark.parametrize(
    ("areas", "name"),
    [
        (COUNTRY, "Indonesia"),
        (BRANCH, "Wilayah Anda"),
        (REGENCY, "Kabupaten Pekalongan"),
        ({"33.26.12"}, "Kecamatan Wonopringgo"),
        ({"33.26.12", "33.26.10"}, "Wilayah Anda"),
        ({"33.26.12.2008"}, "Wilayah Anda"),
        ({"34"}, "Provinsi Daerah Istimewa Yogyakarta"),
    ],
)
async def test_a_board_is_not_named_for_more_than_it_counts(overview: Overview, areas, name):
    """Two kecamatan are not their regency, a village is not its kecamatan."""
    assert name == own_name(await overview.board(areas), frozenset(areas))


class Turns(asyncio.Lock):
    """Counts who has asked for it."""

    asked = 0

    async def asked_for(self) -> int:
        return self.asked

    async def acquire(self) -> Literal[True]:
        self.asked += 1
        return await super().acquire()


async def test_who_waits_for_the_country_keeps_no_connection(java: ServiceUrls):
    """Its counts are made by one; as many as there are connections may wait for them."""
    narrow = await Database.open(java.app, name="board", size=2)
    overview = Overview(narrow, clock=Clock())
    turns = overview._counting = Turns()
    async with turns:
        waiting = [asyncio.create_task(overview.board(COUNTRY)) for _ in range(2)]
        await eventually(turns.asked_for, 3)
        regency = await asyncio.wait_for(overview.board(REGENCY), 10)
    country = await asyncio.gather(*waiting)
    await narrow.close()

    assert 0 < regency.total("villages") < country[0].total("villages")


async def test_an_area_of_somebody_else_is_not_there(overview: Overview):
    """Whether it exists or not."""
    for area in ("33.10", "99"):
        with pytest.raises(UnknownVillage):
            await overview.board(REGENCY, area)
    assert 0 == len((await overview.villages(REGENCY, area="33.10", limit=10)).rows)


async def test_the_worst_comes_first_and_then_the_nearest(overview: Overview):
    """At risk, suspended, revoked, eligible, on the way by what is missing, titled, nothing."""
    rows = (await overview.villages(REGENCY, limit=500)).rows
    ranks = [(row["board_rank"], row["missing"], row["village_key"]) for row in rows]

    assert sorted(ranks) == ranks
    assert ("TERANCAM", "NONE") == (rows[0]["standing"], rows[-1]["stage"])
    assert list(range(1, 8)) == list(dict.fromkeys(row["board_rank"] for row in rows))


async def test_pages_of_a_list_have_every_village_once(overview: Overview):
    """Paging by key neither repeats nor leaves out."""
    whole = [row["village_key"] for row in (await overview.villages(REGENCY, limit=500)).rows]
    paged, after = [], FIRST
    while after is not None:
        page = await overview.villages(REGENCY, after=after, limit=40)
        paged += [row["village_key"] for row in page.rows]
        after = page.next

    assert whole == paged


ACT = """
INSERT INTO acts (act_id, village_key, act, number, effective_on, signing_office, actor_issuer,
    actor_subject, recorded_at)
VALUES (gen_random_uuid(), $1, 'PENANGGUHAN', '1', '2019-01-01', 'x', 'x', 'x', now())
"""


async def test_who_was_suspended_first_stands_first(seen: Database, java: ServiceUrls):
    """By the day of the act, whatever has changed of the village since."""

    async def suspended(limit: int) -> list[str]:
        async with seen.transaction() as connection:
            await connection.execute("SELECT set_config('desa.areas', '33.26', true)")
            rows = await BoardStore().suspended(connection, Scope(areas=frozenset(REGENCY)), limit)
        return [row["village_key"] for row in rows]

    *_, last = await suspended(9_999)
    owner = await asyncpg.connect(java.owner)
    await owner.execute(ACT, last)
    found = await suspended(1)
    await owner.execute("DELETE FROM acts WHERE village_key = $1 AND number = '1'", last)
    await owner.close()

    assert [last] == found


class Explaining:
    """A connection that answers each statement with its plan."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def fetch(self, statement: str, *values: object) -> list[str]:
        rows = await self._connection.fetch(f"EXPLAIN {statement}", *values)
        raise Explained([row[0].strip() for row in rows])


class Explained(Exception):
    """What the planner would do."""


@pytest.mark.parametrize(
    ("areas", "read", "index"),
    [
        (
            BRANCH,
            lambda c, scope: BoardStore().standings(c, scope, Level.REGENCY),
            "villages_by_key_prefix",
        ),
        (BRANCH, lambda c, scope: BoardStore().at_risk(c, scope, 10), "villages_by_key_prefix"),
        (BRANCH, lambda c, scope: BoardStore().suspended(c, scope, 10), "villages_by_key_prefix"),
        (COUNTRY, lambda c, scope: BoardStore().villages(c, scope, FIRST, 50), "villages_by_board"),
        (COUNTRY, lambda c, _: FeedStore().newest(c, COUNTRY, LAST, 40), "decisions_pkey"),
        (BRANCH, lambda c, _: FeedStore().newest(c, BRANCH, LAST, 40), "decisions_by_village"),
    ],
    ids=["counts", "at risk", "suspended", "list", "feed", "feed of areas"],
)
async def test_the_board_reads_by_an_index(seen: Database, areas, read, index):
    """Under row security, which the planner sees through: no call a row, no whole table."""
    async with seen.transaction() as connection:
        await connection.execute("SELECT set_config('desa.areas', $1, true)", " ".join(areas))
        with pytest.raises(Explained) as plan:
            await read(Explaining(connection), Scope(areas=frozenset(areas)))
    # There are no acts here; where there are many, each village's are found by their index.
    lines = [line for line in plan.value.args[0] if "Seq Scan on acts" not in line]

    assert [] == [line for line in lines if "Seq Scan" in line or "in_sight" in line]
    assert any(index in line for line in lines), lines


AREAS = [
    *(None, "", "*", "33", "33.26", "33.2", "33.26.10", "33.26.10.2001", "3", "* 12", "12 33.26"),
    *("33.26.1", "33 *", "**", "33.26.10.20"),
]
KEYS = ["33.26.10.2001", "33.26.10.2002", "33.26.11.2001", "33.27.10.2001", "12.01.01.2001"]


async def test_row_security_is_what_it_was(java: ServiceUrls, seen: Database):
    """The quick function opens what the first one opened: an area and what lies in it."""
    first = """
        SELECT k, EXISTS (
            SELECT FROM unnest(string_to_array(current_setting('desa.areas', true), ' ')) AS area
            WHERE area = '*' OR k = area OR starts_with(k, area || '.')
        ) AS before, coalesce(in_sight(k), false) AS now
        FROM unnest($1::text[]) AS k
    """
    found = []
    for areas in AREAS:
        async with seen.transaction() as connection:
            if areas is not None:
                await connection.execute("SELECT set_config('desa.areas', $1, true)", areas)
            rows = await connection.fetch(first, KEYS)
        found += [(areas, row["k"], row["before"], row["now"]) for row in rows]

    assert [] == [one for one in found if one[2] is not one[3]]
    assert {True, False} == {one[3] for one in found}


async def test_a_spreadsheet_opens_no_formula():
    """A cell that a spreadsheet would calculate is text; commas and quotes stay in their cell."""

    async def rows() -> AsyncIterator[list[object]]:
        for name in ("=1+1", "+62", "-1", "@SUM(A1)", 'Lalai "I", II', "Bonto Mate'ne"):
            yield [name, -5, None]

    text = "".join([piece async for piece in sheet(["nama", "jumlah", "sejak"], rows())])
    read = list(csv.reader(text.removeprefix("\ufeff").splitlines()))

    assert [
        ["nama", "jumlah", "sejak"],
        *([name, "-5", ""] for name in ("'=1+1", "'+62", "'-1", "'@SUM(A1)")),
        ['Lalai "I", II', "-5", ""],
        ["Bonto Mate'ne", "-5", ""],
    ] == read
