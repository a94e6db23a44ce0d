"""A restored registry takes its place again: what is adopted is on the list of facts to enter."""

from __future__ import annotations

import csv
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from common.clock import Clock
from common.database import Database
from common.ids import Ids
from common.outbox import Outbox
from registry.advancing import Advancing, Unknown
from registry.stream_commands import Unwritable, noting, streams
from support.databases import ServiceUrls
from support.reconcile_rig import TOPIC, VILLAGES, ProducerRig, producer_rig
from support.streams import publish, sosialisasi, value_of
from typer.testing import CliRunner

EVENTS = 3


@pytest.fixture
async def restored(
    registry_urls: ServiceUrls, kafka: str, prefix: str
) -> AsyncIterator[ProducerRig]:
    """The topic holds events of two villages that the registry does not know."""
    async with producer_rig(registry_urls, kafka, prefix) as rig:
        for village in VILLAGES:
            for sequence in range(1, EVENTS + 1):
                value = value_of(sosialisasi(village), village=village, sequence=sequence)
                await publish(kafka, f"{prefix}{TOPIC}", (village.encode(), value))
        yield rig


def advancing_of(owner: Database, rig: ProducerRig) -> Advancing:
    outbox = Outbox(clock=Clock(), ids=Ids())
    return Advancing(owner, rig.published, outbox=outbox, clock=Clock())


def listed(*files: Path) -> list[tuple[str, int]]:
    rows = [row for file in files for row in csv.DictReader(file.read_text().splitlines())]
    return sorted((row["village"], int(row["sequence"])) for row in rows)


async def test_a_run_that_dies_leaves_its_list(
    owner: Database, restored: ProducerRig, tmp_path: Path
) -> None:
    """It dies between two villages: its file and that of the next run name every fact once."""
    first, second = tmp_path / "again.csv", tmp_path / "again-2.csv"
    advancing = advancing_of(owner, restored)

    with noting(first) as note:
        noted: list[str] = []

        def dies(unknown: Sequence[Unknown]) -> None:
            if noted:
                raise OSError("the disk is full")
            noted.append(unknown[0].village_key)
            note(unknown)

        with pytest.raises(OSError, match="the disk is full"):
            await advancing.advance(dry_run=False, note=dies)
        assert [(noted[0], n) for n in range(1, EVENTS + 1)] == listed(first), "on the disk by then"
    adopted = await restored.owner("SELECT DISTINCT village_key FROM events")
    assert noted == [row["village_key"] for row in adopted], "what has no row is not adopted"

    with noting(second) as note:
        done = await advancing.advance(dry_run=False, note=note)
    assert 1 == done.villages
    assert [(village, n) for village in VILLAGES for n in range(1, EVENTS + 1)] == listed(
        first, second
    )
    assert 0 == (await advancing.advance(dry_run=False)).villages


def test_a_list_is_never_written_over(tmp_path: Path) -> None:
    """A file that exists is refused, and one that cannot be made."""
    kept = tmp_path / "again.csv"
    kept.write_text("kept")

    with pytest.raises(Unwritable, match="exists"), noting(kept):
        pass
    with pytest.raises(Unwritable, match="cannot be written"), noting(tmp_path / "none" / "a.csv"):
        pass

    assert "kept" == kept.read_text()


def test_a_run_without_a_file_is_refused() -> None:
    """Before settings are read or anything is asked: its list would be lost."""
    result = CliRunner().invoke(streams, ["advance"])

    assert (2, True) == (result.exit_code, "--csv FILE" in result.output), result.output
