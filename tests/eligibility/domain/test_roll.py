"""The roll of posts: each with what it is worth to the rule, and since when."""

from __future__ import annotations

from datetime import date

from common.events.words import PostKind, Programme
from eligibility.domain.assess import Verdict
from eligibility.domain.roll import PostOnDay, roll_on
from eligibility.domain.rules import default_rule_sets
from support.village_story import FOUNDED, JKK_JKM, Story, day, nothing, sukosewu

DESA = next(rules for rules in default_rule_sets() if rules.village_kind == "DESA")
ALL = JKK_JKM | {Programme.JHT}


def roll(story: Story, on: date, *, keep: bool = False) -> tuple[PostOnDay, ...]:
    return roll_on(story.facts, DESA, on=on, keep=keep)


def test_a_run_goes_on_while_the_post_is_worth_the_same():
    """Another covered holder, or more programmes, begin no new run; a lapse does."""
    story = sukosewu()
    story.leave(1, day("2026-02-01"))
    story.appoint(1, day("2026-02-01"), programmes=ALL)
    story.cover(2, day("2026-03-01"), nothing(day("2026-03-01")))

    rows = roll(story, day("2026-03-10"))

    assert (Verdict.COVERED, FOUNDED, ("JHT", "JKK", "JKM")) == (
        rows[1].verdict,
        rows[1].since,
        rows[1].active,
    )
    assert (Verdict.NOT_COVERED, day("2026-03-01")) == (rows[2].verdict, rows[2].since)


def test_a_vacancy_counts_from_its_first_day():
    """Open at first and missed later, it is one vacancy since the day it began."""
    story = sukosewu()
    story.leave(3, day("2026-02-01"))

    early, late = roll(story, day("2026-02-02"))[3], roll(story, day("2026-06-01"))[3]

    assert (Verdict.OPEN, Verdict.VACANT) == (early.verdict, late.verdict)
    assert early.vacant
    assert early.since == late.since == day("2026-02-01")


def test_posts_that_no_rule_asks_for_have_no_verdict():
    """A neighbourhood's head in a desa is shown, and judged by nobody."""
    story = Story()
    story.decree((PostKind.RT_HEAD, PostKind.KEPALA_DESA, PostKind.RT_HEAD))
    story.appoint(0, day("2026-01-05"))

    rows = roll(story, day("2026-02-01"))

    assert [("KEPALA_DESA", 1), ("RT_HEAD", 1), ("RT_HEAD", 2)] == [
        (row.post.kind, row.post.ordinal) for row in rows
    ]
    assert [Verdict.VACANT, None, None] == [row.verdict for row in rows]
    assert (day("2026-01-05"), True) == (rows[1].since, rows[2].vacant)


def test_a_post_that_is_no_longer_decreed_is_gone():
    """The roll is the decree's of the day."""
    story = sukosewu()
    story.decree((PostKind.KEPALA_DESA,), on=day("2026-02-01"))

    assert (9, 1) == (len(roll(story, day("2026-01-31"))), len(roll(story, day("2026-02-01"))))
