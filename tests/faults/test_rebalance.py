"""Who consumes, and how often that changes, makes no difference to what is found at the end.

The same backlog is told to one member, to two, and to four that join, leave, are killed and come
back from the dead; all end with the same bytes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from common.events import topics
from embedded.ports import Ports
from embedded.stack import Stack
from support.backlog import VILLAGES, backlog, ends_of, put
from support.members import MEMBERS, Group, group_on
from support.reckoning import published
from support.stalls import stopped
from support.streams import Record
from support.verdict import check_log
from support.waiting import eventually
from support.ways import Ways, port_of

pytestmark = [pytest.mark.stack, pytest.mark.faults, pytest.mark.timeout(600)]

SEED = 20261121
FACE = ("eligibility", "stage", "title", "standing")
UNDECIDED = dict(zip(FACE, ("CANNOT_DECIDE", "NONE", "NONE", "NONE"), strict=True))
SLICES = 6


@pytest.fixture(scope="module")
async def ground(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[tuple[Path, Stack, Ways]]:
    home = tmp_path_factory.mktemp("rebalance")
    ways = Ways(MEMBERS)
    stack = Stack(home / "stack", ports=Ports.any(), mail=False, fronted_kafka=ways.fronted_kafka)
    try:
        ways.lead({"postgres": port_of((await stack.start()).postgres)})
        await ways.open()
        yield home, stack, ways
    finally:
        await ways.close()
        await stack.discard()


@pytest.fixture(scope="module")
def told() -> list[Record]:
    return backlog(SEED)


@pytest.fixture(scope="module")
async def alone(ground: tuple[Path, Stack, Ways], told: list[Record]) -> dict[str, Any]:
    """What one member makes of it."""
    async with group_on(*ground) as group:
        await put(group.kafka, group.prefix, told)
        await group.start(1)
        return await at_the_end(group, told)


async def test_two_members_end_as_one(
    ground: tuple[Path, Stack, Ways], told: list[Record], alone: dict[str, Any]
) -> None:
    """Villages, facts, ledger, marks and every day of the histories, byte by byte."""
    async with group_on(*ground) as group:
        await put(group.kafka, group.prefix, told)
        await group.start(1, 2)
        assert alone == await at_the_end(group, told)


async def test_four_members_that_come_and_go_end_as_one(
    ground: tuple[Path, Stack, Ways], told: list[Record], alone: dict[str, Any]
) -> None:
    """One joins, one is asked to leave, one is killed, and two come back as zombies.

    The first is held with SIGSTOP past its session with a batch in hand that Postgres has not
    taken; the second loses Kafka and keeps Postgres. The others take their partitions over, and
    what the zombies still try has no effect.
    """
    size = len(told) // SLICES + 1
    slices = [told[start : start + size] for start in range(0, len(told), size)]
    async with group_on(*ground) as group:
        await put(group.kafka, group.prefix, slices[0])
        await group.start(1, 2, 3)
        await group.system.ready("eligibility")
        await put(group.kafka, group.prefix, slices[1])
        await group.start(4)
        await put(group.kafka, group.prefix, slices[2])
        assert 0 == (await group.member(3).stop())[0]
        await put(group.kafka, group.prefix, slices[3])
        await group.member(4).kill()
        await group.start(3, 4)
        so_far = [record for some in slices[:4] for record in some]
        await eventually(lambda: group.behind(ends_of(so_far)), 0, within=60)

        await with_zombies(group, told, slices[4], slices[5])
        assert alone == await at_the_end(group, told)


async def with_zombies(
    group: Group, told: Sequence[Record], in_hand: Sequence[Record], later: Sequence[Record]
) -> None:
    """The first two members are cut off while the backlog goes on, and come back afterwards."""
    postgres = group.ways.links["eligibility-1", "postgres"]
    kafka = group.ways.links["eligibility-2", "kafka"]
    await postgres.cut()
    await put(group.kafka, group.prefix, in_hand)
    await eventually(lambda: waits(group), True, within=20)
    async with stopped(group.member(1).pid):
        await postgres.mend()
        kafka.stall()
        await put(group.kafka, group.prefix, later)
        await eventually(lambda: group.behind(ends_of(told)), 0, within=60)
    await kafka.mend()
    await eventually(lambda: passed_over(group), True, within=30)


async def waits(group: Group) -> bool:
    """Whether the first member holds a batch that Postgres has not taken."""
    return "inbox waits" in group.member(1).log.read_text()


async def passed_over(group: Group) -> bool:
    return await group.duplicates() > 0


async def at_the_end(group: Group, told: Sequence[Record]) -> dict[str, Any]:
    """The state at rest; each village's log is a chain that ends in today's status."""
    await eventually(lambda: group.behind(ends_of(told)), 0, within=60)
    await group.system.ready("eligibility")
    await eventually(group.unpublished, 0)
    decisions = await published(group.system, topics.ELIGIBILITY_CERTIFICATIONS)
    rows = await group.system.rows("eligibility", "SELECT * FROM villages")
    assert len(VILLAGES) == len(rows)
    for row in rows:
        today = {name: row[name] for name in FACE}
        log = decisions.get((topics.ELIGIBILITY_CERTIFICATIONS, row["village_key"]), [])
        if log:
            check_log([event["data"] for event in log], today)
        else:
            assert today == UNDECIDED
    return await group.state()
