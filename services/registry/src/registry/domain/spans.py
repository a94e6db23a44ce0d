"""A participant's memberships as spans of days, and what follows from them: counts and coverage.

A span says in which village, segment and programmes a membership holds from its first day up to,
not including, its last. Acts only add spans or close them, so the effect of an act on a village's
counts is the difference between the spans before and after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias
from uuid import UUID

from common.events.registry import Coverage, Deltas, Effect
from common.events.words import CoverageStatus, EnrollmentStatus, Programme, Segment

from registry.domain.refusals import TooManyChanges
from registry.domain.segments import in_order

MAX_SPANS = 45
"""Of one participant; keeps every effect and every coverage within the contract's 100 entries."""


@dataclass(frozen=True, slots=True)
class Span:
    """One membership's unbroken run in one village with one status and set of programmes."""

    enrollment_id: UUID
    number: int
    village_key: str
    segment: Segment
    status: EnrollmentStatus
    programmes: tuple[Programme, ...]
    starts_on: date
    ends_on: date | None = None
    """First day without it; None: open."""

    def holds_on(self, day: date) -> bool:
        return self.starts_on <= day and (self.ends_on is None or day < self.ends_on)


Spans: TypeAlias = Sequence[Span]


def check_room(spans: Spans) -> None:
    """A participant's history is bounded; raises TooManyChanges."""
    if len(spans) > MAX_SPANS:
        raise TooManyChanges(
            f"Peserta ini sudah mempunyai {MAX_SPANS} perubahan kepesertaan; "
            "periksa datanya, lalu hubungi pengelola sistem."
        )


def effect_on(village_key: str, *, before: Spans, after: Spans) -> tuple[Effect, ...]:
    """What an act changes in a village's counts, day by day; a person counts once in each count."""
    steps: list[Effect] = []
    earlier: dict[str, int] = {}
    for day in _turning_days(before, after):
        was, now = _counts_of(before, village_key, day), _counts_of(after, village_key, day)
        difference = dict.fromkeys(now - was, 1) | dict.fromkeys(was - now, -1)
        deltas = {
            count: step
            for count in earlier.keys() | difference.keys()
            if (step := difference.get(count, 0) - earlier.get(count, 0))
        }
        if deltas:
            steps.append(Effect(effective_on=day, deltas=Deltas(**deltas)))
        earlier = difference
    return tuple(steps)


def coverage_from(day: date, spans: Spans) -> tuple[Coverage, ...]:
    """What the participant is covered by from `day` on, wherever the enrollments are."""
    entries: list[Coverage] = []
    for turn in (day, *(later for later in _turning_days(spans) if later > day)):
        entry = _coverage_on(turn, spans)
        if not entries or not _same_cover(entries[-1], entry):
            entries.append(entry)
    return tuple(entries)


def coverage_turns_on(
    *, before: Spans, after: Spans, since: date, until: date | None
) -> date | None:
    """The first day of [since, until) on which the coverage differs; None if it does not."""
    for day in (since, *(turn for turn in _turning_days(before, after) if turn > since)):
        if until is not None and day >= until:
            return None
        if not _same_cover(_coverage_on(day, before), _coverage_on(day, after)):
            return day
    return None


def _turning_days(*spans: Spans) -> list[date]:
    days = {
        day
        for some in spans
        for span in some
        for day in (span.starts_on, span.ends_on)
        if day is not None
    }
    return sorted(days)


def _counts_of(spans: Spans, village_key: str, day: date) -> set[str]:
    """The counts of the village that this participant is part of on a day."""
    here = [span for span in spans if span.village_key == village_key and span.holds_on(day)]
    counts = {"persons"} if here else set()
    for span in here:
        counts.add(span.segment.lower())
        counts.update(programme.lower() for programme in span.programmes)
    if here and not any(span.status == EnrollmentStatus.AKTIF for span in here):
        counts.add("in_grace")
    return counts


def _coverage_on(day: date, spans: Spans) -> Coverage:
    holding = [span for span in spans if span.holds_on(day)]
    active = {
        programme
        for span in holding
        if span.status == EnrollmentStatus.AKTIF
        for programme in span.programmes
    }
    in_grace = {programme for span in holding for programme in span.programmes} - active
    status = CoverageStatus.NONE
    if active:
        status = CoverageStatus.AKTIF
    elif in_grace:
        status = CoverageStatus.IN_GRACE
    return Coverage(
        effective_on=day, status=status, active=in_order(active), in_grace=in_order(in_grace)
    )


def _same_cover(one: Coverage, other: Coverage) -> bool:
    return (one.active, one.in_grace) == (other.active, other.in_grace)
