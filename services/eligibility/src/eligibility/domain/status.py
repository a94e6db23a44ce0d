"""What a village is on a day, and its history as intervals of days."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

import msgspec
from common.events.words import Eligibility, PostKind, Stage, Standing, Title


@dataclass(frozen=True, slots=True)
class Face:
    """The four fields, never one."""

    eligibility: Eligibility
    stage: Stage
    title: Title
    standing: Standing


@dataclass(frozen=True, slots=True)
class Missing:
    """Posts of one kind that a criterion asks for and that are vacant or not covered."""

    post_kind: PostKind
    vacant: int = 0
    not_covered: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """One criterion on one day; `met` is None when it cannot be decided."""

    criterion: str
    met: bool | None
    required: int
    actual: int
    missing: tuple[Missing, ...] = ()


@dataclass(frozen=True, slots=True)
class Reason:
    """An outcome with the first day of its unbroken run and the event that made it so."""

    criterion: str
    met: bool | None
    required: int
    actual: int
    missing: tuple[Missing, ...]
    since: date
    because: UUID | None
    """None: time or a rule set alone."""

    @property
    def lacking(self) -> int:
        """How many posts it names as missing; one where it asks for no post."""
        return sum(one.vacant + one.not_covered for one in self.missing) or 1


@dataclass(frozen=True, slots=True)
class RuleSetRef:
    rule_set_id: str
    version: int
    checksum: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """A rule set's group under one of its two parameter sets."""

    met: bool | None
    outcomes: tuple[Outcome, ...] = ()


@dataclass(frozen=True, slots=True)
class Assessment:
    """A village on one day: what it takes to enter, and what it takes to keep a title."""

    enter: Judgement
    keep: Judgement


@dataclass(frozen=True, slots=True)
class Status:
    face: Face
    reasons: tuple[Reason, ...] = ()
    rule_set: RuleSetRef | None = None
    failing_since: date | None = None
    grace_ends: date | None = None
    undecidable_since: date | None = None
    flagged: bool = False
    """Named by a person on a day when the village was not eligible."""

    @property
    def lacking(self) -> int | None:
        """How many posts and other things its unmet criteria miss; None: undecided."""
        if self.face.eligibility is Eligibility.CANNOT_DECIDE:
            return None
        return sum(reason.lacking for reason in self.reasons if reason.met is False)


NOTHING_KNOWN = Status(Face(Eligibility.CANNOT_DECIDE, Stage.NONE, Title.NONE, Standing.NONE))
"""Every village before its first fact; the decision log starts with the first other face."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A status from `start` until the next interval's start."""

    start: date
    status: Status


@dataclass(frozen=True, slots=True)
class History:
    intervals: tuple[Interval, ...]
    next_review_on: date | None
    """First day after the history's end on which time or a future-dated fact may change it."""

    def on(self, day: date) -> Status:
        """The status on `day`; before the first interval nothing is known."""
        after = bisect_right(self.intervals, day, key=lambda interval: interval.start)
        return self.intervals[after - 1].status if after else NOTHING_KNOWN


def canonical(history: History) -> bytes:
    """The bytes that two equal histories share: fields in their order, no maps, no sets."""
    return msgspec.json.encode(history)


def proposal_due_on(status: Status, announced_on: date, *, after_days: int = 30) -> date | None:
    """First day on which a suspension may be proposed, if TERANCAM was announced on that day."""
    if status.face.standing is not Standing.TERANCAM or status.grace_ends is None:
        return None
    return max(status.grace_ends, announced_on + timedelta(days=after_days))
