"""What the decision log says of a status, and from which day on it is so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TypeAlias

from eligibility.domain.status import NOTHING_KNOWN, Face, History, Status

Told: TypeAlias = tuple[
    Face, date | None, date | None, date | None, bool, str | None, tuple[tuple[object, ...], ...]
]

FIELDS = ("eligibility", "stage", "title", "standing")


def told(status: Status) -> Told:
    """What two neighbours of the log differ in: four fields, days, flag, rule set and outcomes.

    A reason's `since` and `because` explain its outcome and are not compared. Until something
    is known of a village there is nothing to tell, whatever its criteria lack.
    """
    if status.face == NOTHING_KNOWN.face:
        status = NOTHING_KNOWN
    return (
        status.face,
        status.failing_since,
        status.grace_ends,
        status.undecidable_since,
        status.flagged,
        status.rule_set.checksum if status.rule_set else None,
        tuple(
            (reason.criterion, reason.met, reason.required, reason.actual, reason.missing)
            for reason in status.reasons
        ),
    )


def since(history: History, day: date) -> date:
    """First day of the unbroken run up to `day` with these four fields."""
    return _start(history, day, lambda status: status.face)


def field_since(history: History, day: date, name: str) -> date:
    """First day of the unbroken run up to `day` with this value of one of the four fields."""
    return _start(history, day, lambda status: getattr(status.face, name))


def effective_on(history: History, day: date, before: Status) -> date:
    """First day of the unbroken run up to `day` of what the log's next entry changes.

    Of the four fields only those count that are others than `before`: a penetapan entered late
    holds from its own date, whatever else has moved since. If none is, all that is told counts.
    """
    face = history.on(day).face
    moved = [name for name in FIELDS if getattr(face, name) is not getattr(before.face, name)]
    if not moved:
        return _start(history, day, told)
    return _start(history, day, lambda status: [getattr(status.face, name) for name in moved])


def _start(history: History, day: date, said: Callable[[Status], object]) -> date:
    current = said(history.on(day))
    start = day
    for interval in reversed(history.intervals):
        if interval.start <= day:
            if said(interval.status) != current:
                break
            start = interval.start
    return start
