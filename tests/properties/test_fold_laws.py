"""What holds of every village's history, whatever happened and however it arrived."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

from common.events.words import CoverageStatus, Eligibility, Programme, Standing, Title
from eligibility.domain.acts import TITLED
from eligibility.domain.facts import Appointed, CoverageChanged, CoverageFrom, Fact, PostsDecreed
from eligibility.domain.fold import fold
from eligibility.domain.status import History, Status, canonical
from hypothesis import given, settings
from hypothesis import strategies as st
from support.fold_worlds import BASE, NOON, UNTIL, World, judged_by_day, worlds

THOUSAND = settings(max_examples=1000, derandomize=True, deadline=None)

hours = st.integers(-1, 200)
spans = st.integers(0, 110)
seeds = st.integers(0, 2**32 - 1)


def told(status: Status) -> dict[str, object]:
    """A status in the words of the day-by-day judge."""
    return {
        "eligibility": status.face.eligibility,
        "stage": status.face.stage,
        "title": status.face.title,
        "standing": status.face.standing,
        "failing_since": status.failing_since,
        "grace_ends": status.grace_ends,
        "undecidable_since": status.undecidable_since,
        "flagged": status.flagged,
        "rule_set": status.rule_set.rule_set_id if status.rule_set else None,
        "criteria": {
            reason.criterion: (reason.met, reason.required, reason.actual, reason.since)
            for reason in status.reasons
        },
    }


@settings(THOUSAND, max_examples=600)
@given(worlds)
def test_the_fold_agrees_with_a_judge_of_single_days(world: World):
    """Cutting at the days that matter gives what judging every day by itself gives."""
    history = fold(world.facts, world.rule_sets, until=UNTIL)

    for day, expected in judged_by_day(world, UNTIL).items():
        assert expected == told(history.on(day)), day


@THOUSAND
@given(worlds, seeds)
def test_any_order_and_any_duplicates_give_the_same_bytes(world: World, seed: int):
    """Every interleaving and every redelivery of the same facts is one history."""
    rng = random.Random(seed)
    arrived = [*world.facts, *rng.choices(world.facts, k=rng.randrange(len(world.facts)))]
    rng.shuffle(arrived)
    rule_sets = rng.sample(world.rule_sets, len(world.rule_sets))

    assert canonical(fold(world.facts, world.rule_sets, until=UNTIL)) == canonical(
        fold(arrived, rule_sets, until=UNTIL)
    )


@THOUSAND
@given(worlds, hours)
def test_as_known_then_is_the_fold_of_what_was_recorded_by_then(world: World, hour: int):
    """What is recorded later changes only what is known later."""
    known_at = NOON + timedelta(hours=hour)
    facts = [fact for fact in world.facts if fact.recorded_at <= known_at]
    rule_sets = [rules for rules in world.rule_sets if rules.recorded_at <= known_at]

    assert canonical(fold(facts, rule_sets, until=UNTIL)) == canonical(
        fold(world.facts, world.rule_sets, until=UNTIL, known_at=known_at)
    )


@settings(THOUSAND, max_examples=500)
@given(worlds, spans)
def test_a_shorter_history_is_the_beginning_of_a_longer_one(world: World, span: int):
    """The future never changes a day that has passed."""
    until = BASE + timedelta(days=span)
    short = fold(world.facts, world.rule_sets, until=until)
    long = fold(world.facts, world.rule_sets, until=UNTIL)

    assert short.intervals == tuple(one for one in long.intervals if one.start <= until)


@settings(THOUSAND, max_examples=500)
@given(worlds, spans)
def test_nothing_changes_before_the_next_review(world: World, span: int):
    """Between the history's end and `next_review_on` every day is as the last one."""
    until = BASE + timedelta(days=span)
    history = fold(world.facts, world.rule_sets, until=until)
    later = fold(world.facts, world.rule_sets, until=UNTIL)
    changes = [one.start for one in later.intervals if one.start > until]

    assert history.next_review_on is None or history.next_review_on > until
    if changes:
        assert history.next_review_on is not None
        assert history.next_review_on <= changes[0]


@settings(THOUSAND, max_examples=500)
@given(worlds)
def test_every_status_is_sane(world: World):
    """No title without an act, no clock without failing, no verdict without a list of posts."""
    history = fold(world.facts, world.rule_sets, until=UNTIL)
    ids = {fact.id for fact in world.facts}

    assert all(
        earlier.start < later.start and earlier.status != later.status
        for earlier, later in zip(history.intervals, history.intervals[1:], strict=False)
    )
    for interval in history.intervals:
        check(interval.status, ids)


def check(status: Status, ids: set[object]) -> None:
    face = status.face
    titled = face.title in TITLED
    assert titled == (face.standing in (Standing.BAIK, Standing.TERANCAM, Standing.DITANGGUHKAN))
    assert face.standing is not Standing.DICABUT or face.title is Title.NONE
    assert (face.standing is Standing.TERANCAM) <= (status.failing_since is not None)
    assert (status.failing_since is None) == (status.grace_ends is None)
    assert status.failing_since is None or face.eligibility is Eligibility.NOT_ELIGIBLE
    assert status.undecidable_since is None or face.eligibility is Eligibility.CANNOT_DECIDE
    assert {reason.because for reason in status.reasons} <= ids | {None}


@settings(THOUSAND, max_examples=500)
@given(worlds)
def test_without_the_list_of_posts_nobody_is_certified_by_posts(world: World):
    """An unknown list of posts never meets a criterion of posts."""
    facts = [fact for fact in world.facts if not isinstance(fact, PostsDecreed)]
    history: History = fold(facts, world.rule_sets, until=UNTIL)

    assert {None} >= {
        reason.met
        for interval in history.intervals
        for reason in interval.status.reasons
        if reason.criterion.startswith("posts_")
    }


@settings(THOUSAND, max_examples=500)
@given(worlds)
def test_more_cover_never_harms(world: World):
    """With all programmes active for every holder, what was met stays met on every day."""
    before = fold(world.facts, world.rule_sets, until=UNTIL)
    after = fold(map(fully_covered, world.facts), world.rule_sets, until=UNTIL)

    for interval in (*before.intervals, *after.intervals):
        met = [
            {reason.criterion for reason in history.on(interval.start).reasons if reason.met}
            for history in (before, after)
        ]
        assert met[0] <= met[1]


def fully_covered(fact: Fact) -> Fact:
    if not isinstance(fact, Appointed | CoverageChanged):
        return fact
    everything = CoverageFrom(
        fact.effective_on, CoverageStatus.AKTIF, frozenset(Programme), frozenset()
    )
    return replace(fact, coverage=(everything,))
