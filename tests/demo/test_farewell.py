"""What stands on the terminal at the end fits the day and the village at risk."""

from __future__ import annotations

import io
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from demo.clocks import WIB
from demo.farewell import AT_RISK, NIK, show_what_to_try
from demo.scenario import Scenario
from registry.domain.nik import parse_nik
from rich.console import Console

README = Path(__file__).parents[2] / "README.md"
NOW = datetime(2026, 11, 23, 9, 2, tzinfo=WIB)


def shown(standing: str, *, proposal: Any = None, grace_ends: str | None = None) -> str:
    village = {
        "name": "Ampelgading",
        "status": {"standing": standing},
        "proposal": proposal,
        "grace_ends": grace_ends,
    }
    stream = io.StringIO()
    show_what_to_try(Console(file=stream, width=100), NOW, village)
    return stream.getvalue()


def test_at_the_end_of_the_story_the_deadline_is_ahead() -> None:
    text = shown("TERANCAM", grace_ends="2027-01-12")
    assert "Senin, 23 November 2026, pukul 09.02 WIB" in text
    assert "Desa Ampelgading terancam" in text
    assert "make advance DAYS=60" in text
    assert NIK in text


@pytest.mark.parametrize(
    ("standing", "proposal", "says"),
    [
        ("TERANCAM", {"since": "2027-01-13"}, "penangguhan Desa Ampelgading diusulkan"),
        ("DITANGGUHKAN", None, "keadaan Desa Ampelgading kini"),
        ("BAIK", None, "keadaan Desa Ampelgading kini"),
    ],
)
def test_what_has_happened_is_not_advised(standing: str, proposal: Any, says: str) -> None:
    text = shown(standing, proposal=proposal, grace_ends="2027-01-12" if proposal else None)
    assert says in text
    assert "DAYS=" not in text


def test_the_village_is_of_the_story_and_the_nik_is_taken() -> None:
    assert AT_RISK == Scenario.load().villages["Ampelgading"].code
    assert NIK == parse_nik(NIK, demo=True).digits
    assert NIK in README.read_text()
