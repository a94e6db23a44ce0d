"""`registry areas load --file`: shows, asks, publishes, and refuses what looks wrong."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from click.testing import Result
from common.database import Database
from edition_files import NEWER, Files
from registry.__main__ import app as command_line
from registry.areas.edition import Edition
from registry_api import WONOPRINGGO
from support.databases import ServiceUrls
from typer.testing import CliRunner


@pytest.fixture
def folder(
    registry_urls: ServiceUrls,
    known_areas: Edition,
    secrets_dir: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """An edition in which one village has another name; the command's settings are the test's."""
    for name, value in {
        "MODE": "test",
        "KAFKA": "127.0.0.1:1",
        "SECRETS_DIR": str(secrets_dir),
        "REGISTRY_OWNER_URL": registry_urls.owner,
        "REGISTRY_APP_URL": registry_urls.app,
        "REGISTRY_WORK_URL": registry_urls.work,
        "REGISTRY_PORT": "18101",
    }.items():
        monkeypatch.setenv(name, value)
    files = Files.of(known_areas)
    files.villages[WONOPRINGGO] = "Wonopringgo Baru"
    return files.write(tmp_path / "newer")


async def load(folder: Path, *options: str, answer: str = "") -> Result:
    words = ["areas", "load", "--file", str(folder), *options]
    return await asyncio.to_thread(CliRunner().invoke, command_line, words, input=answer)


async def test_it_asks_before_it_publishes(folder: Path, owner: Database):
    """The table first; no is no, yes publishes, and again there is nothing to publish."""
    refused = await load(folder, answer="n\n")
    before = await names(owner)
    accepted = await load(folder, answer="y\n")
    again = await load(folder)

    assert "Wonopringgo -> Wonopringgo Baru" in refused.output
    assert (1, "Wonopringgo") == (refused.exit_code, before)
    assert (0, "Wonopringgo Baru") == (accepted.exit_code, await names(owner))
    assert f"{NEWER['name']} is loaded" in accepted.output
    assert "nothing to publish" in again.output


async def names(owner: Database) -> str:
    async with owner.transaction() as connection:
        name: str = await connection.fetchval(
            "SELECT name FROM villages WHERE village_key = $1", WONOPRINGGO
        )
    return name


async def test_what_looks_wrong_needs_force(folder: Path, known_areas: Edition, owner: Database):
    """A file that lost most of its villages, one of a day to come, and one that is old."""
    few = Files.of(known_areas)
    few.villages = dict(list(few.villages.items())[:10])
    broken = await load(few.write(folder), "--yes")
    early, old = Files.of(known_areas), Files.of(known_areas)
    early.about = {"name": "Nanti", "effective_on": "2199-01-01"}
    future = await load(early.write(folder), "--yes")
    old.about = {"name": "Lama", "effective_on": "2020-01-01"}
    older = await load(old.write(folder), "--yes")
    forced = await load(old.write(folder), "--yes", "--force")

    assert [1, 1, 1, 0] == [one.exit_code for one in (broken, future, older, forced)]
    assert "load it then" in future.output
    assert "nothing says what became of them" in broken.output
    assert "is older than what is loaded" in older.output
    assert "Wonopringgo" == await names(owner)


async def test_faults_are_named_one_a_line(folder: Path):
    """Without a trace, and with where to look."""
    (folder / "districts.csv").write_text("code,name\n", "utf-8")

    broken = await load(folder)
    missing = await load(folder / "nowhere")
    file = await load(folder / "districts.csv")

    assert (1, 1, 1) == (broken.exit_code, missing.exit_code, file.exit_code)
    assert "is a file; name the folder with edition.json" in " ".join(file.output.split())
    assert "districts.csv: the first line is 'code,name'" in broken.output
    assert "edition.json is missing" in missing.output


async def test_changes_that_are_no_csv_are_refused(folder: Path):
    """A cell without end, a spreadsheet by mistake: what is wrong, and no stack trace."""
    changes = folder / "changes.csv"
    for content, reason in (
        (b"old,new,what\n" + b"x" * 140_000, "field larger than field limit"),
        (b"\xff", "changes.csv is not UTF-8 at byte 0"),
    ):
        changes.write_bytes(content)
        refused = await load(folder, "--changes", str(changes))
        assert (1, True) == (refused.exit_code, reason in refused.output), refused.exception
