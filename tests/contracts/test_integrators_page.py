"""The consumer on docs/integrators.md works as the page says; its code is taken from there."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import asyncpg
import pytest
from common.events import topics
from common.events.topics import RESTRICTED, TOPICS
from support.databases import ServiceUrls
from support.streams import KETANON, START, WONOPRINGGO, publish, sosialisasi, value_of
from support.waiting import eventually

PAGE = (Path(__file__).parents[2] / "docs" / "integrators.md").read_text()
TOPIC = topics.REGISTRY_OUTREACH


def code(language: str) -> str:
    (block,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return str(block)


@pytest.fixture(scope="module")
def sketch() -> Any:
    names: dict[str, Any] = {}
    exec(compile(code("python"), "docs/integrators.md", "exec"), names)  # noqa: S102 - the page under test
    return SimpleNamespace(**names)


@pytest.fixture
async def pool(common_urls: ServiceUrls) -> AsyncIterator[asyncpg.Pool]:
    """An integrator's own database."""
    async with asyncpg.create_pool(common_urls.owner, min_size=1, max_size=4) as opened:
        await opened.execute("CREATE SCHEMA theirs")
    async with asyncpg.create_pool(
        common_urls.owner, min_size=1, max_size=4, server_settings={"search_path": "theirs"}
    ) as opened:
        await opened.execute(code("sql"))
        await opened.execute("CREATE TABLE seen (n bigserial, village text, sequence bigint)")
        yield opened


async def note(connection: Any, event: dict[str, Any]) -> None:
    await connection.execute(
        "INSERT INTO seen (village, sequence) VALUES ($1, $2)",
        event["subject"],
        int(event["sequence"]),
    )


async def seen(pool: asyncpg.Pool, village: str) -> list[int]:
    rows = await pool.fetch("SELECT sequence FROM seen WHERE village = $1 ORDER BY n", village)
    return [row["sequence"] for row in rows]


def stream(village: str, length: int) -> list[bytes]:
    return [
        value_of(sosialisasi(village), village=village, sequence=number)
        for number in range(1, length + 1)
    ]


async def take_all(sketch: Any, pool: asyncpg.Pool, values: Sequence[bytes]) -> None:
    for value in values:
        async with pool.acquire() as connection, connection.transaction():
            await sketch.take(connection, TOPIC, value, note)


@pytest.mark.parametrize("seed", range(5))
async def test_any_order_and_any_repetition_has_each_effect_once(
    sketch: Any, pool: asyncpg.Pool, seed: int
) -> None:
    """Early events are held, duplicates passed over, and the effects come in order."""
    values = (stream(KETANON, 9) + stream(WONOPRINGGO, 9)) * 2
    random.Random(seed).shuffle(values)

    await take_all(sketch, pool, values)

    assert await seen(pool, KETANON) == await seen(pool, WONOPRINGGO) == list(range(1, 10))
    assert await pool.fetchval("SELECT count(*) FROM held") == 0


async def test_a_failed_effect_leaves_nothing(sketch: Any, pool: asyncpg.Pool) -> None:
    """Effect and mark commit together, so the event is tried again."""

    async def failing(connection: Any, event: dict[str, Any]) -> None:
        await note(connection, event)
        raise LookupError

    (value,) = stream(KETANON, 1)
    with pytest.raises(LookupError):
        async with pool.acquire() as connection, connection.transaction():
            await sketch.take(connection, TOPIC, value, failing)
    assert await seen(pool, KETANON) == []

    await take_all(sketch, pool, [value])
    assert await seen(pool, KETANON) == [1]


async def test_a_number_used_again_stops_the_reader(sketch: Any, pool: asyncpg.Pool) -> None:
    """A restored producer is noticed instead of taken for a duplicate."""
    await take_all(sketch, pool, stream(KETANON, 2))
    again = value_of(sosialisasi(), village=KETANON, sequence=1, time=START + timedelta(hours=1))

    with pytest.raises(RuntimeError, match="used again"):
        await take_all(sketch, pool, [again])


async def test_following_a_topic_through_a_restart(
    sketch: Any, pool: asyncpg.Pool, kafka: str, prefix: str
) -> None:
    """Stopped anywhere and started again, it goes on without loss and without doubling."""
    topic = f"{prefix}{TOPIC}"
    group = f"{prefix}integrator"

    async def follow_until(count: int) -> None:
        following = asyncio.create_task(
            sketch.follow(kafka, pool, note, topic, group=group), name="integrator"
        )
        try:

            async def arrived() -> bool:
                return following.done() or len(await seen(pool, KETANON)) >= count

            await eventually(arrived, expected=True)
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
        assert following.cancelled(), following.exception()

    values = stream(KETANON, 20)
    await publish(kafka, topic, *((KETANON.encode(), value) for value in values[:10]))
    await follow_until(10)
    await publish(kafka, topic, *((KETANON.encode(), value) for value in values[5:]))
    await follow_until(20)

    assert await seen(pool, KETANON) == list(range(1, 21))


def test_the_page_names_every_topic_and_who_may_read_it() -> None:
    """The table of topics is complete, and says restricted where the code does."""
    rows = dict(re.findall(r"^\| `([a-z.]+)` \|.*\| (.+?) \|$", PAGE, re.MULTILINE))
    described = {topic.name for topic in TOPICS} & rows.keys()

    assert described == {topic.name for topic in TOPICS}
    assert {name for name in described if rows[name] == "**restricted**"} == RESTRICTED
