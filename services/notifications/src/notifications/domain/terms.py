"""Who holds an office when: terms follow each other and never overlap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise
from uuid import UUID

from notifications.domain.offices import Office

EARLIEST = date(1945, 8, 17)
"""The republic's first day: no office is older."""
AHEAD = timedelta(days=366)
"""How far ahead a beginning may be recorded: an election precedes its inauguration by months."""
LONGEST = timedelta(days=3660)
"""From today to the last day of a term: ten years, twice what a bupati is elected for."""


class DayOutsideLimits(ValueError):
    """No term can begin or end, and no address begin, on such a day."""


def check_beginning(day: date, today: date) -> None:
    """Raises DayOutsideLimits."""
    if not EARLIEST <= day <= today + AHEAD:
        raise DayOutsideLimits(
            f"Tanggal mulai {day} harus di antara {EARLIEST} dan {today + AHEAD} "
            "(paling lama satu tahun ke depan)."
        )


def check_end(day: date, today: date) -> None:
    """Raises DayOutsideLimits."""
    if not EARLIEST < day <= today + LONGEST:
        raise DayOutsideLimits(
            f"Tanggal berakhir {day} harus di antara {EARLIEST} dan {today + LONGEST}."
        )


@dataclass(frozen=True, slots=True)
class Appointment:
    """A person takes an office; `ends` is the first day without this holder."""

    office: Office
    name: str
    begins: date
    ends: date | None = None
    acting: bool = False
    """Pj. or Plt."""
    email: str | None = None


@dataclass(frozen=True, slots=True)
class Term:
    """A term on record."""

    holder_id: UUID
    begins: date
    ends: date | None


@dataclass(frozen=True, slots=True)
class Succession:
    """What appointments to one office change."""

    end: tuple[tuple[UUID, date], ...]
    add: tuple[Appointment, ...]
    known: tuple[Appointment, ...]
    """Those whose office has a term from the same day on record already."""


class TermsOverlap(ValueError):
    """Two holders of one office on one day."""

    def __init__(self, office: Office, begins: date) -> None:
        super().__init__(
            f"Masa jabatan {office.kind} {office.area} mulai {begins} bertumpang tindih dengan "
            "masa jabatan lain; akhiri dahulu masa jabatan yang lain."
        )
        self.office = office
        self.begins = begins


def succeed(record: Sequence[Term], appointments: Sequence[Appointment]) -> Succession:
    """Let appointments to one office follow the terms on record; raises TermsOverlap.

    A term without an end is ended by the next one: that is how a successor is recorded.
    """
    recorded = {term.begins for term in record}
    known = tuple(a for a in appointments if a.begins in recorded)
    new = sorted((a for a in appointments if a.begins not in recorded), key=lambda a: a.begins)
    starts = sorted([*recorded, *(a.begins for a in new)])

    def next_start(begins: date) -> date | None:
        return next((start for start in starts if start > begins), None)

    add = tuple(a if a.ends else replace(a, ends=next_start(a.begins)) for a in new)
    end = [
        (term.holder_id, successor)
        for term in record
        if term.ends is None and (successor := next_start(term.begins)) is not None
    ]
    ended = dict(end)
    spans = [(a.begins, a.ends, a.office) for a in add]
    office = appointments[0].office
    spans += [(t.begins, t.ends or ended.get(t.holder_id), office) for t in record]
    spans.sort(key=lambda span: span[0])
    for (begins, ends, _), (following, _, where) in pairwise(spans):
        if begins == following or ends is None or ends > following:
            raise TermsOverlap(where, following)
    return Succession(tuple(end), add, known)
