"""The registry's database really restored to an earlier moment: dumped, written on, restored,
written on again, and taken back into its streams while the consumers go on.
"""

from __future__ import annotations

import asyncio
import csv
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest
from embedded.postgres_binaries import find_binaries
from support.databases import TestDatabases
from support.system import SERVICES, System, in_villages, system_on
from support.waiting import eventually
from support.writers import Branch, Writer

pytestmark = [pytest.mark.stack, pytest.mark.faults, pytest.mark.timeout(600)]

LOST, REUSED, QUIET, AFTER = VILLAGES = in_villages("35.05.15", range(1, 5))
RECORDED_SINCE = """SELECT topic, village_key, sequence FROM events WHERE event_id > $1
ORDER BY topic, village_key, sequence"""
COUNTERS = "SELECT village_key, topic, last_sequence FROM streams ORDER BY 1, 2"


@pytest.fixture
async def system(tmp_path: Path, databases: TestDatabases, stack: Any) -> AsyncIterator[System]:
    kafka = await stack.kafka()
    async with system_on(tmp_path, kafka=kafka, databases=databases, villages=VILLAGES) as started:
        yield started


async def postgres_program(name: str, *words: str) -> None:
    """Run a program of Postgres to its end."""
    process = await asyncio.create_subprocess_exec(
        find_binaries() / name, *words, stderr=asyncio.subprocess.PIPE
    )
    _, complaint = await asyncio.wait_for(process.communicate(), 60)
    assert 0 == process.returncode, complaint.decode()


class Branches:
    """What branch offices record, and what was acknowledged."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.branch = Branch(system, 7)
        self.writer = Writer(self.branch, "restore")

    async def inform(self, village: str) -> None:
        body = {"effective_on": self.branch.today.isoformat(), "organiser": "BRANCH_OFFICE"}
        await self.writer.post("HOLD_SOSIALISASI", f"/villages/{village}/sosialisasi", body)

    async def enroll(self, village: str) -> None:
        await self.writer.enroll(village, self.branch.new_nik(), self.branch.today, segment="BPU")


async def heard(system: System) -> bool:
    """Whether eligibility has passed everything that the registry has recorded."""
    counters = {(row[0], row[1]): row[2] for row in await system.rows("registry", COUNTERS)}
    async with system.client("eligibility") as client:
        page = (await client.get("/marks", params={"limit": "1000"})).json()["marks"]
    marks = {(m["village_key"], t): n for m in page for t, n in m["sequences"].items()}
    return all(marks.get(stream) == last for stream, last in counters.items())


async def parked(system: System) -> list[str]:
    query = "SELECT village_key FROM parked WHERE reason = 'SEQUENCE_REUSED' ORDER BY parked_id"
    return sorted({row[0] for row in await system.rows("eligibility", query)})


async def command(system: System, service: str, *words: str) -> tuple[int | None, str]:
    """Run a command that reads whole topics, and may wait a minute for a consumer, to its end."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", service, *words),
        env=system.told | {"COLUMNS": "250"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await asyncio.wait_for(process.communicate(), 150)
    return process.returncode, output.decode()


async def reconciled(system: System) -> list[str]:
    """What `reconcile` of all three services says."""
    said = []
    for service in SERVICES:
        code, printed = await command(system, service, "reconcile")
        assert (code == 0) == (not printed), printed
        said += printed.splitlines()
    return said


async def restore(system: System, databases: TestDatabases, dump: Path) -> None:
    """Put the registry's database back to what it was when it was dumped."""
    owner = system.footing.urls["registry"].owner
    name = urlsplit(owner).path.lstrip("/")
    connection = await asyncpg.connect(databases.postgres, timeout=10)
    try:
        await connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        await connection.execute(f'CREATE DATABASE "{name}" OWNER registry_owner')
    finally:
        await connection.close()
    await postgres_program("pg_restore", "--single-transaction", f"--dbname={owner}", str(dump))


async def test_a_restored_registry_takes_its_place_again(
    system: System, databases: TestDatabases, tmp_path: Path
) -> None:
    """Nothing that was acknowledged after the restore is lost, no other village waits, and all is
    equal at the end.
    """
    offices = Branches(system)
    try:
        await story(system, databases, tmp_path, offices)
    finally:
        await offices.branch.close()


async def story(
    system: System, databases: TestDatabases, tmp_path: Path, offices: Branches
) -> None:
    registry = system.processes["registry"]
    for village in VILLAGES:
        await offices.inform(village)
        await offices.enroll(village)
    await eventually(lambda: heard(system), True, within=60)
    dump = tmp_path / "registry.dump"
    owner = system.footing.urls["registry"].owner
    [[dumped_at]] = await system.rows("registry", "SELECT max(event_id) FROM events")
    await postgres_program("pg_dump", "--format=custom", f"--file={dump}", owner)

    for village in (LOST, REUSED):
        await offices.inform(village)
        await offices.enroll(village)
    await eventually(lambda: heard(system), True, within=60)
    lost = await system.rows("registry", RECORDED_SINCE, dumped_at)
    await registry.stop()
    await restore(system, databases, dump)
    await registry.start()
    await system.ready("registry")

    for _ in range(3):
        await offices.inform(REUSED)
    await offices.enroll(REUSED)
    await offices.inform(AFTER)
    await eventually(lambda: parked(system), [REUSED], within=60)
    assert [] != await reconciled(system)

    file = tmp_path / "again.csv"
    code, printed = await command(system, "registry", "streams", "advance", "--csv", str(file))
    assert (1, True) == (code, "a relay of the registry leads" in printed), printed
    await registry.stop()
    would = tmp_path / "would.csv"
    dry = await command(system, "registry", "streams", "advance", "--dry-run", "--csv", str(would))
    told = rows_of(would)
    code, printed = await command(system, "registry", "streams", "advance", "--csv", str(file))
    assert (0, 0) == (dry[0], code), printed
    assert told == rows_of(file), "the dry run said what would be done"
    assert [tuple(row.values()) for row in lost] == sorted(
        (row["topic"], row["village"], int(row["sequence"])) for row in told
    )
    assert (0, True) == await again(system, tmp_path / "again-2.csv")

    await registry.start()
    await system.ready("registry")
    for service in ("eligibility", "notifications"):
        code, printed = await command(
            system, service, "parked", "discard-withdrawn", "--actor", "petugas"
        )
        assert 0 == code, printed
    await offices.inform(REUSED)
    await offices.inform(LOST)
    await eventually(lambda: heard(system), True, within=60)

    assert [] == await reconciled(system)
    assert [] == await parked(system)
    facts = await system.rows(
        "eligibility", "SELECT village_key, count(*) FROM facts WHERE type = 'sosialisasi_held' "
        "GROUP BY 1 ORDER BY 1"
    )  # fmt: skip
    assert {LOST: 3, REUSED: 6, QUIET: 1, AFTER: 2} == {row[0]: row[1] for row in facts}


def rows_of(file: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(file.read_text().splitlines()))


async def again(system: System, file: Path) -> tuple[int | None, bool]:
    """A second `advance` finds nothing to do."""
    code, printed = await command(system, "registry", "streams", "advance", "--csv", str(file))
    return code, printed.startswith("0 villages; 0 events")
