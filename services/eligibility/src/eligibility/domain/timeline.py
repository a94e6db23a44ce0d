"""When something about a village may change, and which fact makes it so."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from common.events.words import PostKind

from eligibility.domain.assess import vacancy_days
from eligibility.domain.criteria import PostsCovered, SosialisasiWithin
from eligibility.domain.days import add_months
from eligibility.domain.facts import (
    HEADS,
    Enrolled,
    Fact,
    Known,
    Merged,
    Noted,
    Post,
    SosialisasiHeld,
    TermFact,
)
from eligibility.domain.posts import Seat, SeatFrom, seats_over_time, terms_of
from eligibility.domain.rules import RuleSet


@dataclass(frozen=True, slots=True)
class Change:
    """On `day` a fact takes effect, or time makes it count differently."""

    day: date
    fact: Fact
    post: Post | None = None
    before: Seat | None = None
    seat: Seat | None = None
    """With `post`: what it was the day before, and what it is."""


def changes_of(facts: Sequence[Fact], rule_sets: Sequence[RuleSet]) -> dict[date, list[Change]]:
    """Every change by its day, each day's in the order of the facts."""
    found = [Change(fact.effective_on, fact) for fact in _acting_alone(facts)]
    for seats in seats_over_time(facts, kinds_asked(rule_sets)).values():
        found.extend(_seat_changes(seats, rule_sets))
    found.extend(_expiries(facts, rule_sets))
    by_day: defaultdict[date, list[Change]] = defaultdict(list)
    for change in sorted(found, key=lambda change: change.fact.order):
        by_day[change.day].append(change)
    return by_day


def head_change_days(facts: Sequence[Fact]) -> list[date]:
    """Days on which a term on the post of a head of village begins or ends, in order."""
    terms = [term for term in terms_of(facts) if term.appointed.post_kind in HEADS]
    ends = [term.left.effective_on for term in terms if term.left is not None]
    return sorted({*ends, *(term.start for term in terms)})


def _acting_alone(facts: Sequence[Fact]) -> Iterator[Fact]:
    """Facts that change something by themselves: of those that do not, only the very first."""
    takes_part = False
    for fact in facts:
        if not isinstance(fact, TermFact | Enrolled | Noted) or not takes_part:
            yield fact
        takes_part = takes_part or not isinstance(fact, Known | Merged)


def kinds_asked(rule_sets: Sequence[RuleSet]) -> set[PostKind]:
    """Posts of other kinds can change nothing: a desa's 35 RT cost nothing unless asked for."""
    return {
        kind
        for rules in rule_sets
        for criterion in rules.criteria
        if isinstance(criterion, PostsCovered)
        for kind in criterion.post_kinds
    }


def _seat_changes(seats: list[SeatFrom], rule_sets: Sequence[RuleSet]) -> Iterator[Change]:
    before: Seat | None = None
    ends = [*(later.start for later in seats[1:]), date.max]
    for (start, post, seat, because), end in zip(seats, ends, strict=True):
        yield Change(start, because, post, before, seat)
        before = seat
        if seat is None or seat.vacant_since is None:
            continue
        for days in {vacancy_days(seat.kind, rules.parameters) for rules in rule_sets}:
            missed_from = seat.vacant_since + timedelta(days=days)
            if start < missed_from < end:
                yield Change(missed_from, because, post, seat, seat)


def _expiries(facts: Sequence[Fact], rule_sets: Sequence[RuleSet]) -> Iterator[Change]:
    months = {
        asked.months
        for rules in rule_sets
        for criterion in rules.criteria
        if isinstance(criterion, SosialisasiWithin)
        for asked in (criterion.enter, criterion.keep)
    }
    for fact in facts:
        if isinstance(fact, SosialisasiHeld):
            for number in months:
                yield Change(add_months(fact.effective_on, number), fact)
