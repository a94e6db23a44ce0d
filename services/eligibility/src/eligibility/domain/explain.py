"""Why a village's status is what it is, down to the single post; no personal data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from common.events.words import Programme

from eligibility.domain.assess import Verdict, lacking, verdict_on
from eligibility.domain.cheapest import Step, cheapest_steps
from eligibility.domain.criteria import CoverageAsked, Parameters, PostsCovered
from eligibility.domain.facts import Fact, Post
from eligibility.domain.fold import fold, known_facts, merged_on, rules_over
from eligibility.domain.posts import SeatFrom, seats_over_time
from eligibility.domain.rules import RuleSet
from eligibility.domain.status import History, Reason, Status
from eligibility.domain.timeline import changes_of, kinds_asked
from eligibility.domain.village import Village


@dataclass(frozen=True, slots=True)
class PostMissing:
    """A post that a criterion asks for and that is vacant or not covered."""

    post: Post
    verdict: Verdict
    lacking: tuple[Programme, ...]
    since: date
    because: UUID


@dataclass(frozen=True, slots=True)
class CriterionExplained:
    reason: Reason
    posts: tuple[PostMissing, ...]
    last_sosialisasi: date | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """The status of a day with all that made it, and the cheapest way to be eligible."""

    day: date
    status: Status
    rules: RuleSet | None
    history: History
    criteria: tuple[CriterionExplained, ...] = ()
    cheapest: tuple[Step, ...] = ()
    keep: bool = False
    """The village bears the title: it is asked what keeps it, not what gives it."""


def explain(
    facts: Iterable[Fact],
    rule_sets: Sequence[RuleSet],
    *,
    on: date,
    known_at: datetime | None = None,
) -> Explanation:
    """Explain S(village, on, known_at) with the rules of its day."""
    known = known_facts(facts, known_at)
    on = min(on, merged_on(known))
    candidates = rules_over(known, rule_sets, known_at)
    village = Village(known)
    changes = changes_of(known, candidates)
    for day in sorted(day for day in changes if day <= on):
        village.take(changes[day])
    history = fold(known, candidates, until=on)
    status = history.on(on)
    rules = village.rules(candidates, on)
    if rules is None:
        return Explanation(on, status, None, history)
    keep = village.recorded.kept
    seats = _seats_until(on, seats_over_time(known, kinds_asked([rules])))
    posts = [(told[-1].post, seat) for told in seats if (seat := told[-1].seat) is not None]
    reasons = {reason.criterion: reason for reason in status.reasons}
    criteria = tuple(
        CriterionExplained(
            reasons[criterion.name],
            tuple(_missing(criterion, rules.parameters, seats, on, keep=keep))
            if isinstance(criterion, PostsCovered)
            else (),
            None if isinstance(criterion, PostsCovered) else village.last_sosialisasi,
        )
        for criterion in rules.criteria
    )
    cheapest = cheapest_steps(rules, village.on(), posts, on, keep=keep)
    return Explanation(on, status, rules, history, criteria, cheapest, keep)


def _seats_until(on: date, seats: Mapping[UUID, list[SeatFrom]]) -> list[list[SeatFrom]]:
    until = ([told for told in over_time if told.start <= on] for over_time in seats.values())
    return [told for told in until if told]


def _missing(
    criterion: PostsCovered,
    parameters: Parameters,
    seats: list[list[SeatFrom]],
    on: date,
    *,
    keep: bool,
) -> Iterator[PostMissing]:
    asked = criterion.keep if keep else criterion.enter
    for told in seats:
        seat = told[-1].seat
        if seat is None or seat.kind not in criterion.post_kinds:
            continue
        verdict = verdict_on(seat, asked, parameters, on)
        if verdict is not Verdict.COVERED:
            first = told[-1] if seat.vacant_since else _first_uncovered(told, asked, parameters)
            since = seat.vacant_since or first.start
            without = tuple(sorted(lacking(seat, asked)))
            yield PostMissing(told[-1].post, verdict, without, since, first.because.id)


def _first_uncovered(
    told: list[SeatFrom], asked: CoverageAsked, parameters: Parameters
) -> SeatFrom:
    """Where the unbroken run of holders without cover began."""
    first = told[-1]
    for earlier in reversed(told):
        seat = earlier.seat
        if seat is None or verdict_on(seat, asked, parameters, earlier.start) is not (
            Verdict.NOT_COVERED
        ):
            break
        first = earlier
    return first
