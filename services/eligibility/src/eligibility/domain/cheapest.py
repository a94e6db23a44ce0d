"""The cheapest set of facts that would make a village eligible.

All members of a group: the union of their steps; any: the cheapest member; at least n: the n
cheapest. A step is one fact, and one post needs at most one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TypeAlias

from common.events.words import Programme

from eligibility.domain.assess import (
    Verdict,
    VillageOn,
    lacking,
    needed,
    outcome_of,
    verdict_on,
)
from eligibility.domain.criteria import Criterion, Group, Parameters, PostsCovered
from eligibility.domain.facts import Post
from eligibility.domain.posts import KINDS, Seat
from eligibility.domain.rules import RuleSet


class StepKind(StrEnum):
    """What somebody would have to do."""

    COVER_HOLDER = "COVER_HOLDER"
    APPOINT_COVERED_HOLDER = "APPOINT_COVERED_HOLDER"
    HOLD_SOSIALISASI = "HOLD_SOSIALISASI"
    DECREE_POSTS = "DECREE_POSTS"
    """The list of posts is unknown: only after it can the other steps be told."""


@dataclass(frozen=True, slots=True)
class Step:
    kind: StepKind
    post: Post | None = None
    programmes: tuple[Programme, ...] = ()
    """Programmes that the post's holder still needs active."""


PostsOn: TypeAlias = Sequence[tuple[Post, Seat]]
"""Every decreed post with its seat on the day."""

_Steps: TypeAlias = dict[tuple[StepKind, Post | None], Step]


@dataclass(frozen=True, slots=True)
class _Question:
    """What a village is asked on a day, and what it has."""

    village: VillageOn
    posts: PostsOn
    parameters: Parameters
    day: date
    keep: bool


def cheapest_steps(
    rules: RuleSet, village: VillageOn, posts: PostsOn, day: date, *, keep: bool
) -> tuple[Step, ...]:
    """The steps in the order of the criteria; none if the rules are met."""
    question = _Question(village, posts, rules.parameters, day, keep)
    return tuple(_group(rules.group, question).values())


def _group(group: Group, question: _Question) -> _Steps:
    plans = [
        _group(member, question) if isinstance(member, Group) else _criterion(member, question)
        for member in group.members
    ]
    chosen = sorted(range(len(plans)), key=lambda position: _cost(plans[position]))
    return _union(plans[position] for position in sorted(chosen[: needed(group)]))


def _cost(plan: _Steps) -> tuple[bool, int]:
    """A plan whose steps cannot all be told yet is the last resort."""
    return any(step.kind is StepKind.DECREE_POSTS for step in plan.values()), len(plan)


def _union(plans: Iterable[_Steps]) -> _Steps:
    union: _Steps = {}
    for plan in plans:
        for key, step in plan.items():
            programmes = {*step.programmes, *(union[key].programmes if key in union else ())}
            union[key] = Step(step.kind, step.post, tuple(sorted(programmes)))
    return union


def _criterion(criterion: Criterion, question: _Question) -> _Steps:
    outcome = outcome_of(
        criterion, question.village, question.parameters, question.day, keep=question.keep
    )
    if outcome.met is True:
        return {}
    if not isinstance(criterion, PostsCovered):
        return _plan([Step(StepKind.HOLD_SOSIALISASI)])
    posts = [(post, seat) for post, seat in question.posts if seat.kind in criterion.post_kinds]
    if question.village.seats is None or not posts:
        return _plan([Step(StepKind.DECREE_POSTS)])
    return _plan(_posts(criterion, posts, question))


def _posts(criterion: PostsCovered, posts: PostsOn, question: _Question) -> list[Step]:
    """Fill missed vacancies first, then open ones, until enough is filled; then cover the rest.

    Told in the order of kinds and numbers, the head first.
    """
    asked = criterion.keep if question.keep else criterion.enter
    by_verdict: dict[Verdict, list[tuple[Post, Step]]] = {verdict: [] for verdict in Verdict}
    for post, seat in sorted(posts, key=lambda held: _place(held[0])):
        verdict = verdict_on(seat, asked, question.parameters, question.day)
        kind = (
            StepKind.COVER_HOLDER if seat.vacant_since is None else StepKind.APPOINT_COVERED_HOLDER
        )
        step = Step(kind, post, tuple(sorted(lacking(seat, asked))))
        by_verdict[verdict].append((post, step))
    vacant, unmissed = by_verdict[Verdict.VACANT], by_verdict[Verdict.OPEN]
    filled = len(posts) - len(vacant) - len(unmissed)
    to_fill = max(0, -(-question.parameters.min_filled * len(posts) // 100) - filled)
    fills = (vacant + unmissed)[:to_fill]
    judged = len(posts) - max(0, len(unmissed) - max(0, to_fill - len(vacant)))
    required = -(-asked.min_share * judged // 100)
    more = required - len(by_verdict[Verdict.COVERED]) - len(fills)
    chosen = fills + (by_verdict[Verdict.NOT_COVERED] + vacant[to_fill:])[: max(0, more)]
    return [step for _, step in sorted(chosen, key=lambda one: _place(one[0]))]


def _place(post: Post) -> tuple[int, int, str]:
    return KINDS[post.kind], post.ordinal, str(post.post_id)


def _plan(steps: Iterable[Step]) -> _Steps:
    return {(step.kind, step.post): step for step in steps}
