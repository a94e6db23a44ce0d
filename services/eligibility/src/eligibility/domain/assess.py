"""A village on one day against a rule set, with the outcome of every criterion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from common.events.words import PostKind, Programme

from eligibility.domain.criteria import (
    CoverageAsked,
    Group,
    Parameters,
    PostsCovered,
    SosialisasiWithin,
)
from eligibility.domain.days import add_months
from eligibility.domain.facts import HEADS
from eligibility.domain.posts import Seat
from eligibility.domain.rules import RuleSet
from eligibility.domain.status import Assessment, Judgement, Missing, Outcome


@dataclass(frozen=True, slots=True)
class VillageOn:
    """What the criteria look at on one day."""

    seats: Mapping[Seat, int] | None
    """How many decreed posts are so; None: the list of posts is unknown."""
    last_sosialisasi: date | None


class Verdict(StrEnum):
    """What a post is worth to a criterion."""

    COVERED = "COVERED"
    NOT_COVERED = "NOT_COVERED"
    OPEN = "OPEN"
    """Vacant for so short a time that it is neither covered nor missing."""
    VACANT = "VACANT"


def assess(village: VillageOn, rules: RuleSet | None, day: date) -> Assessment:
    """Both judgements of a day."""
    return Assessment(
        judge(village, rules, day, keep=False),
        judge(village, rules, day, keep=True),
    )


def judge(village: VillageOn, rules: RuleSet | None, day: date, *, keep: bool) -> Judgement:
    """The group under its `keep` or its `enter` parameters; undecided without a rule set."""
    if rules is None:
        return Judgement(None)
    outcomes = {
        criterion.name: outcome_of(criterion, village, rules.parameters, day, keep=keep)
        for criterion in rules.criteria
    }
    return Judgement(combine(rules.group, outcomes), tuple(outcomes.values()))


def combine(group: Group, outcomes: Mapping[str, Outcome]) -> bool | None:
    """Whether enough members are met; an undecided one can be outvoted, not overlooked."""
    votes = [
        combine(member, outcomes) if isinstance(member, Group) else outcomes[member.name].met
        for member in group.members
    ]
    if votes.count(True) >= needed(group):
        return True
    return None if None in votes else False


def needed(group: Group) -> int:
    """How many of its members a group needs."""
    if group.mode == "all":
        return len(group.members)
    return group.n or 1


def outcome_of(
    criterion: PostsCovered | SosialisasiWithin,
    village: VillageOn,
    parameters: Parameters,
    day: date,
    *,
    keep: bool,
) -> Outcome:
    if isinstance(criterion, PostsCovered):
        return _posts_covered(criterion, village, parameters, day, keep=keep)
    asked = criterion.keep if keep else criterion.enter
    held = village.last_sosialisasi
    met = held is not None and day < add_months(held, asked.months)
    return Outcome(criterion.name, met, required=1, actual=int(met))


def _posts_covered(
    criterion: PostsCovered, village: VillageOn, parameters: Parameters, day: date, *, keep: bool
) -> Outcome:
    if village.seats is None:
        return Outcome(criterion.name, None, required=0, actual=0)
    asked = criterion.keep if keep else criterion.enter
    decreed = covered = unfilled = unmissed = 0
    missing: dict[PostKind, list[int]] = {}
    for seat, count in village.seats.items():
        if seat.kind not in criterion.post_kinds:
            continue
        decreed += count
        verdict = verdict_on(seat, asked, parameters, day)
        if verdict is Verdict.COVERED:
            covered += count
            continue
        not_covered = verdict is Verdict.NOT_COVERED
        missing.setdefault(seat.kind, [0, 0])[not_covered] += count
        unfilled += 0 if not_covered else count
        unmissed += count if verdict is Verdict.OPEN else 0
    required = -(-asked.min_share * (decreed - unmissed) // 100)
    decidable = decreed > 0 and 100 * (decreed - unfilled) >= parameters.min_filled * decreed
    return Outcome(
        criterion.name,
        covered >= required if decidable else None,
        required,
        covered,
        tuple(Missing(kind, *missing[kind]) for kind in sorted(missing)),
    )


def verdict_on(seat: Seat, asked: CoverageAsked, parameters: Parameters, day: date) -> Verdict:
    """What a post is worth on a day; a vacancy begins to be missed after its days."""
    if seat.vacant_since is not None:
        missed = day >= seat.vacant_since + timedelta(days=vacancy_days(seat.kind, parameters))
        return Verdict.VACANT if missed else Verdict.OPEN
    return Verdict.NOT_COVERED if lacking(seat, asked) else Verdict.COVERED


def lacking(seat: Seat, asked: CoverageAsked) -> frozenset[Programme]:
    """The programmes that the holder of a post is asked to have and has not."""
    without = asked.programmes - seat.active
    return without - seat.in_grace if asked.keep_in_grace else without


def vacancy_days(kind: PostKind, parameters: Parameters) -> int:
    """How long a vacancy of such a post is neither covered nor missing."""
    return parameters.head_vacancy_days if kind in HEADS else parameters.vacancy_days
