"""`make advance` refuses what it cannot do, in Bahasa Indonesia, and moves nothing then."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from demo.__main__ import app
from demo.advancing import Advance, NoAim, aim_of
from demo.clocks import WIB
from rich.console import Console
from typer.testing import CliRunner

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=WIB)


class Standing:
    """Services whose time is read; any other call fails the test."""

    async def get(self, service: str, path: str) -> dict[str, Any]:
        assert "/clock" == path, (service, path)
        return {"now": NOW.isoformat()}


async def no_mails() -> list[Any]:
    return []


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--days=3", "--until=2027-03-01"], "Pilih salah satu: DAYS atau UNTIL"),
        (["--days=tiga"], "DAYS harus berupa bilangan 0 sampai 3660"),
        (["--days=nan"], "DAYS harus berupa bilangan"),
        (["--days=-1"], "DAYS harus berupa bilangan"),
        (["--until=besok"], "UNTIL harus berupa tanggal YYYY-MM-DD"),
        (["--until=2027-02-30"], "UNTIL harus berupa tanggal YYYY-MM-DD"),
    ],
)
def test_what_says_no_moment_is_refused(
    options: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEMO_HOME", str(tmp_path))
    done = CliRunner().invoke(app, ["advance", *options])
    assert (2, True) == (done.exit_code, says in done.output), done.output


@pytest.mark.parametrize("day", ["2020-01-01", "2026-11-23"])
async def test_a_moment_that_has_passed_is_refused(day: str) -> None:
    """Also 09.00 of today, at half past nine."""
    ahead = Advance(Standing(), mailbox=no_mails, console=Console())  # type: ignore[arg-type]
    aim = aim_of("", day)
    assert isinstance(aim, datetime)
    with pytest.raises(NoAim, match=r"sudah lewat: sekarang Senin, 23 November 2026"):
        await ahead.until(aim)


@pytest.mark.parametrize("asked", [("", "2207-03-01"), ("3660", "")], ids=["until", "days"])
async def test_a_moment_too_far_ahead_is_refused(
    asked: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything has moved: the way there cannot be gone back."""
    monkeypatch.setattr(f"{__name__}.NOW", datetime.now(WIB) + timedelta(days=1))
    ahead = Advance(Standing(), mailbox=no_mails, console=Console())  # type: ignore[arg-type]
    aim = aim_of(*asked)
    with pytest.raises(NoAim, match="paling jauh sampai"):
        await (ahead.until(aim) if isinstance(aim, datetime) else ahead.by_days(aim))


def test_days_a_day_or_neither() -> None:
    """What make gives for a variable that is not set is empty."""
    assert timedelta(hours=12) == aim_of("0.5", "")
    assert datetime(2027, 3, 1, 9, tzinfo=WIB) == aim_of("", "2027-03-01")
    assert aim_of("", "") is None
