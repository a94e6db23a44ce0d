"""Topics are created as declared, and a difference is named."""

from __future__ import annotations

import asyncio

import pytest
from aiokafka.admin import NewTopic
from common.events.topics import TOPICS, prefixed
from common.kafka import build_admin
from common.topics_admin import TopicsCheck, TopicsDiffer, check_topics, ensure_topics
from support.streams import fresh_prefix
from support.waiting import eventually

pytestmark = pytest.mark.stack


async def test_topics_are_created_once(kafka: str) -> None:
    """Again there is nothing to do."""
    prefix = fresh_prefix()
    created = await ensure_topics(kafka, prefix=prefix, partitions=3)
    again = await ensure_topics(kafka, prefix=prefix, partitions=3)

    assert sorted(prefixed(prefix, topic.name) for topic in TOPICS) == sorted(created)
    assert [] == again


async def test_what_differs_is_named(kafka: str, prefix: str) -> None:
    """Another number of partitions would send a village's events two ways."""
    with pytest.raises(TopicsDiffer, match=r"registry\.villages has 3 partitions, declared 12"):
        await check_topics(kafka, prefix=prefix, partitions=12)
    with pytest.raises(TopicsDiffer, match=r"registry\.villages is missing"):
        await check_topics(kafka, prefix=fresh_prefix(), partitions=3)


async def test_a_shorter_retention_is_named(kafka: str) -> None:
    """A topic that forgets cannot rebuild; somebody made it by hand."""
    prefix = fresh_prefix()
    admin = build_admin(kafka, client="tests")
    await admin.start()
    await admin.create_topics(
        [NewTopic(f"{prefix}registry.villages", 3, 1, topic_configs={"retention.ms": "604800000"})]
    )
    await admin.close()

    with pytest.raises(TopicsDiffer, match=r"retention\.ms=604800000, declared -1"):
        await ensure_topics(kafka, prefix=prefix, partitions=3)


async def test_readiness_says_what_differs_and_recovers(kafka: str) -> None:
    """A service that started before its topics were made becomes ready when they are."""
    prefix = fresh_prefix()
    check = TopicsCheck(kafka, prefix=prefix, partitions=3, every=0.1)
    stop = asyncio.Event()
    task = asyncio.create_task(check.run(stop))

    async def differs() -> bool:
        return "is missing" in (await check.probe() or "")

    await eventually(differs, True)
    await ensure_topics(kafka, prefix=prefix, partitions=3)
    await eventually(check.probe, None)
    stop.set()
    await task
