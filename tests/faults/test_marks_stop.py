"""The systemic stop of real processes: two members, kill -9, and what a person types."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from common.systemic import PARKED_FLOOR
from support.databases import TestDatabases
from support.marks_stage import eligibility_on, publish
from support.programme import Registry, known, sosialisasi
from support.streams import Record
from support.system import READY, System
from support.waiting import eventually

pytestmark = [pytest.mark.stack, pytest.mark.faults, pytest.mark.timeout(180)]
VILLAGES = [f"35.05.15.2{n:03d}" for n in range(1, 31)]
BAD, GOOD = VILLAGES[:25], VILLAGES[25:]


def told(registry: Registry, village: str, *, bad: bool) -> Record:
    """A sosialisasi; its date is a word when it is bad."""
    [record] = registry.tell(sosialisasi(village), village=village)
    assert record.value is not None
    value = record.value.replace(b"2026-01-05", b"kemarin") if bad else record.value
    return Record(record.topic, record.key, value)


async def reasons(system: System) -> dict[str, str]:
    """Why eligibility is not ready, without the numbers."""
    found: dict[str, Any] = await system.readiness("eligibility") or {"reasons": {"api": "away"}}
    return {name: text.split(":")[0] for name, text in found["reasons"].items()}


async def number(system: System, query: str) -> int:
    [[found]] = await system.rows("eligibility", query)
    assert isinstance(found, int)
    return found


async def test_a_stop_outlives_its_processes(
    tmp_path: Path, stack: Any, databases: TestDatabases
) -> None:
    """25 villages break their schema: both members stop and say so, also after kill -9; a resume
    stops again as long as nothing is mended; with leave to park, those 25 park and 5 go on.
    """
    registry = Registry()
    stopped = {"inbox": "consuming stopped"}
    facts = "SELECT count(*) FROM facts WHERE type = 'sosialisasi_held'"
    async with eligibility_on(tmp_path, kafka=await stack.kafka(), databases=databases) as (
        system,
        _,
    ):
        await system.start()
        await publish(system, [r for v in VILLAGES for r in registry.tell(known(v), village=v)])
        await eventually(lambda: number(system, "SELECT count(*) FROM villages"), len(VILLAGES))
        await publish(system, [told(registry, village, bad=True) for village in BAD])
        await eventually(lambda: reasons(system), stopped)
        parked = await number(system, "SELECT count(DISTINCT village_key) FROM parked")
        assert parked <= PARKED_FLOOR

        for process in system.processes.values():
            await process.kill()
        await publish(system, [told(registry, village, bad=False) for village in GOOD])
        for process in system.processes.values():
            await process.start()
        await eventually(lambda: reasons(system), stopped, within=60)
        assert 0 == await number(system, facts)

        code, printed = await system.command("eligibility", "parked", "resume")
        assert (0, True) == (code, "IMPOSSIBLE" in printed), printed
        await eventually(lambda: reasons(system), stopped)
        # What fitted under the limit in other batches may be parked, and no village more.
        again = await number(system, "SELECT count(DISTINCT village_key) FROM parked")
        assert parked <= again <= PARKED_FLOOR

        code, printed = await system.command(
            "eligibility", "parked", "resume", "--park-minutes", "5"
        )
        assert 0 == code, printed
        await eventually(lambda: number(system, facts), len(GOOD))
        await eventually(lambda: system.readiness("eligibility"), READY)
        assert len(BAD) == await number(system, "SELECT count(DISTINCT village_key) FROM parked")
        assert [] == system.fallen()
