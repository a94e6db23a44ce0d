"""What happened is said in words that a reader without the log understands."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import UUID

from eligibility.storage.feed import Happening
from eligibility.web.happenings import said

FACE = {
    "eligibility": "NOT_ELIGIBLE",
    "stage": "TERDAFTAR",
    "title": "NONE",
    "standing": "NONE",
}


def happening(reasons: list[dict], **changed: str) -> Happening:
    at = datetime(2026, 11, 23, 2, tzinfo=UTC)
    return Happening(
        UUID(int=1), at, "STATUS", date(2026, 11, 23), FACE, FACE | changed, {}, reasons
    )


def test_progress_is_said_by_its_counts() -> None:
    """Of the four fields none changed: how many posts are covered is the news."""
    reasons = [
        {"met": False, "required": 12, "actual": 7},
        {"met": False, "required": 1, "actual": 0},
        {"met": True, "required": 9, "actual": 9},
    ]

    word, text = said(happening(reasons))

    assert ("Perkembangan", "kini 7 dari 12 jabatannya terlindungi") == (word.text, text)


def test_a_field_that_changed_is_said_first() -> None:
    """The change of a field says more than the counts behind it."""
    word, text = said(happening([], eligibility="ELIGIBLE"))

    assert ("Memenuhi syarat", "memenuhi semua syarat") == (word.text, text)
