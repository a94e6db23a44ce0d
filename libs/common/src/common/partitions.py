"""Add partitions to topics that are in use, while nothing is on its way."""

from __future__ import annotations

from collections.abc import Mapping

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions

from common.events.topics import TOPICS, prefixed
from common.kafka import build_admin, build_consumer
from common.topics_admin import TopicsDiffer, seen

TIMEOUT_MS = 10_000


class GroupBehind(RuntimeError):
    """A consumer group has not read all that stands on the topics."""


async def add_partitions(bootstrap: str, *, prefix: str, partitions: int) -> list[str]:
    """Bring all topics but those of a fixed number to `partitions`; the names of those that grew.

    A village's later events come by another partition, so its earlier ones have to be read before.
    Raises GroupBehind, and TopicsDiffer for a topic that is missing or has more partitions. It
    cannot see a relay that still runs: stopping them is the operator's.
    """
    admin = build_admin(bootstrap, client="partitions")
    try:
        await admin.start()
        found = await _found(admin, prefix)
        wrong = [f"{name} has {n}, not {partitions}" for name, n in found.items() if n > partitions]
        wrong += [f"{name} is missing: run `topics` first" for name, n in found.items() if not n]
        if wrong:
            raise TopicsDiffer(f"partitions can only be added: {'; '.join(wrong)}")
        growing = [name for name, number in found.items() if number < partitions]
        if growing:
            await _refuse_behind(admin, bootstrap, found)
            wanted = {name: NewPartitions(total_count=partitions) for name in growing}
            await admin.create_partitions(wanted, timeout_ms=TIMEOUT_MS)
    finally:
        await admin.close()
    await seen(bootstrap, prefix=prefix, partitions=partitions, grown=bool(growing))
    return growing


async def _found(admin: AIOKafkaAdminClient, prefix: str) -> dict[str, int]:
    """How many partitions each topic has; 0 when it is missing."""
    names = [prefixed(prefix, topic.name) for topic in TOPICS if topic.partitions is None]
    described = await admin.describe_topics(names)
    return {topic["topic"]: len(topic["partitions"]) for topic in described}


async def _refuse_behind(
    admin: AIOKafkaAdminClient, bootstrap: str, topics: Mapping[str, int]
) -> None:
    """Raise GroupBehind naming each group and how many records it has not read."""
    places = [TopicPartition(name, p) for name, number in topics.items() for p in range(number)]
    async with build_consumer(bootstrap, client="partitions") as reader:
        ends: dict[TopicPartition, int] = await reader.end_offsets(places)
    behind = []
    for group, *_ in await admin.list_consumer_groups():
        offsets = await admin.list_consumer_group_offsets(group)
        committed = {place: found.offset for place, found in offsets.items()}
        heard = {place.topic for place in committed}
        lag = sum(
            max(0, end - committed.get(place, 0))
            for place, end in ends.items()
            if place.topic in heard
        )
        if lag:
            behind.append(f"{group} by {lag}")
    if behind:
        raise GroupBehind(
            f"groups are behind: {', '.join(behind)}. Stop the relays, let them reach 0 (or delete"
            " a group that nobody uses), and try again"
        )
