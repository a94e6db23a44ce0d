"""What the database itself refuses, and how it finds what is asked for."""

from __future__ import annotations

from uuid import uuid4

import asyncpg
import pytest
from common.database import Database, Queries
from common.inbox import Inbox
from eligibility.storage.views import FILTERS
from support.databases import ServiceUrls
from support.programme import Registry, fetch, staffed

VILLAGES = 20_000


@pytest.mark.parametrize("table", ["facts", "acts", "decisions", "ledger", "rule_sets"])
@pytest.mark.parametrize("deed", ["UPDATE {} SET village_key = '1'", "DELETE FROM {}"])
async def test_the_api_role_rewrites_nothing(app: Database, table: str, deed: str):
    """Facts, acts, decisions, the ledger and rule sets are never rewritten by the API's login."""
    column = "rule_set_id" if table == "rule_sets" else "village_key"
    statement = deed.format(table).replace("village_key", column)

    async with app.transaction() as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)


@pytest.mark.parametrize("table", ["facts", "acts", "decisions", "rule_sets"])
async def test_the_working_role_rewrites_nothing(work: Database, table: str):
    """What is append-only is so for consumers and scheduler too."""
    async with work.transaction() as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(f"DELETE FROM {table}")  # noqa: S608 - a name of this test


@pytest.mark.parametrize("table", ["villages", "facts", "ledger", "decisions"])
async def test_a_transaction_without_a_caller_sees_no_village(
    app: Database, inbox: Inbox, registry: Registry, table: str
):
    """An API transaction that forgot to say who asks has no rows."""
    await inbox.receive(staffed(registry, [uuid4()], [uuid4()]))

    assert [] == await fetch(app, f"SELECT FROM {table}")


@pytest.fixture
async def country(eligibility_urls: ServiceUrls, work: Database) -> Database:
    """20,000 villages with marks, facts and ledger entries."""
    owner = await asyncpg.connect(eligibility_urls.owner)
    await owner.execute(
        """
        INSERT INTO villages (village_key, village_code, name, kind, kecamatan_code,
            kecamatan_name, regency_code, regency_name, regency_kind, province_code,
            province_name, time_zone, next_review_at)
        SELECT k, k, 'x', 'DESA', left(k, 8), 'x', left(k, 5), 'x', 'KABUPATEN', left(k, 2), 'x',
            'WIB', CASE WHEN n % 50 = 0 THEN timestamptz '2026-01-01' + n * interval '1 hour' END
        FROM (
            SELECT n, format('%s.%s.%s.2%s', 11 + n / 2000, lpad((n / 100 % 20 + 1)::text, 2, '0'),
                lpad((n / 10 % 10 + 1)::text, 2, '0'), lpad((n % 10)::text, 3, '0')) AS k
            FROM generate_series(0, $1 - 1) AS n
        ) AS keys
        """.replace("$1", str(VILLAGES))
    )
    await owner.execute(
        """
        INSERT INTO marks (village_key, sequences, times)
        SELECT village_key, '{0,0,0,0}', '{NULL,NULL,NULL,NULL}' FROM villages;
        INSERT INTO ledger
        SELECT village_key, date '2026-01-01' + n, date '2026-01-01' + n, 1, 0, 1, 0, 0, 1, 1, 0, 0
        FROM villages, generate_series(1, 5) AS n;
        INSERT INTO facts
        SELECT village_key, gen_random_uuid(), timestamptz '2026-01-01', date '2026-01-01', 'LIVE',
            'enrolled', '{}'
        FROM villages, generate_series(1, 5);
        INSERT INTO decisions (decision_id, village_key, decided_at, effective_on,
            previous_decision_id, previous, current, reasons, flagged, inputs, newest_input_time,
            origin)
        SELECT gen_random_uuid(), village_key, timestamptz '2026-01-01' + n * interval '1 day',
            '2026-01-01', gen_random_uuid(), '{}', '{}', '[]', false, '{}', '2026-01-01', 'LIVE'
        FROM villages, generate_series(1, 3) AS n;
        INSERT INTO village_notes SELECT village_key, gen_random_uuid(), 'POTENTIAL', '2026-01-01',
            '2026-01-01', 'CRAFT' FROM villages, generate_series(1, 2);
        INSERT INTO worker_counts SELECT village_key, gen_random_uuid(), '2026-01-01',
            timestamptz '2026-01-01' + n * interval '1 day', 3, 1, 2, 'BPS'
        FROM villages, generate_series(1, 2) AS n;
        INSERT INTO foreseen SELECT village_key, '2026-01-01', 1, '{}' FROM villages;
        INSERT INTO former_codes SELECT '99' || substr(village_key, 3), village_key FROM villages;
        INSERT INTO ceremonies SELECT gen_random_uuid(), village_key, 'PERESMIAN',
            date '2026-01-01' + n, NULL, 'PENDOPO', 'BUPATI'
        FROM villages, generate_series(1, 2) AS n;
        UPDATE decisions SET entry = 'PROPOSED', proposal_id = decision_id
        WHERE previous_decision_id < '10000000-0000-0000-0000-000000000000';
        INSERT INTO parked (village_key, topic, kafka_partition, kafka_offset, reason, detail,
            parked_at)
        SELECT village_key, 'x', 0, row_number() OVER (), 'x', 'x', '2026-01-01'
        FROM villages LIMIT 2000;
        ANALYZE
        """
    )
    await owner.close()
    return work


KEYS = "'{33.01.01.2001,12.01.01.2001,13.02.03.2004}'::text[]"


async def test_no_query_reads_the_whole_country(country: Database):
    """Each hot query finds its rows by an index among 20,000 villages."""
    queries = Queries.of("eligibility.storage")
    asked = {
        "places": [KEYS],
        "working_rows": [KEYS],
        "facts_of": [KEYS],
        "due_villages": ["timestamptz '2026-01-03'", "100"],
        "still_due": [KEYS, "timestamptz '2026-01-03'"],
        "lock_due": ["timestamptz '2026-01-03'", "100"],
        "lock_unforeseen": ["timestamptz '2026-01-03'", "20", "'x'", "1"],
        "foreseen_of": [KEYS, "'x'"],
        "forget_foreseen": [KEYS],
        "key_of": ["'12.01.01.2001'"],
        "village_by_code": ["'12.01.01.2001'"],
        "counts_on": ["'12.01.01.2001'", "date '2026-02-01'", "date '2026-02-01'"],
        "decisions_of": ["'12.01.01.2001'", "NULL", "NULL", "50"],
        "proposal_at": ["'12.01.01.2001'", "timestamptz '2026-01-03'"],
        "marks_after": ["'12.01.01.2001'", "1000"],
        "recount": [KEYS, "'{2026-03-02,2026-03-02,2026-03-02}'::date[]"],
    }

    statements = {queries[name]: parameters for name, parameters in asked.items()}
    shown = Queries.of("eligibility.storage", "outreach.sql")
    statements |= {
        shown["notes_of"]: ["'12.01.01.2001'", "200"],
        shown["workers_of"]: ["'12.01.01.2001'"],
        shown["end_agents"]: [KEYS, "NULL::uuid[]", "NULL::date[]"],
    }

    scans = {
        statement: whole
        for statement, parameters in statements.items()
        if (whole := whole_scans(await explained(country, statement, parameters)))
    }

    assert {} == scans


async def test_ceremonies_are_found_by_village_and_by_day(country: Database):
    """Neither reads all that was ever planned."""
    queries = Queries.of("eligibility.storage", "ceremonies.sql")

    of_one = await explained(country, queries["ceremonies_of"], ["'12.01.01.2001'", "200"])
    ahead = await explained(country, queries["ceremonies_ahead"], ["date '2026-02-01'", "200"])

    assert [] == whole_scans(of_one)
    assert any("ceremonies_by_day" in line for line in ahead)


async def test_a_list_of_an_area_reads_that_area(country: Database):
    """A list by province, regency or kecamatan is found by an index."""
    statement = Queries.of("eligibility.storage")["list_villages"]
    found = {}

    for name, value in (("province", "12"), ("regency", "12.03"), ("kecamatan", "12.03.04")):
        narrowed = statement.replace("/* filters */", f"AND v.{FILTERS[name]} = $3")
        plan = await explained(country, narrowed, ["''", "50", f"'{value}'"])
        found[name] = any(f"villages_by_{name}" in line for line in plan)

    assert {"province": True, "regency": True, "kecamatan": True} == found


def whole_scans(plan: list[str]) -> list[str]:
    """Where a plan reads a table from end to end; `settled` has one row."""
    return [line.strip() for line in plan if "Seq Scan" in line and "settled" not in line]


async def explained(database: Database, statement: str, parameters: list[str]) -> list[str]:
    for number, value in sorted(enumerate(parameters, start=1), reverse=True):
        statement = statement.replace(f"${number}", value)
    rows = await fetch(database, f"EXPLAIN {statement}")
    return [row[0] for row in rows]
