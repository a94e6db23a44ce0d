"""What blocks a village, down to the single post."""

from __future__ import annotations

from common.events.words import CoverageStatus, Eligibility, PostKind, Programme
from eligibility.domain.assess import Verdict
from eligibility.domain.cheapest import StepKind
from eligibility.domain.explain import explain
from eligibility.domain.facts import CoverageFrom, PostsDecreed
from eligibility.domain.rules import default_rule_sets
from support.village_story import FOUNDED, Story, day, in_grace, nothing, sukosewu, titled

RULES = default_rule_sets()
KAUR, KEPALA_DUSUN = 2, 8


def test_seven_of_nine_posts_are_named_one_by_one():
    """Which post, what is wrong, since when, by which event, and what would mend it."""
    story = sukosewu()
    left = story.leave(KAUR, day("2026-02-01"))
    lost = story.cover(KEPALA_DUSUN, day("2026-02-10"))

    told = explain(story.facts, RULES, on=day("2026-06-01"))

    (criterion,) = told.criteria
    assert [
        (PostKind.KAUR, 1, Verdict.VACANT, day("2026-02-01"), left.id),
        (PostKind.KEPALA_DUSUN, 2, Verdict.NOT_COVERED, day("2026-02-10"), lost.id),
    ] == [
        (one.post.kind, one.post.ordinal, one.verdict, one.since, one.because)
        for one in criterion.posts
    ]
    assert [step.kind for step in told.cheapest] == [
        StepKind.APPOINT_COVERED_HOLDER,
        StepKind.COVER_HOLDER,
    ]
    assert (RULES[0], RULES[0].ref) == (told.rules, told.status.rule_set)


def test_the_run_without_cover_begins_with_its_first_event():
    """JKM lost first, everything later: not covered since the first loss."""
    story = titled()
    jkk_only = CoverageFrom(day("2026-03-01"), CoverageStatus.AKTIF, frozenset({Programme.JKK}))
    first = story.cover(KAUR, day("2026-03-01"), jkk_only)
    story.cover(KAUR, day("2026-04-01"), nothing(day("2026-04-01")))

    (post,) = explain(story.facts, RULES, on=day("2026-05-01")).criteria[0].posts

    assert (day("2026-03-01"), first.id) == (post.since, post.because)
    assert post.lacking == (Programme.JKK, Programme.JKM)


def test_a_new_post_is_explained_by_its_decree():
    """A holder without cover matters from the day on which the post is decreed."""
    story = Story()
    story.decree()
    story.appoint_all()
    story.cover(KAUR, FOUNDED)
    story.facts = [fact for fact in story.facts if not isinstance(fact, PostsDecreed)]
    decree = story.decree(on=day("2026-03-01"))

    (post,) = explain(story.facts, RULES, on=day("2026-04-01")).criteria[0].posts

    assert (day("2026-03-01"), decree.id) == (post.since, post.because)


def test_what_keeps_is_not_asked_again():
    """A titled village in grace has nothing to mend; an untitled one has."""
    untitled, named = sukosewu(), titled()
    for story in (untitled, named):
        story.cover(KAUR, day("2026-03-01"), in_grace(day("2026-03-01")))

    assert [
        len(explain(story.facts, RULES, on=day("2026-03-02")).cheapest)
        for story in (untitled, named)
    ] == [1, 0]


def test_a_village_of_unknown_kind_is_explained_by_having_no_rules():
    """No area data: no rule set, no criteria, CANNOT_DECIDE."""
    told = explain(sukosewu().facts[1:], RULES, on=FOUNDED)

    assert (
        told.rules,
        told.criteria,
        told.status.face.eligibility,
    ) == (None, (), Eligibility.CANNOT_DECIDE)


def test_an_explanation_is_of_its_day_and_of_what_was_known():
    """Facts of later days and later knowledge are left out."""
    story = sukosewu()
    then = story.clock
    story.leave(KAUR, day("2026-02-01"))
    story.leave(KEPALA_DUSUN, day("2026-03-01"))

    assert [
        len(explain(story.facts, RULES, on=day(on), known_at=known_at).criteria[0].posts)
        for on, known_at in (("2026-02-10", then), ("2026-02-10", None), ("2026-03-01", None))
    ] == [0, 1, 2]


def test_a_village_without_facts_of_the_programme():
    """Only known: the first thing to do is to decree the posts."""
    told = explain(Story().facts, RULES, on=FOUNDED)

    assert [step.kind for step in told.cheapest] == [StepKind.DECREE_POSTS]
