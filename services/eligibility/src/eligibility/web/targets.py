"""What was aimed at in the whole country: dated data with their sources."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from importlib import resources
from typing import Any


@dataclass(frozen=True, slots=True)
class Target:
    """What was aimed at, by whom it was said and when."""

    year: int
    figure: int | None
    of: str
    text: str
    as_of: date
    source: str


def read_targets() -> tuple[Target, ...]:
    """The national targets as they were announced: dated data with their sources."""
    text = (resources.files("eligibility.web") / "data" / "targets.json").read_text("utf-8")
    rows: list[dict[str, Any]] = json.loads(text)
    return tuple(Target(**{**row, "as_of": date.fromisoformat(row["as_of"])}) for row in rows)
