"""The comparison of every night: once, by the process that leads, tried again when it could not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from common.differences import Difference, Differences, Place
from common.process import Backoff
from common.reconciling import Nightly, NotCompared, Reconciler, due_before
from common.topic_streams import Telling, silent
from prometheus_client import REGISTRY
from structlog.testing import capture_logs
from support.databases import ServiceUrls
from support.programme import SteadyClock
from support.reconcile_rig import ProducerRig, producer_rig
from support.streams import KETANON
from support.waiting import eventually

EVENING = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
"""21:00 in Jakarta."""
NIGHT = datetime(2026, 3, 2, 19, 0, tzinfo=UTC)
"""02:00 in Jakarta."""


@dataclass
class Counting:
    """A comparison that finds what it is told to, and counts how often it was asked."""

    times: int = 0
    differs: bool = False
    behind: bool = False

    async def check(self, found: Differences, tell: Telling = silent) -> None:
        tell("nothing", 0, 0)
        self.times += 1
        if self.differs:
            found.add(Difference(Place.MARK, KETANON, "registry.outreach", 7, 7, "7", "6", "look"))
        if self.behind:
            found.undone.append("marks not compared")
            found.again = True

    async def asked(self) -> int:
        return self.times


@dataclass
class Nights:
    """The part of one process, turned by hand."""

    producer: ProducerRig
    reconciler: Reconciler
    nightly: Nightly
    clock: SteadyClock
    counting: Counting
    leads: bool = True

    async def at(self, moment: datetime) -> int:
        """Look at a moment; how often it has compared by then."""
        self.clock.go_to(moment)
        await self.nightly.once()
        return self.counting.times

    async def done(self) -> int:
        """Nights that are over."""
        query = "SELECT count(*) FROM emitted WHERE kind = 'reconcile'"
        return int((await self.producer.owner(query))[0][0])


@pytest.fixture
async def nights(common_urls: ServiceUrls, kafka: str, prefix: str) -> AsyncIterator[Nights]:
    async with producer_rig(common_urls, kafka, prefix) as producer:
        clock, counting = SteadyClock(EVENING), Counting()

        def leading() -> bool:
            return made.leads

        reconciler = Reconciler("registry", producer.published, (counting,))
        nightly = Nightly(
            reconciler,
            producer.database,
            clock,
            leading=leading,
            every=0.02,
            backoff=Backoff(0.02, 0.02),
        )
        made = Nights(producer, reconciler, nightly, clock, counting)
        yield made


@pytest.mark.parametrize(
    ("now", "due"),
    [
        (NIGHT - timedelta(seconds=1), NIGHT - timedelta(days=1)),
        (NIGHT, NIGHT),
        (NIGHT + timedelta(hours=23), NIGHT),
    ],
)
def test_it_is_due_at_two_in_jakarta(now: datetime, due: datetime) -> None:
    """By business time."""
    assert due == due_before(now)


async def test_once_a_night_also_after_a_restart(nights: Nights) -> None:
    """A new system waits for its first night; each night is done once, by whoever leads then."""
    assert 0 == await nights.at(EVENING)
    assert 1 == await nights.at(NIGHT + timedelta(minutes=5))
    assert 1 == await nights.at(NIGHT + timedelta(hours=20))
    assert 2 == await nights.at(NIGHT + timedelta(days=1))

    restarted = Nightly(
        nights.reconciler, nights.producer.database, nights.clock, leading=lambda: True
    )
    await restarted.once()
    assert 2 == nights.counting.times
    nights.clock.go_to(NIGHT + timedelta(days=5))
    await restarted.once()
    assert 3 == nights.counting.times, "missed nights are one comparison"


async def test_only_the_leader_compares(nights: Nights) -> None:
    """A second process of the service does not do it again."""
    nights.leads = False
    assert 0 == await nights.at(EVENING)
    assert 0 == await nights.at(NIGHT)


async def test_what_differs_is_an_alarm_and_a_gauge(nights: Nights) -> None:
    """Named by village and sequence in the log, counted by place, with the time it was done."""
    nights.counting.differs = True
    await nights.at(EVENING)
    with capture_logs() as logged:
        await nights.at(NIGHT)

    alarms = [line["difference"] for line in logged if line["event"] == "alarm: reconcile"]
    assert [f"mark: {KETANON} registry.outreach 7: expected 7, found 6. Do: look"] == alarms

    assert 1 == REGISTRY.get_sample_value("reconcile_differences", {"place": "mark"})
    assert 0 == REGISTRY.get_sample_value("reconcile_differences", {"place": "topic"})
    assert REGISTRY.get_sample_value("reconcile_last_seconds")


async def test_what_could_not_be_compared_is_tried_again(nights: Nights) -> None:
    """A consumer that is behind is no difference; the night is not over before it was compared."""
    nights.counting.behind = True
    await nights.at(EVENING)
    with pytest.raises(NotCompared):
        await nights.at(NIGHT)
    stop = asyncio.Event()
    running = asyncio.create_task(nights.nightly.run(stop))
    await eventually(nights.counting.asked, 2)
    nights.counting.behind = False
    await eventually(nights.done, 1)
    stop.set()
    await running

    assert nights.counting.times == await nights.at(NIGHT + timedelta(hours=1))
