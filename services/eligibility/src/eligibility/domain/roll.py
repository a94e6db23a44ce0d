"""The posts of a village on a day, each with what it is worth and since when; never a person."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from common.events.words import PostKind, Programme

from eligibility.domain.assess import Verdict, lacking, verdict_on
from eligibility.domain.criteria import CoverageAsked, PostsCovered
from eligibility.domain.facts import Fact, Post
from eligibility.domain.fold import known_facts
from eligibility.domain.posts import KINDS, Seat, SeatFrom, seats_over_time
from eligibility.domain.rules import RuleSet


@dataclass(frozen=True, slots=True)
class PostOnDay:
    """A decreed post; what its holder has is said of the post."""

    post: Post
    verdict: Verdict | None
    """None: no criterion asks for posts of this kind."""
    vacant: bool
    active: tuple[Programme, ...]
    in_grace: tuple[Programme, ...]
    since: date
    """First day of the unbroken run in which it is vacant, or held and worth the same."""


def roll_on(
    facts: Iterable[Fact], rules: RuleSet | None, *, on: date, keep: bool
) -> tuple[PostOnDay, ...]:
    """Every post that is decreed on a day, in the order of kinds and numbers.

    `keep`: the village bears the title, and is asked what keeps it.
    """
    asked = dict(_asked(rules, keep=keep)) if rules else {}
    seats = seats_over_time(known_facts(facts), frozenset(PostKind))
    told = ([seat for seat in over_time if seat.start <= on] for over_time in seats.values())
    found = (_post(until, rules, asked, on) for until in told if until)
    return tuple(sorted((post for post in found if post is not None), key=_place))


def _asked(rules: RuleSet, *, keep: bool) -> Iterator[tuple[PostKind, CoverageAsked]]:
    """What the first criterion that names a kind of post asks of it."""
    for criterion in reversed(rules.criteria):
        if isinstance(criterion, PostsCovered):
            for kind in criterion.post_kinds:
                yield kind, criterion.keep if keep else criterion.enter


def _post(
    told: Sequence[SeatFrom],
    rules: RuleSet | None,
    asked: Mapping[PostKind, CoverageAsked],
    on: date,
) -> PostOnDay | None:
    post, seat = told[-1].post, told[-1].seat
    if seat is None:
        return None
    state, since = _state(seat, asked), on
    for earlier in reversed(told):
        if earlier.seat is None or _state(earlier.seat, asked) != state:
            break
        since = earlier.start
    criterion = asked.get(seat.kind)
    return PostOnDay(
        post,
        verdict_on(seat, criterion, rules.parameters, on) if rules and criterion else None,
        seat.vacant_since is not None,
        tuple(sorted(seat.active)),
        tuple(sorted(seat.in_grace)),
        seat.vacant_since or since,
    )


def _state(seat: Seat, asked: Mapping[PostKind, CoverageAsked]) -> object:
    """What a run of days must share: of a post that is asked for, only whether it is covered."""
    if seat.vacant_since is not None:
        return "vacant"
    criterion = asked.get(seat.kind)
    return (seat.active, seat.in_grace) if criterion is None else not lacking(seat, criterion)


def _place(row: PostOnDay) -> tuple[int, int, str]:
    return KINDS[row.post.kind], row.post.ordinal, str(row.post.post_id)
