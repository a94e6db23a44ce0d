"""Why a status is so: every criterion's outcome, since when, and by which event."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta

from eligibility.domain.assess import Verdict, verdict_on
from eligibility.domain.criteria import Criterion, PostsCovered
from eligibility.domain.facts import Acted, Fact, Known, SosialisasiHeld
from eligibility.domain.posts import Seat
from eligibility.domain.rules import RuleSet
from eligibility.domain.status import Judgement, Outcome, Reason
from eligibility.domain.timeline import Change

MISSING = (Verdict.NOT_COVERED, Verdict.VACANT)


def reasons_of(
    judgement: Judgement,
    rules: RuleSet,
    before: Mapping[str, Reason],
    changes: Sequence[Change],
    day: date,
    *,
    keep: bool,
) -> dict[str, Reason]:
    """The reasons of a day by criterion; a run goes on while the outcome stays the same."""
    reasons = {}
    for criterion, outcome in zip(rules.criteria, judgement.outcomes, strict=True):
        run = before.get(outcome.criterion)
        if run is not None and run.met is outcome.met:
            since, because = run.since, run.because
        else:
            moved = _because(criterion, outcome, rules, changes, day, keep=keep)
            since, because = day, moved.id if moved else None
        reasons[outcome.criterion] = Reason(
            outcome.criterion,
            outcome.met,
            outcome.required,
            outcome.actual,
            outcome.missing,
            since,
            because,
        )
    return reasons


def _because(
    criterion: Criterion,
    outcome: Outcome,
    rules: RuleSet,
    changes: Sequence[Change],
    day: date,
    *,
    keep: bool,
) -> Fact | None:
    """The first fact that moved the criterion on `day`, else that changed what is asked of it."""
    if isinstance(criterion, PostsCovered):
        moved = list(_moved(criterion, rules, changes, day, keep=keep))
        towards = [fact for fact, missing in moved if missing is not outcome.met]
        facts = towards or [fact for fact, _ in moved]
    else:
        facts = [change.fact for change in changes if isinstance(change.fact, SosialisasiHeld)]
    facts = facts or [change.fact for change in changes if isinstance(change.fact, Known | Acted)]
    return min(facts, key=lambda fact: fact.order, default=None)


def _moved(
    criterion: PostsCovered,
    rules: RuleSet,
    changes: Iterable[Change],
    day: date,
    *,
    keep: bool,
) -> Iterator[tuple[Fact, bool]]:
    """The facts that changed what a post is worth, and whether it is missing now."""
    asked = criterion.keep if keep else criterion.enter

    def worth(seat: Seat | None, on: date) -> Verdict | None:
        if seat is None or seat.kind not in criterion.post_kinds:
            return None
        return verdict_on(seat, asked, rules.parameters, on)

    for change in changes:
        if change.post is None:
            continue
        now = worth(change.seat, day)
        if now is not worth(change.before, day - timedelta(days=1)):
            yield change.fact, now in MISSING
