"""What reconciling asks of large tables goes by index, page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest
from common.database import Database
from common.reconcile_published import AT_ONCE, Missing, Published
from common.stream_counters import QUERIES
from common.topic_streams import open_topics
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
        (
            "queue_again",
            ([f"v{n}" for n in range(1, 1001)], [TOPIC] * 1000, [1] * 1000, [20] * 1000),
        ),
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


@pytest.mark.usefixtures("filled")
async def test_a_lost_topic_is_queued_by_thousands(common_urls: ServiceUrls) -> None:
    """2,000 streams leave again once each, and in two statements, not in one a stream."""
    database = await Database.open(common_urls.work, name="tests", size=2)
    commits: list[None] = []
    database.on_commit(lambda: commits.append(None))
    published = Published(
        "tests", database, (TOPIC,), lambda: open_topics("", partitions=1, client="")
    )
    published.missing = [Missing(f"v{n}", TOPIC, 1, 20) for n in range(1, 2001)]
    try:
        assert 40_000 == await published.republish()
        assert 40_000 / AT_ONCE == len(commits) - 1, "one look at what waits, then by thousands"
        assert 0 == await published.republish(), "what is queued is not queued twice"
    finally:
        await database.close()
