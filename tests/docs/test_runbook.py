"""The runbook knows every table, every reason and every metric, and no other."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/runbook.md").read_text()
CODE = [*ROOT.glob("libs/common/src/**/*.py"), *ROOT.glob("services/*/src/**/*.py")]
METRIC = re.compile(r'(?:Counter|Gauge|Histogram)\(\s*"(\w+)"')
NO_REASONS = {"NULL", "NO_USABLE_KEY"}
"""Words in capitals beside the codes: SQL's, and why a record is unroutable."""
CHECK = re.compile(r'health\.check\("(\w+)"')


def section(title: str) -> str:
    found = re.search(rf"^## {title}$(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def in_code(pattern: re.Pattern[str]) -> set[str]:
    return {found for file in CODE for found in pattern.findall(file.read_text())}


def tables(folder: str) -> set[str]:
    """The tables that a folder's migrations create; a partition is its parent's."""
    created = re.compile(r"CREATE TABLE (\w+) \(")
    files = (ROOT / folder).glob("**/migrations/*.sql")
    return {name for file in files for name in created.findall(file.read_text())}


def test_every_table_says_how_it_grows_and_what_is_kept() -> None:
    """A table that only grows is written down with its reason, before a disk says so."""
    everywhere, *services = re.split(
        r"^(?:Registry|Eligibility|Notifications):$", section("What grows"), flags=re.MULTILINE
    )
    folders = ("registry", "eligibility", "notifications")
    assert tables("libs/common") == named(everywhere)
    for folder, part in zip(folders, services, strict=True):
        assert tables(f"services/{folder}") == named(part), folder


def named(part: str) -> set[str]:
    """What stands in the first column of the part's table."""
    rows = re.findall(r"^\| (`[^|]+) \|", part, re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`(\w+)`", row)}


def test_every_readiness_check_has_its_row() -> None:
    """Whoever reads a reason in /ready finds it here."""
    assert in_code(CHECK) == named(section("Not ready"))


def test_every_metric_that_is_named_exists() -> None:
    """An alarm on a metric that was renamed would be silent for ever."""
    known = in_code(METRIC)
    asked = set(re.findall(r"`([a-z]+_[a-z_]+)(?:\{[^}]*\})?`", section("Alarms")))
    assert set() == asked - known


def test_every_reason_to_park_is_explained() -> None:
    """The table of reasons has every code that the inbox can give."""
    road = [ROOT / f"libs/common/src/common/{name}.py" for name in ("received", "road", "inbox")]
    text = "\n".join(file.read_text() for file in road)
    codes = set(re.findall(r'"([A-Z]{4,}(?:_[A-Z]+)*)"', text))
    assert set() == {code for code in codes if f"`{code}`" not in PAGE} - NO_REASONS
