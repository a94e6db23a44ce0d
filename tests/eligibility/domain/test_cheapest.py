"""The cheapest way to be eligible, against every possible way."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date, timedelta
from itertools import combinations
from uuid import UUID

import pytest
from common.events.words import PostKind, Programme
from eligibility.domain.assess import VillageOn, judge
from eligibility.domain.cheapest import PostsOn, Step, StepKind, cheapest_steps
from eligibility.domain.criteria import (
    CoverageAsked,
    Group,
    Parameters,
    PostsCovered,
    SosialisasiAsked,
    SosialisasiWithin,
)
from eligibility.domain.facts import Post
from eligibility.domain.posts import Seat
from eligibility.domain.rules import RuleSet, default_rule_sets
from hypothesis import given, settings
from hypothesis import strategies as st

TODAY = date(2026, 6, 1)
BOTH = frozenset({Programme.JKK, Programme.JKM})
SOME = (frozenset(), frozenset({Programme.JKK}), BOTH)
BY_CRITERION = {
    "staff": (PostKind.KEPALA_DESA, PostKind.KAUR, PostKind.KASI),
    "neighbourhoods": (PostKind.RT_HEAD, PostKind.RW_HEAD),
}


def village(posts: PostsOn, last_sosialisasi: date | None) -> VillageOn:
    return VillageOn(Counter(seat for _, seat in posts), last_sosialisasi)


def generated(rng: random.Random) -> tuple[RuleSet, list[tuple[Post, Seat]], date | None]:
    """Up to nine posts; no two criteria ask for the same post."""
    posts = []
    for kind in (kind for kinds in BY_CRITERION.values() for kind in kinds):
        for ordinal in range(1, rng.randrange(1, 3) + 1):
            since = TODAY - timedelta(days=rng.randrange(200)) if rng.random() < 0.4 else None
            seat = Seat(kind, since) if since else Seat(kind, None, rng.choice(SOME))
            posts.append((Post(UUID(int=len(posts) + 1), kind, ordinal), seat))
    asked = [
        CoverageAsked(rng.choice(SOME[1:]), min_share=rng.choice((40, 60, 80, 100)))
        for _ in BY_CRITERION
    ]
    members = [
        PostsCovered("posts_covered", name, frozenset(kinds), enter=one, keep=one)
        for (name, kinds), one in zip(BY_CRITERION.items(), asked, strict=True)
    ]
    months = SosialisasiAsked(24)
    members.append(SosialisasiWithin("sosialisasi_within", "informed", months, months))
    rng.shuffle(members)
    group = Group(rng.choice(("all", "any")), tuple(members[1:]))
    outer = Group("at_least", (members[0], group), n=rng.randrange(1, 3))
    rules = RuleSet(
        rule_set_id="generated",
        version=1,
        regency_code=None,
        village_kind=default_rule_sets()[0].village_kind,
        valid_from=TODAY,
        recorded_at=default_rule_sets()[0].recorded_at,
        group=outer,
        parameters=Parameters(min_filled=rng.choice((1, 60, 90))),
    )
    return rules, posts, rng.choice((None, TODAY))


def met_after(
    rules: RuleSet,
    posts: PostsOn,
    last_sosialisasi: date | None,
    covered: frozenset[UUID],
    *,
    informed: bool,
) -> bool | None:
    then = [
        (post, Seat(post.kind, None, BOTH) if post.post_id in covered else seat)
        for post, seat in posts
    ]
    held = TODAY if informed else last_sosialisasi
    return judge(village(then, held), rules, TODAY, keep=False).met


def fewest(rules: RuleSet, posts: PostsOn, last_sosialisasi: date | None) -> int:
    """The size of the smallest of all sets of facts after which the rules are met."""
    ids: list[UUID | None] = [*(post.post_id for post, _ in posts), None]
    return next(
        size
        for size in range(len(ids) + 1)
        for chosen in combinations(ids, size)
        if met_after(
            rules,
            posts,
            last_sosialisasi,
            frozenset(one for one in chosen if one is not None),
            informed=None in chosen,
        )
    )


@settings(max_examples=300, derandomize=True, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_cheapest_set_certifies_and_none_is_smaller(seed: int):
    """The steps found make the village eligible, and no smaller set of facts does."""
    rules, posts, held = generated(random.Random(seed))

    steps = cheapest_steps(rules, village(posts, held), posts, TODAY, keep=False)

    covered = frozenset(step.post.post_id for step in steps if step.post)
    informed = any(step.kind is StepKind.HOLD_SOSIALISASI for step in steps)
    assert met_after(rules, posts, held, covered, informed=informed)
    assert fewest(rules, posts, held) == len(steps)


def test_two_criteria_on_one_post_are_one_step():
    """A holder who lacks JKM for one criterion and JHT for another is enrolled once."""
    head = Post(UUID(int=1), PostKind.KEPALA_DESA, 1)
    posts = [(head, Seat(head.kind, None, frozenset({Programme.JKK})))]
    members = tuple(
        PostsCovered(
            "posts_covered",
            name,
            frozenset({head.kind}),
            enter=CoverageAsked(programmes),
            keep=CoverageAsked(programmes),
        )
        for name, programmes in (("basic", BOTH), ("pension", frozenset({Programme.JHT})))
    )
    default = default_rule_sets()[0]
    rules = RuleSet(
        "two", 1, None, default.village_kind, TODAY, default.recorded_at, Group("all", members)
    )

    assert (Step(StepKind.COVER_HOLDER, head, (Programme.JHT, Programme.JKM)),) == cheapest_steps(
        rules, village(posts, None), posts, TODAY, keep=False
    )


@pytest.mark.parametrize(
    ("mode", "expected"), [("all", StepKind.DECREE_POSTS), ("any", StepKind.HOLD_SOSIALISASI)]
)
def test_an_unknown_list_is_the_last_resort(mode, expected):
    """Nobody can say what a decree will cost: another way comes first, if there is one."""
    kelurahan = default_rule_sets()[1]
    rules = RuleSet(
        "unknown",
        1,
        None,
        kelurahan.village_kind,
        TODAY,
        kelurahan.recorded_at,
        Group(mode, kelurahan.group.members),
    )

    steps = cheapest_steps(rules, VillageOn(None, None), [], TODAY, keep=False)

    assert steps[0].kind is expected


def test_the_head_comes_first():
    """Steps stand in the order of kinds and numbers, whether a post is vacant or not covered."""
    desa = default_rule_sets()[0]
    kinds = (PostKind.KASI, PostKind.KAUR, PostKind.SEKRETARIS_DESA, PostKind.KEPALA_DESA)
    long_ago = TODAY - timedelta(days=400)
    posts = [
        (Post(UUID(int=number), kind, 1), Seat(kind, long_ago if kind is PostKind.KAUR else None))
        for number, kind in enumerate(kinds, 1)
    ]

    steps = cheapest_steps(desa, village(posts, TODAY), posts, TODAY, keep=False)

    assert list(reversed(kinds)) == [step.post.kind for step in steps if step.post]
