"""How one part is kept running, shown with a part that fails on purpose."""

import os
import re
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from embedded.errors import StartFailedError
from embedded.part import Command
from embedded.supervisor import Supervisor
from running import until


class Feeble:
    """A shell script as a part: well as long as the file `well` is there."""

    name = "postgres"
    title = "Feeble"
    stop_signal = signal.SIGTERM

    def __init__(self, folder: Path, script: str) -> None:
        self.log = folder / "feeble.log"
        self._folder = folder
        self._script = script

    def command(self) -> Command:
        return Command(["/bin/sh", "-c", self._script], self._folder, {"PATH": os.defpath})

    def owns(self, arguments: list[str]) -> bool:
        return arguments[-1] == self._script

    async def prepare(self) -> None:
        self.log.touch()

    async def answers(self, pid: int) -> bool:
        return (self._folder / "well").exists()

    def passes(self, output: str) -> bool:
        return "passing trouble" in output


@pytest.fixture
async def supervisors() -> AsyncIterator[list[Supervisor]]:
    """Filled by the tests, stopped after them."""
    made: list[Supervisor] = []
    yield made
    for supervisor in made:
        await supervisor.stop()


async def test_trouble_that_passes_is_waited_out(
    tmp_path: Path, supervisors: list[Supervisor]
) -> None:
    script = (
        "if [ -e again ]; then touch well; exec sleep 60; fi;"
        " touch again; echo passing trouble; exit 1"
    )
    supervisors.append(Supervisor(Feeble(tmp_path, script), print))
    await supervisors[0].start()
    assert supervisors[0].pid


async def test_trouble_that_stays_is_reported_with_what_was_said(
    tmp_path: Path, supervisors: list[Supervisor]
) -> None:
    supervisors.append(Supervisor(Feeble(tmp_path, "echo no such luck; exit 4"), print))
    with pytest.raises(StartFailedError, match=r"(?s)Feeble ended with code 4.*no such luck"):
        await supervisors[0].start()


async def test_trouble_of_an_earlier_start_is_not_taken_for_this_one(
    tmp_path: Path, supervisors: list[Supervisor]
) -> None:
    (tmp_path / "feeble.log").write_text("passing trouble\n")
    supervisors.append(Supervisor(Feeble(tmp_path, "echo tried; exit 4"), print))
    with pytest.raises(StartFailedError):
        await supervisors[0].start()
    assert (tmp_path / "feeble.log").read_text().count("tried") == 1


async def test_a_part_that_keeps_dying_is_started_ever_less_often(
    tmp_path: Path, supervisors: list[Supervisor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("embedded.supervisor.SHORTEST_PAUSE", 0.1)
    monkeypatch.setattr("embedded.supervisor.LONGEST_PAUSE", 0.4)
    (tmp_path / "well").touch()
    said: list[str] = []
    supervisors.append(Supervisor(Feeble(tmp_path, "sleep 0.2; exit 1"), said.append))
    await supervisors[0].start()

    def pauses() -> list[str]:
        return re.findall(r"again in (\S+) s", "\n".join(said))

    await until(lambda: len(pauses()) >= 4, within=20, what="four restarts")
    assert pauses()[:4] == ["0.1", "0.2", "0.4", "0.4"]


async def test_a_part_deaf_to_its_signal_is_killed(
    tmp_path: Path, supervisors: list[Supervisor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("embedded.supervisor.STOP_PATIENCE", 0.3)
    script = "trap '' TERM; touch well; while :; do sleep 0.1; done"
    said: list[str] = []
    supervisors.append(Supervisor(Feeble(tmp_path, script), said.append))
    await supervisors[0].start()
    await supervisors[0].stop()
    with pytest.raises(StartFailedError, match="not running"):
        _ = supervisors[0].pid
    assert "is killed" in said[-1]
