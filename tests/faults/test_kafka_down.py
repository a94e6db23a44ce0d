"""Kafka is away: facts are recorded all the same, and flow when it is back."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import pytest
from common.kafka import build_consumer
from embedded.stack import Stack
from support.reckoning import streams, unrest
from support.system import READY, SERVICES, STOP_SECONDS, System, in_villages
from support.waiting import eventually

pytestmark = [pytest.mark.stack, pytest.mark.faults, pytest.mark.timeout(180)]

UNCONNECTED = {"ready": False, "reasons": {"consumer": "not connected to Kafka yet"}}
VILLAGES = in_villages("35.05.15", range(1, 5))


@pytest.fixture
async def away(own_stack: Stack) -> Stack:
    """Kafka, dead."""
    await own_stack.kill("kafka")
    return own_stack


async def test_writes_are_taken_and_flow_when_it_is_back(system: System, away: Stack) -> None:
    """201 with positions, registry ready, eligibility answers; afterwards every position is met."""
    before = sum((await streams(system, "registry")).values())
    positions = [
        await hold(system, village, f"away/{village}/{n}") for n in range(5) for village in VILLAGES
    ]
    assert READY == await system.readiness("registry")
    async with system.client("eligibility") as client:
        act = await client.post(
            f"/villages/{VILLAGES[0]}/acts",
            json={
                "act": "CALON",
                "number": "B/1",
                "effective_on": "2026-03-02",
                "signing_office": "Kantor Cabang",
            },
            headers={"Idempotency-Key": "away"},
        )
        assert 201 == act.status_code, act.text
        late = await client.get(
            f"/villages/{VILLAGES[0]}", params={"wait_for": positions[-4], "timeout": 0.5}
        )
    assert 504 == late.status_code
    assert {"unpublished registry", "unpublished eligibility"} <= (await unrest(system)).keys()

    await away.restart("kafka")

    await eventually(lambda: unrest(system), {}, within=60)
    assert before + len(positions) == sum((await streams(system, "registry")).values())
    async with system.client("eligibility") as client:
        for village, position in zip(VILLAGES, positions[-4:], strict=True):
            answer = await client.get(f"/villages/{village}", params={"wait_for": position})
            assert (200, None) == (answer.status_code, answer.json()["stale_since"])
        nominated = (await client.get(f"/villages/{VILLAGES[0]}")).json()["status"]
    assert "CALON" == nominated["stage"]


async def test_services_stop_and_start_without_it(system: System, away: Stack) -> None:
    """SIGTERM ends each cleanly within 10 s; started again it works as far as it can, and says
    what it lacks; nobody has to start it a third time when Kafka is back.
    """
    await hold(system, VILLAGES[0], "waits in the outbox")
    for service in SERVICES:
        code, seconds = await system.processes[service].stop()
        assert (0, True) == (code, seconds < STOP_SECONDS), f"{service}: {code}, {seconds:.1f} s"
        await system.processes[service].start()

    await system.ready("registry")
    for service in ("eligibility", "notifications"):
        await eventually(partial(system.readiness, service), UNCONNECTED, within=30)
    await hold(system, VILLAGES[0], "started without")

    await away.restart("kafka")

    for service in SERVICES:
        await system.ready(service)
    await eventually(lambda: unrest(system), {}, within=60)


async def test_a_consumers_stop_is_no_cancellation(system: System) -> None:
    """The client cancels its own fetches when it stops; that does not reach the caller."""
    reader = build_consumer(system.footing.kafka, client="tests")
    await reader.start()
    never = asyncio.create_task(asyncio.sleep(60))
    fetcher: Any = reader._fetcher
    fetcher._pending_tasks.add(never)
    await asyncio.sleep(0)

    await reader.stop()

    assert never.cancelled()


async def hold(system: System, village: str, key: str) -> str:
    """A sosialisasi recorded; its position."""
    async with system.client("registry") as client:
        answer = await client.post(
            f"/villages/{village}/sosialisasi",
            json={"effective_on": "2026-03-02", "organiser": "BRANCH_OFFICE"},
            headers={"Idempotency-Key": key},
        )
    assert 201 == answer.status_code, answer.text
    position: str = answer.headers["Event-Position"]
    return position
