"""Partitions are added by the documented procedure, and only while nothing is on its way."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from common.events import topics
from common.events.topics import TOPICS
from common.partitions import GroupBehind, add_partitions
from common.topics_admin import TopicsDiffer, check_topics, ensure_topics
from embedded.stack import Stack
from support.reckoning import (
    REGISTRY_TOPICS,
    inversions,
    published,
    unrest,
    watch_effects,
)
from support.streams import fresh_prefix, publish
from support.system import PARTITIONS, SERVICES, System, in_villages
from support.waiting import eventually

pytestmark = [pytest.mark.stack, pytest.mark.faults, pytest.mark.timeout(180)]

VILLAGES = in_villages("35.05.15", range(1, 5))
MORE = 2 * PARTITIONS + 1
ROUNDS = 5


async def test_partitions_are_added_as_the_runbook_says(system: System) -> None:
    """Villages move to other partitions; each event has its effect once, and in its order."""
    await watch_effects(system)
    await hold(system, VILLAGES, "before")

    await stop_along_the_road(system)
    system.tell_partitions(MORE)
    code, said = await system.command("registry", "topics", "--add-partitions")
    assert (0, len(TOPICS) - 1) == (code, said.count(f"has {MORE} partitions")), said
    assert (0, "all topics are as declared\n") == await system.command("registry", "topics")
    for process in system.processes.values():
        await process.start()
    for service in SERVICES:
        await system.ready(service)
    await hold(system, VILLAGES, "after")
    await eventually(lambda: unrest(system), {}, within=60)

    places: defaultdict[str, set[int]] = defaultdict(set)
    for record in await system.records(topics.REGISTRY_OUTREACH):
        places[record.key.decode()].add(record.partition)
    assert len(VILLAGES) == len(places)
    assert 2 == max(len(some) for some in places.values()), "no village moved"
    told = await published(system, *REGISTRY_TOPICS)
    outreach = {
        key[1]: len(some) for key, some in told.items() if key[0] == topics.REGISTRY_OUTREACH
    }
    assert dict.fromkeys(VILLAGES, 2 * ROUNDS) == outreach
    assert [] == await inversions(system, told)
    facts = "SELECT village_key, count(*) FROM facts WHERE type = 'sosialisasi_held' GROUP BY 1"
    assert outreach == {row[0]: row[1] for row in await system.rows("eligibility", facts)}


async def hold(system: System, villages: Sequence[str], word: str) -> None:
    """Some sosialisasi in each village."""
    async with system.client("registry") as client:
        for n in range(ROUNDS):
            for village in villages:
                answer = await client.post(
                    f"/villages/{village}/sosialisasi",
                    json={"effective_on": f"2026-03-{n + 1:02}", "organiser": "BRANCH_OFFICE"},
                    headers={"Idempotency-Key": f"{word} {village} {n}"},
                )
                assert 201 == answer.status_code, answer.text


async def stop_along_the_road(system: System) -> None:
    """Each service when it has heard all that the ones before it have told."""
    await eventually(lambda: untold(system, "unpublished registry"), None)
    await system.processes["registry"].stop()
    await eventually(lambda: untold(system, "marks eligibility"), None)
    await eventually(lambda: untold(system, "unpublished eligibility"), None)
    await system.processes["eligibility"].stop()
    await eventually(lambda: untold(system, "marks notifications"), None)
    await system.processes["notifications"].stop()


async def untold(system: System, what: str) -> Any:
    return (await unrest(system)).get(what)


async def test_a_group_that_is_behind_forbids_it(own: tuple[System, Stack]) -> None:
    """The group and its lag are named, nothing is changed, and at lag 0 it is done."""
    system, _ = own
    kafka, prefix = system.footing.kafka, fresh_prefix()
    await ensure_topics(kafka, prefix=prefix, partitions=3)
    name = f"{prefix}{topics.REGISTRY_VILLAGES}"
    await publish(kafka, name, *[(VILLAGES[0].encode(), b"{}")] * 4)
    group = f"{prefix}integrator"
    await commit(kafka, name, group, short=3)

    with pytest.raises(GroupBehind, match=rf"{group} by 3\."):
        await add_partitions(kafka, prefix=prefix, partitions=4)
    await check_topics(kafka, prefix=prefix, partitions=3)

    await commit(kafka, name, group, short=0)
    grown = await add_partitions(kafka, prefix=prefix, partitions=4)
    assert len(TOPICS) - 1 == len(grown)
    await check_topics(kafka, prefix=prefix, partitions=4)
    assert [] == await add_partitions(kafka, prefix=prefix, partitions=4)
    with pytest.raises(TopicsDiffer, match=r"can only be added: .*registry\.villages has 4, not 3"):
        await add_partitions(kafka, prefix=prefix, partitions=3)


async def commit(kafka: str, topic: str, group: str, *, short: int) -> None:
    """Have a group commit so many records before the end."""
    places = [TopicPartition(topic, p) for p in range(3)]
    async with AIOKafkaConsumer(
        bootstrap_servers=kafka, group_id=group, enable_auto_commit=False
    ) as consumer:
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        await consumer.commit({place: max(0, end - short) for place, end in ends.items()})
