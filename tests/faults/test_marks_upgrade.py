"""An upgrade of the real process: the type that the release before skipped is folded, once."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest
from common.clock import Clock
from common.database import Database
from common.events.registry import SosialisasiHeld
from common.ids import Ids
from common.inbox import Inbox
from common.sealing import Sealer
from eligibility.application import Certification
from eligibility.consumers import INPUTS
from support import earlier_release
from support.databases import TestDatabases
from support.histories import history
from support.marks_stage import eligibility_on, publish
from support.programme import Registry, sosialisasi, state
from support.streams import Record
from support.system import System
from support.waiting import eventually

pytestmark = [pytest.mark.stack, pytest.mark.faults, pytest.mark.timeout(240)]
VILLAGES = [f"35.05.15.2{n:03d}" for n in range(1, 41)]
EACH = 100
SKIPPED = "SELECT count(*) FROM skipped"


def stories() -> list[Record]:
    """Forty villages, each with a story and a hundred sosialisasi in it."""
    registry = Registry()
    return [
        record
        for n, village in enumerate(VILLAGES)
        for record in (
            *history(n, village, registry),
            *registry.tell(*[sosialisasi(village) for _ in range(EACH)], village=village),
        )
    ]


async def counted(system: System, query: str) -> int:
    [[found]] = await system.rows("eligibility", query)
    return int(found)


async def as_if_always_known(url: str, records: list[Record]) -> dict[str, Any]:
    """The state of a release that knows every type and receives it all in order."""
    database = await Database.open(url, name="reference", size=3)
    clock = Clock()
    effect = Certification(database, clock=clock, ids=Ids())
    await effect.install_default_rules()
    inbox = Inbox(database, inputs=INPUTS, effect=effect, clock=clock, sealer=Sealer(bytes(32)))
    await inbox.receive(records)
    try:
        return await state(database)
    finally:
        await database.close()


async def run_earlier_release(system: System, events: int) -> None:
    """A process that does not know the type consumes all there is, and ends."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, earlier_release.__file__, "eligibility", SosialisasiHeld.type),
        env=system.told | {"ELIGIBILITY_PARTS": "consumer"},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        marks = "SELECT coalesce(sum(n), 0) FROM marks, unnest(sequences) AS n"
        await eventually(lambda: counted(system, marks), events, within=60)
    finally:
        process.kill()
        await process.wait()


async def test_an_upgrade_killed_in_the_middle(
    tmp_path: Path, stack: Any, databases: TestDatabases
) -> None:
    """4,000 skipped events; the upgraded process is killed while it folds them, then two of it
    start at once: the state is that of a release that knew the type from the start.
    """
    records = stories()
    async with databases.fresh("eligibility") as urls:
        expected = await as_if_always_known(urls.work, records)
    async with eligibility_on(tmp_path, kafka=await stack.kafka(), databases=databases) as (
        system,
        urls,
    ):
        await publish(system, records)
        await run_earlier_release(system, len(records))
        skipped = await counted(system, SKIPPED)
        assert skipped >= len(VILLAGES) * EACH
        first, _ = system.processes.values()
        await first.start()
        while await counted(system, SKIPPED) == skipped:
            await asyncio.sleep(0.01)
        await first.kill()
        left = await counted(system, SKIPPED)
        await system.start()
        await eventually(lambda: counted(system, SKIPPED), 0, within=60)
        database = await Database.open(urls.work, name="test", size=1)
        try:
            found = await state(database)
        finally:
            await database.close()

        assert 0 < left < skipped
        for name, some in expected.items():
            assert some == found[name], name
        assert [] == system.fallen()
