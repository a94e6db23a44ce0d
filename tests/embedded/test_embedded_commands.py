"""The command line: up, status, down, and what they say."""

import asyncio
import sys
from pathlib import Path

import pytest
from running import CommandLine, running_on, until

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120)]

NOTHING = {"kafka": [], "postgres": []}


async def _ask(*words: str) -> tuple[int | None, str]:
    asked = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "embedded", *words,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await asyncio.wait_for(asked.communicate(), 60)
    return asked.returncode, output.decode()


async def test_up_status_down(home: Path) -> None:
    assert (await _ask("status", "--home", str(home)))[0] == 3
    line = CommandLine(home)
    await line.up()
    addresses = await line.healthy()
    assert line.process is not None
    code, said = await _ask("status", "--home", str(home))
    assert code == 0
    assert f"Process {line.process.pid}" in said
    password = (home / "postgres.password").read_text()
    for text in (said, line.output.read_text()):
        assert addresses.kafka in text
        assert addresses.mail_page in text
        assert password not in text
    assert await _ask("down", "--home", str(home)) == (0, "Stopped.\n")
    assert await asyncio.wait_for(line.process.wait(), 10) == 0
    assert "the data is kept" in line.output.read_text()
    assert running_on(home) == NOTHING
    assert (await _ask("down", "--home", str(home)))[1] == f"Nothing runs on {home}.\n"


async def test_what_a_killed_run_left_is_told_and_ended_by_down(home: Path) -> None:
    line = CommandLine(home)
    await line.up()
    await line.healthy()
    await line.kill()
    (left,) = running_on(home)["kafka"]
    code, said = await _ask("status", "--home", str(home))
    assert code == 3
    assert str(left) in said
    code, said = await _ask("down", "--home", str(home))
    assert code == 0
    assert f"ending process {left}" in said
    assert running_on(home) == NOTHING


async def test_stopping_while_it_starts_leaves_nothing(home: Path) -> None:
    line = CommandLine(home)
    await line.up()
    await until(lambda: home.is_dir() and running_on(home) != NOTHING, within=30, what="a part")
    assert await line.end() == 0
    assert running_on(home) == NOTHING
