"""When consuming stops for all, for whom it goes on, and how a person lets it go on."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from common.events import topics
from support.inbox_rig import Rig
from support.streams import Offsets, sosialisasi
from support.waiting import eventually

pytestmark = pytest.mark.stack
VILLAGES = [f"33.26.{k:02}.2{n:03}" for k in range(1, 5) for n in range(1, 11)]


def broken(offsets: Offsets, villages: list[str]):
    return [offsets.raw(topics.REGISTRY_OUTREACH, v.encode(), b"no event") for v in villages]


def some(offsets: Offsets, villages: list[str], sequence: int):
    return [offsets.record(sosialisasi(v), village=v, sequence=sequence) for v in villages]


async def parked(rig: Rig) -> int:
    return len(await rig.rows("SELECT DISTINCT village_key FROM parked"))


async def test_a_batch_that_comes_again_is_no_further_failure(rig: Rig) -> None:
    """Twenty villages may park; the same twenty, delivered three times, are still twenty."""
    batch = broken(Offsets(), VILLAGES[:20])
    for _ in range(3):
        async with asyncio.timeout(10):
            await rig.inbox.receive(batch)

    assert 20 == await parked(rig)
    assert await rig.inbox.stopped() is None


async def test_a_busy_village_does_not_raise_the_limit(rig: Rig) -> None:
    """What is counted are villages: thirty batches of the same forty are forty villages."""
    offsets = Offsets()
    for sequence in range(1, 31):
        await rig.inbox.receive(some(offsets, VILLAGES, sequence))
    receiving = asyncio.create_task(rig.inbox.receive(broken(offsets, VILLAGES[:21])))
    await eventually(
        rig.inbox.stopped,
        "consuming stopped: UNDECODABLE: 21 villages within a minute, 20 allowed",
    )
    await rig.parking.resume(park_for=timedelta(minutes=1))
    await receiving

    assert 21 == await parked(rig)


async def test_a_stop_is_for_all_members(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """One member stops; the other takes nothing more, and both go on after one resume."""
    monkeypatch.setattr("common.systemic.GATE_SECONDS", 0.05)
    offsets, other = Offsets(), rig.member()
    failing = asyncio.create_task(rig.inbox.receive(broken(offsets, VILLAGES[:21])))
    await eventually(rig.stopped, True)
    waiting = asyncio.create_task(other.receive(some(offsets, VILLAGES[30:], 1)))
    done, _ = await asyncio.wait({failing, waiting}, timeout=0.5)
    assert set() == done
    assert [] == await rig.rows("SELECT FROM effects")
    await rig.parking.resume(park_for=timedelta(minutes=1))
    async with asyncio.timeout(10):
        await asyncio.gather(failing, waiting)

    assert 10 == len(await rig.rows("SELECT FROM effects"))
    assert 21 == await parked(rig)


async def test_leave_to_park_ends_by_itself(rig: Rig) -> None:
    """A person allowed it for some minutes; what fails after them stops consuming again."""
    offsets = Offsets()
    await rig.parking.resume(park_for=timedelta(minutes=5))
    await rig.inbox.receive(broken(offsets, VILLAGES[:25]))
    assert 25 == await parked(rig)
    await rig.rows("UPDATE parking_allowed SET until = until - interval '5 minutes' RETURNING 1")
    receiving = asyncio.create_task(rig.inbox.receive(broken(offsets, VILLAGES[25:])))
    await eventually(rig.stopped, True)
    rig.inbox.close()
    await asyncio.wait({receiving})

    assert 25 == await parked(rig)
    assert isinstance(receiving.exception(), OSError)
