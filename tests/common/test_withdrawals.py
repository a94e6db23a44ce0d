"""Withdrawn copies are discarded once, however many people do it at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from common.clock import Clock
from common.database import Database
from common.events import topics
from common.ids import Ids
from common.received import Batch, decode
from common.stream_counters import Withdrawn
from common.withdrawals import Withdrawals
from support.databases import ServiceUrls
from support.inbox_rig import Rig
from support.streams import KETANON, Offsets, Record, sosialisasi
from support.waiting import eventually

pytestmark = pytest.mark.stack
OUTREACH = topics.REGISTRY_OUTREACH
COPY = UUID(int=7)


class Restored:
    """A registry that has withdrawn the copy at 1 and published its fact again at 4."""

    async def withdrawn(self) -> AsyncIterator[Withdrawn]:
        yield Withdrawn(KETANON, OUTREACH, 1, COPY, 4)


@dataclass
class Topic:
    """The topic with the copy; readers wait here until `all_looked` of them have seen the front."""

    copy: Record
    all_looked: asyncio.Barrier = field(default_factory=lambda: asyncio.Barrier(2))

    async def looking(self) -> int:
        return self.all_looked.n_waiting

    async def partition(self, *_: Any, **__: Any) -> AsyncIterator[Batch]:
        await self.all_looked.wait()
        yield decode([self.copy])

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Topic]:
        yield self


def person(rig: Rig, database: Database, topic: Topic) -> Withdrawals:
    return Withdrawals(
        database,
        rig.parking,
        producer=Restored(),  # type: ignore[arg-type]  # all that is asked of it
        open_topics=topic.opened,  # type: ignore[arg-type]  # same
        clock=Clock(),
        ids=Ids(),
    )


@pytest.fixture
async def topic(rig: Rig) -> Topic:
    """The copy is parked, and two events behind it."""
    offsets = Offsets()
    one, two, three = (
        offsets.record(sosialisasi(), village=KETANON, sequence=n) for n in (1, 2, 3)
    )
    later = datetime(2026, 2, 1, tzinfo=UTC)
    copy = offsets.record(sosialisasi(), village=KETANON, sequence=1, time=later, id=COPY)
    await rig.inbox.receive([one, copy, two, three])
    assert "SEQUENCE_REUSED" == (await rig.reasons(KETANON))[0]
    return Topic(copy)


async def test_two_people_discard_it_at_once(
    rig: Rig, common_urls: ServiceUrls, topic: Topic
) -> None:
    """One of them does; the village is free, and counts nothing that waits."""
    other = await Database.open(common_urls.work, name="other")
    cleared = await asyncio.gather(
        *(person(rig, database, topic).discard("a") for database in (rig.database, other))
    )
    await other.close()

    assert 1 == sum(one.discarded for one in cleared)
    assert [] == await rig.waiting()
    assert [1, 2, 3] == await rig.effects(KETANON)


async def test_somebody_discards_it_by_its_id_meanwhile(rig: Rig, topic: Topic) -> None:
    """Who comes second has nothing to discard."""
    clearing = asyncio.create_task(person(rig, rig.database, topic).discard("a"))
    front = (await rig.parking.villages())[0]
    await eventually(topic.looking, 1)
    await rig.parking.discard(KETANON, parked_id=front["parked_id"], reason="x", actor="b")
    await topic.all_looked.wait()

    assert 0 == (await clearing).discarded
    assert [] == await rig.waiting()
    assert [1, 2, 3] == await rig.effects(KETANON)


async def test_a_count_below_zero_is_an_error(rig: Rig, topic: Topic) -> None:
    """A release that counts wrongly fails, and does not park a village for ever."""
    with pytest.raises(asyncpg.CheckViolationError):
        await rig.rows("UPDATE marks SET parked = parked - 4 RETURNING 1")
    with pytest.raises(asyncpg.CheckViolationError):
        await rig.rows("UPDATE marks SET held = held - 1 RETURNING 1")
