"""The decreed posts over time: who holds them, covered by what, vacant since when."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple
from uuid import UUID

from common.events.words import PostKind, Programme

from eligibility.domain.facts import (
    Appointed,
    CoverageChanged,
    CoverageFrom,
    Fact,
    Left,
    Post,
    PostsDecreed,
    TermFact,
)

NO_PROGRAMMES: frozenset[Programme] = frozenset()
KINDS = {kind: place for place, kind in enumerate(PostKind)}
"""The order in which the law names them, the head first."""


class Seat(NamedTuple):
    """A decreed post on a day, as a criterion sees it: vacant, or held by someone covered so."""

    kind: PostKind
    vacant_since: date | None
    active: frozenset[Programme] = NO_PROGRAMMES
    in_grace: frozenset[Programme] = NO_PROGRAMMES


class SeatFrom(NamedTuple):
    """A post from `start` on; without a seat it is no longer decreed."""

    start: date
    post: Post
    seat: Seat | None
    because: Fact


@dataclass(frozen=True, slots=True)
class Term:
    """One holder's time on a post, as its latest recorded facts tell it."""

    appointed: Appointed
    left: Left | None
    statements: tuple[Appointed | CoverageChanged, ...]
    """Latest recorded first: the first that is effective on a day tells that day's coverage."""

    @property
    def start(self) -> date:
        return self.appointed.effective_on

    def covers(self, day: date) -> bool:
        return self.start <= day and (self.left is None or day < self.left.effective_on)

    def days(self) -> Iterator[date]:
        """Days on which the term or its coverage may change."""
        yield self.start
        if self.left is not None:
            yield self.left.effective_on
        for statement in self.statements:
            yield statement.effective_on
            for entry in statement.coverage:
                yield entry.effective_on

    def coverage(self, day: date) -> tuple[CoverageFrom | None, Fact]:
        """What the holder has on a day of the term, and the fact that says so."""
        told = next(fact for fact in self.statements if fact.effective_on <= day)
        begun = (entry for entry in told.coverage if entry.effective_on <= day)
        return max(begun, key=lambda entry: entry.effective_on, default=None), told


def terms_of(facts: Iterable[Fact]) -> list[Term]:
    """Every term whose appointment is known, the first begun first."""
    by_term: defaultdict[UUID, list[TermFact]] = defaultdict(list)
    for fact in facts:
        if isinstance(fact, TermFact):
            by_term[fact.term_id].append(fact)
    terms = [term for told in by_term.values() if (term := _term(told)) is not None]
    return sorted(terms, key=lambda term: term.appointed.order)


def _term(told: list[TermFact]) -> Term | None:
    latest = sorted(told, key=lambda fact: fact.recording, reverse=True)
    appointed = next((fact for fact in latest if isinstance(fact, Appointed)), None)
    if appointed is None:
        return None
    left = next((fact for fact in latest if isinstance(fact, Left)), None)
    statements = (fact for fact in latest if isinstance(fact, Appointed | CoverageChanged))
    return Term(appointed, left, tuple(statements))


def seats_over_time(
    facts: Sequence[Fact], kinds: Collection[PostKind]
) -> dict[UUID, list[SeatFrom]]:
    """The seats of every post ever decreed with one of the kinds, each until the next."""
    ordered = sorted((fact for fact in facts if isinstance(fact, PostsDecreed)), key=_order)
    decrees = {decree.effective_on: decree for decree in ordered}  # the last of a day holds
    lists = [(decree, {post.post_id: post for post in decree.posts}) for decree in decrees.values()]
    asked = {
        post.post_id: post for _, posts in lists for post in posts.values() if post.kind in kinds
    }
    terms: defaultdict[UUID, list[Term]] = defaultdict(list)
    for term in terms_of(facts):
        terms[term.appointed.post_id].append(term)
    return {
        post_id: _seats(
            post, [(decree, posts.get(post_id)) for decree, posts in lists], terms[post_id]
        )
        for post_id, post in asked.items()
    }


def _seats(
    post: Post, decrees: list[tuple[PostsDecreed, Post | None]], terms: list[Term]
) -> list[SeatFrom]:
    first = next(decree.effective_on for decree, decreed in decrees if decreed is not None)
    days = {decree.effective_on for decree, _ in decrees}.union(*(term.days() for term in terms))
    seats: list[SeatFrom] = []
    before: Seat | None = None
    for day in sorted(day for day in days if day >= first):
        decree, decreed = next(
            (decree, decreed) for decree, decreed in reversed(decrees) if decree.effective_on <= day
        )
        seat: Seat | None = None
        because: Fact = decree
        if decreed is not None:
            post = decreed
            seat, because = _seat(post.kind, terms, day, before, decree)
        if seat != before:
            newly_decreed = before is None
            seats.append(SeatFrom(day, post, seat, decree if newly_decreed else because))
        before = seat
    return seats


def _seat(
    kind: PostKind, terms: list[Term], day: date, before: Seat | None, decree: PostsDecreed
) -> tuple[Seat, Fact]:
    holder = next((term for term in reversed(terms) if term.covers(day)), None)
    if holder is not None:
        entry, told = holder.coverage(day)
        if entry is None:
            return Seat(kind, None), told
        return Seat(kind, None, entry.active, entry.in_grace), told
    lefts = (term.left for term in terms if term.left and term.left.effective_on == day)
    since = before.vacant_since if before is not None and before.vacant_since else day
    return Seat(kind, since), min(lefts, key=_order, default=decree)


def _order(fact: Fact) -> tuple[object, ...]:
    return fact.order
