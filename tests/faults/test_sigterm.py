"""A service that is asked to stop finishes what it has begun, within 10 s."""

from __future__ import annotations

import asyncio

import pytest
from support.reckoning import unrest
from support.system import SERVICES, STOP_SECONDS, System, in_villages
from support.waiting import eventually
from support.writers import Branch, Residents

pytestmark = [pytest.mark.stack, pytest.mark.faults, pytest.mark.timeout(180)]

VILLAGES = in_villages("35.05.15", range(1, 5))
WRITERS = 6
RUNS = 2.0
"""Seconds under load before each stop."""


async def test_each_stops_under_load_and_nothing_is_lost(system: System) -> None:
    """Exit code 0 within 10 s, twice each; every acknowledged write has its effect once."""
    before = await counts(system)
    branch = Branch(system, seed=7)
    taken: list[tuple[str, int, float]] = []
    async with asyncio.TaskGroup() as group:
        for n in range(WRITERS):
            writer = Residents(branch, "stopped", n)
            group.create_task(writer.write(VILLAGES))
        for service in SERVICES * 2:
            await asyncio.sleep(RUNS)
            taken.append((service, *await system.processes[service].stop()))
            await system.processes[service].start()
        branch.enough.set()
    await branch.close()
    await eventually(lambda: unrest(system), {}, within=60)

    assert [] == [stop for stop in taken if stop[1] != 0 or stop[2] > STOP_SECONDS]
    assert branch.account.deeds["RECORD_ENROLLMENT"] > WRITERS
    after = await counts(system)
    account = branch.account
    assert {v: (account.persons[v], account.bpu[v]) for v in VILLAGES} == {
        v: (after[v][0] - before[v][0], after[v][1] - before[v][1]) for v in VILLAGES
    }


async def counts(system: System) -> dict[str, tuple[int, int]]:
    """Persons and own-account memberships of each village, as eligibility counts."""
    rows = await system.rows("eligibility", "SELECT village_key, persons, bpu FROM villages")
    return {row[0]: (row[1], row[2]) for row in rows}
