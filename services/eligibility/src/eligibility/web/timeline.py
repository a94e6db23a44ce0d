"""A village's history as runs of days with the same four fields, and as a line of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from common.events.words import Eligibility, Standing

from eligibility.domain.acts import TITLED
from eligibility.domain.status import Face, History
from eligibility.web.words import Tone

WIDTH = 1000
"""Units of the line from its first day to its last."""
LEAST = 2
"""A run of a single day is still seen."""


@dataclass(frozen=True, slots=True)
class Run:
    """Days from `start` to `end` (both included) with one face; the last run goes on."""

    face: Face
    start: date
    end: date
    ongoing: bool

    @property
    def tone(self) -> Tone:
        match self.face.standing:
            case Standing.TERANCAM:
                return Tone.WARN
            case Standing.DITANGGUHKAN | Standing.DICABUT:
                return Tone.BAD
            case Standing.BAIK:
                return Tone.GOOD
        if self.face.eligibility is Eligibility.CANNOT_DECIDE:
            return Tone.UNKNOWN
        return Tone.PLAIN

    @property
    def titled(self) -> bool:
        return self.face.title in TITLED


@dataclass(frozen=True, slots=True)
class Bar:
    """A run on the line."""

    run: Run
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Line:
    bars: tuple[Bar, ...]
    first: date
    last: date
    at: float
    """Where the day asked for stands."""


def runs_of(history: History, until: date) -> list[Run]:
    """The runs up to a day, the earliest first; other reasons alone begin no run."""
    starts = [(one.start, one.status.face) for one in history.intervals if one.start <= until]
    begins: list[tuple[date, Face]] = []
    for start, face in starts:
        if not begins or begins[-1][1] != face:
            begins.append((start, face))
    ends = [start - timedelta(days=1) for start, _ in begins[1:]]
    return [
        Run(face, start, end, ongoing=end == until)
        for (start, face), end in zip(begins, [*ends, until], strict=False)
    ]


def line_of(runs: Sequence[Run], day: date) -> Line | None:
    """The runs drawn to scale; None when there is nothing to draw."""
    if not runs:
        return None
    first, last = runs[0].start, runs[-1].end
    days = (last - first).days + 1

    def x(on: date) -> float:
        return round(WIDTH * (on - first).days / days, 1)

    bars = tuple(
        Bar(
            run, x(run.start), max(LEAST, round(WIDTH * ((run.end - run.start).days + 1) / days, 1))
        )
        for run in runs
    )
    return Line(bars, first, last, min(WIDTH, max(0, x(day))))
