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


TODAY = date(2026, 11, 23)


PLACE = {"time_zone": "WIB"}


def happening(reasons: list[dict], on: date = TODAY, **changed: str) -> Happening:
    at = datetime(2026, 11, 22, 20, tzinfo=UTC)
    return Happening(UUID(int=1), at, "STATUS", on, FACE, FACE | changed, PLACE, reasons)


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


def test_what_was_done_earlier_has_its_day() -> None:
    """An act that is entered years later is no news of today; one of today needs no day."""
    old = date(2018, 7, 5)
    texts = [
        said(happening([], on, **changed))[1]
        for on in (TODAY, old)
        for changed in ({"title": "DIRESMIKAN"}, {"standing": "DICABUT"}, {"standing": "TERANCAM"})
    ]

    titled = "diresmikan sebagai Desa Sadar Jaminan Sosial Ketenagakerjaan"
    assert [
        titled,
        "dicabut gelarnya",
        "tidak lagi memenuhi syarat; gelarnya terancam",
        f"{titled} pada 5 Juli 2018",
        "dicabut gelarnya pada 5 Juli 2018",
        "tidak lagi memenuhi syarat; gelarnya terancam sejak 5 Juli 2018",
    ] == texts
    assert said(happening([], old))[1] == said(happening([]))[1]
