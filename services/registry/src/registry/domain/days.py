"""Which civil dates a fact may have."""

from __future__ import annotations

from datetime import date

from registry.domain.refusals import BeforeLastChange, DateOutsideLimits

EARLIEST = date(1977, 1, 1)
"""The year in which workers' social insurance began (PP 33/1977)."""


def indonesian(day: date) -> str:
    """A date as people read it, such as 3-9-2019."""
    return f"{day.day}-{day.month}-{day.year}"


def _year_after(day: date) -> date:
    leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year + 1, day=28 if leap_day else day.day)


def check_effective_on(day: date, today: date) -> None:
    """Not before the programme began and at most one year ahead; raises DateOutsideLimits."""
    latest = _year_after(today)
    if not EARLIEST <= day <= latest:
        raise DateOutsideLimits(
            f"Tanggal berlaku {indonesian(day)} harus di antara {indonesian(EARLIEST)} dan "
            f"{indonesian(latest)} (paling lama satu tahun ke depan)."
        )


def check_has_happened(day: date, today: date) -> None:
    """What was done was done by today; raises DateOutsideLimits."""
    if not EARLIEST <= day <= today:
        raise DateOutsideLimits(
            f"Tanggal pelaksanaan {indonesian(day)} harus di antara {indonesian(EARLIEST)} dan "
            f"hari ini, {indonesian(today)}."
        )


def check_not_before(day: date, last_change: date) -> None:
    """An act does not reach behind the change before it; raises BeforeLastChange."""
    if day < last_change:
        raise BeforeLastChange(
            f"Tanggal berlaku {indonesian(day)} mendahului perubahan terakhir pada "
            f"{indonesian(last_change)}; pakai tanggal itu atau sesudahnya."
        )
