"""Hot queries on 20,000 rows: every one goes by its index."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from common.clock import Clock
from common.database import Connection, Database
from common.ids import Ids
from common.outbox import Outbox
from registry.areas.edition import Edition
from registry.areas.load import load_areas
from registry.storage.outreach import SQL as OUTREACH
from registry.storage.queries import SQL
from registry_api import KETANON
from support.databases import ServiceUrls

SOME = UUID(int=12345)
NOTHING: dict[str, Any] = {}

ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "lock_villages": ([KETANON, "33.26.12.2008"],),
    "village_key": (KETANON,),
    "find_villages": (["ketanonageng"], None, None, "33.26", None, None, [], 100),
    "lock_participant_by_nik": (SOME.bytes * 2,),
    "lock_participant": (SOME,),
    "lock_participant_of_enrollment": (SOME,),
    "term": (SOME,),
    "participant": (SOME,),
    "enrollment": (SOME,),
    "unended_enrollments": (SOME,),
    "enrollments_of_village": (KETANON, UUID(int=0), 100),
    "change_enrollment": (SOME, KETANON, "AKTIF", 2, None),
    "spans": (SOME,),
    "spans_of_participants": ([SOME],),
    "close_span": (SOME, 1, None),
    "posts_of_village": (KETANON,),
    "decree_on": (KETANON, None),
    "terms_of_post": (12345,),
    "terms_of_participant": (SOME,),
    "end_term": (SOME, None),
}
OF_OUTREACH: dict[str, tuple[Any, ...]] = {
    "sosialisasi_of_village": (KETANON, 200),
    "potentials_of_village": (KETANON, 200),
    "aid_of_village": (KETANON, 200),
    "agent": (SOME,),
    "end_agent": (SOME, None),
    "agents_of_village": (KETANON, 200),
    "worker_counts_of_village": (KETANON, 200),
    "launches_of_area": ("33.26", 200),
}
STATEMENTS = {
    **{SQL[name]: arguments for name, arguments in ARGUMENTS.items()},
    **{OUTREACH[name]: arguments for name, arguments in OF_OUTREACH.items()},
}

FILL = """
INSERT INTO participants (participant_id, nik_hash, wrapped_key, nik_sealed, recorded_at)
SELECT lpad(to_hex(n), 32, '0')::uuid, decode(lpad(to_hex(n), 32, '0'), 'hex'),
    '', '', '2026-01-01' FROM generate_series(1, 20000) n;
INSERT INTO enrollments SELECT participant_id, participant_id, v.village_key, 'BPU', '{JKK,JKM}',
    'AKTIF', 2, '2026-01-01', NULL, '2026-01-01'
FROM participants JOIN LATERAL (SELECT village_key, row_number() OVER () - 1 AS n,
    count(*) OVER () AS total FROM villages) v ON v.n = participant_no % v.total;
INSERT INTO enrollment_spans SELECT enrollment_id, 1, participant_no, village_key, 'BPU', 'AKTIF',
    '{JKK,JKM}', '2026-01-01', NULL FROM enrollments JOIN participants USING (participant_id);
INSERT INTO posts (post_id, village_key, kind, ordinal) SELECT gen_random_uuid(), village_key,
    'RT_HEAD', n FROM villages, generate_series(1, 999) n LIMIT 20000;
INSERT INTO terms SELECT lpad(to_hex(post_no), 32, '0')::uuid, post_no,
    lpad(to_hex(post_no), 32, '0')::uuid, false, '2026-01-01', NULL, '2026-01-01' FROM posts;
INSERT INTO decrees SELECT gen_random_uuid(), village_key, NULL, '2026-01-01', '2026-01-01'
FROM villages, generate_series(1, 200) LIMIT 20000;
INSERT INTO sosialisasi SELECT gen_random_uuid(), village_key, '2026-01-01', 'BRANCH_OFFICE', 1,
    '2026-01-01' FROM villages, generate_series(1, 200) LIMIT 20000;
INSERT INTO potentials SELECT sosialisasi_id, village_key, held_on, 'CRAFT', 1, recorded_at
FROM sosialisasi;
INSERT INTO aid SELECT sosialisasi_id, village_key, held_on, 'TRACTOR', 1, recorded_at
FROM sosialisasi;
INSERT INTO perisai_agents SELECT sosialisasi_id, village_key, held_on, NULL, recorded_at
FROM sosialisasi;
INSERT INTO worker_counts SELECT sosialisasi_id, village_key, held_on, 3, 1, 2, 'BPS', recorded_at
FROM sosialisasi;
INSERT INTO launches SELECT gen_random_uuid(), regency_code, '2026-01-01', 'REGENCY', 'BUPATI',
    NULL, 'PENDOPO', '2026-01-01' FROM regencies, generate_series(1, 20);
INSERT INTO former_codes SELECT '99.' || lpad((n / 100)::text, 2, '0') || '.01.' || 2000 + n % 1000,
    village_key FROM villages, generate_series(1, 20) AS n;
ANALYZE;
"""

SMALL = frozenset({"provinces", "regencies", "kecamatan", "posts"})
"""Reached by key from a row found by index; a planner may hash the few that there are."""


@pytest.fixture
async def filled(owner: Database, known_areas: Edition) -> None:
    async with owner.transaction() as connection:
        await connection.execute(FILL)


def scanned(plan: dict[str, Any]) -> set[str]:
    """The tables that a plan reads from end to end."""
    own = {plan["Relation Name"]} if plan["Node Type"] == "Seq Scan" else set()
    return own.union(*(scanned(inner) for inner in plan.get("Plans", ())))


async def plan_of(connection: Connection, statement: str) -> dict[str, Any]:
    rows = await connection.fetch(f"EXPLAIN (FORMAT JSON) {statement}", *STATEMENTS[statement])
    plan: dict[str, Any] = json.loads(rows[0][0])[0]["Plan"]
    return plan


async def test_hot_queries_go_by_index(filled: None, registry_urls: ServiceUrls) -> None:
    """As the application's role, with row security: no table of 20,000 rows is scanned."""
    database = await Database.open(registry_urls.app, name="plans", size=1)
    try:
        async with database.transaction() as connection:
            await connection.execute(SQL["see"], "33.26")
            plans = {text: await plan_of(connection, text) for text in STATEMENTS}
    finally:
        await database.close()

    few = SMALL | {"villages"}
    assert {text: tables for text, plan in plans.items() if (tables := scanned(plan) - few)} == {}


async def test_villages_go_by_index_when_the_country_is_loaded(
    owner: Database, work: Database, edition: Edition
) -> None:
    """Locks and look-ups of villages touch a few rows of 83,762."""
    rows = [
        (v.village_key, v.village_code, v.kecamatan_code, v.kind.value, v.name, v.name.lower())
        for v in edition.villages
    ]
    nobody = replace(edition, villages=())
    await load_areas(work, Outbox(clock=Clock(), ids=Ids()), nobody)
    async with owner.transaction() as connection:
        await connection.copy_records_to_table(
            "villages",
            columns=[
                "village_key",
                "village_code",
                "kecamatan_code",
                "kind",
                "name",
                "search_name",
            ],
            records=rows,
        )
        await connection.execute(
            "INSERT INTO former_codes "
            "SELECT '99' || substr(village_key, 3), village_key FROM villages"
        )
        await connection.execute("ANALYZE villages, former_codes")

    async with work.transaction() as connection:
        for name in ("lock_villages", "village_key", "find_villages"):
            read = scanned(await plan_of(connection, SQL[name]))
            assert not {"villages", "former_codes"} & read, name
