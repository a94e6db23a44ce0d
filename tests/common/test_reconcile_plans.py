"""What reconciling asks of large tables goes by index, page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest
from common.stream_counters import QUERIES
from support.databases import ServiceUrls
from support.streams import KETANON

TOPIC = "registry.outreach"
FILL = """
INSERT INTO events (event_id, id, village_key, topic, sequence, time, value)
SELECT v * 100 + s, gen_random_uuid(), 'v' || v, $1, s, now(), '{}'
FROM generate_series(1, 2000) v, generate_series(1, 20) s;
"""
STREAMS = """
INSERT INTO streams SELECT village_key, topic, max(sequence), max(time) FROM events GROUP BY 1, 2
"""
MARKS = """
INSERT INTO marks (village_key, sequences, times)
SELECT village_key, ARRAY[20], ARRAY[now()] FROM streams
"""


@pytest.fixture
async def filled(common_urls: ServiceUrls) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    connection = await asyncpg.connect(common_urls.owner)
    await connection.execute("SET jit = off")
    await connection.execute(FILL, TOPIC)
    for statement in (STREAMS, MARKS, "ANALYZE"):
        await connection.execute(statement)
    yield connection
    await connection.close()


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("counters", ("", "", 100)),
        ("summaries", ("", "", 100)),
        ("digests", ([KETANON, "v7"], [TOPIC] * 2, [1, 1], [20, 20])),
        ("ids", ("v7", TOPIC, 1, 20)),
        ("odd_rows", ("v7", TOPIC, 20, 100)),
        ("queue_again", ("v7", TOPIC, 1, 20)),
        ("last_sequence", ("v7", TOPIC)),
        ("marks_of", ("", 100)),
    ],
)
async def test_pages_go_by_index(
    filled: asyncpg.Connection[asyncpg.Record], name: str, arguments: tuple[object, ...]
) -> None:
    """None walks over all events, counters or marks for a page of them."""
    rows = await filled.fetch(f"EXPLAIN {QUERIES[name]}", *arguments)
    plan = "\n".join(row[0] for row in rows)

    walked = [table for table in ("events", "streams", "marks") if f"Seq Scan on {table}" in plan]
    assert [] == walked, plan
