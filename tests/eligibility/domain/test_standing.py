"""Titles, their standing, and the clocks of a village that no longer keeps its rules."""

from __future__ import annotations

import dataclasses

import pytest
from common.events.words import Eligibility, PostKind, Stage, Standing, Title
from eligibility.domain.criteria import Parameters
from eligibility.domain.facts import ActKind
from eligibility.domain.rules import default_rule_sets
from eligibility.domain.status import Face, proposal_due_on
from support.village_story import FOUNDED, Story, active, after, day, in_grace, sukosewu, titled

KAUR, KEPALA_DESA = 2, 0
LOST = day("2026-03-01")


def faces(story: Story, first: str, last: str) -> list[tuple[str, Title, Standing]]:
    history = story.history(day(last))
    return [
        (interval.start.isoformat(), interval.status.face.title, interval.status.face.standing)
        for interval in history.intervals
        if interval.start >= day(first)
    ]


@pytest.mark.parametrize(
    ("days", "standing"), [(0, Standing.BAIK), (6, Standing.BAIK), (7, Standing.TERANCAM)]
)
def test_a_failing_village_is_at_risk_after_seven_days(days, standing):
    """TERANCAM once it has failed for `confirm_days`; the grace runs from the first day."""
    story = titled()
    story.cover(KAUR, LOST)

    status = story.on(after(LOST, days))

    assert standing is status.face.standing
    assert (LOST, after(LOST, 90)) == (status.failing_since, status.grace_ends)


@pytest.mark.parametrize(("days", "standing"), [(29, Standing.BAIK), (30, Standing.TERANCAM)])
def test_after_a_change_of_head_it_takes_thirty_days(days, standing):
    """A new head who is not yet enrolled has 30 days before anybody is alarmed."""
    story = titled()
    story.leave(KEPALA_DESA, LOST)
    story.appoint(KEPALA_DESA, LOST, programmes=frozenset())

    assert standing is story.on(after(LOST, days)).face.standing


@pytest.mark.parametrize(("changed", "days"), [(day("2026-01-31"), 30), (day("2026-01-30"), 7)])
def test_a_change_of_head_counts_for_thirty_days(changed, days):
    """29 days after the change the longer patience holds, 30 days after it does not."""
    story = titled()
    story.leave(KEPALA_DESA, changed)
    story.appoint(KEPALA_DESA, changed)
    story.cover(KAUR, LOST)

    assert story.on(after(LOST, days - 1)).face.standing is Standing.BAIK
    assert story.on(after(LOST, days)).face.standing is Standing.TERANCAM


def test_recovery_ends_the_run():
    """Covered again: BAIK at once, and a later failure begins a new run."""
    story = titled()
    story.cover(KAUR, LOST)
    story.cover(KAUR, after(LOST, 20), active(after(LOST, 20)))
    story.cover(KAUR, after(LOST, 40))

    recovered, again = story.on(after(LOST, 20)), story.on(after(LOST, 41))

    assert (
        recovered.face.standing,
        recovered.failing_since,
        recovered.grace_ends,
    ) == (Standing.BAIK, None, None)
    assert (Standing.BAIK, after(LOST, 40)) == (again.face.standing, again.failing_since)


def undecidable(story: Story, start, end) -> None:
    """Four of nine holders leave for a while: less than 60 % is filled."""
    for place in (5, 6, 7, 8):
        story.leave(place, start)
        story.appoint(place, end)


def test_undecidable_days_neither_start_nor_break_nor_count():
    """Three days of failing, ten undecidable ones, and the clock goes on where it stood."""
    story = titled()
    story.cover(KAUR, LOST)
    undecidable(story, after(LOST, 3), after(LOST, 13))

    during, confirmed = story.on(after(LOST, 5)), story.on(after(LOST, 17))

    assert (Eligibility.CANNOT_DECIDE, Standing.BAIK, None, None, after(LOST, 3)) == (
        during.face.eligibility,
        during.face.standing,
        during.failing_since,
        during.grace_ends,
        during.undecidable_since,
    )
    assert story.on(after(LOST, 16)).face.standing is Standing.BAIK
    assert (Standing.TERANCAM, LOST, after(LOST, 100), None) == (
        confirmed.face.standing,
        confirmed.failing_since,
        confirmed.grace_ends,
        confirmed.undecidable_since,
    )


def test_the_clocks_are_those_of_the_rules_valid_when_the_failing_began():
    """A new rule set with other clocks does not move a run that has begun."""
    default = default_rule_sets()[0]
    hasty = dataclasses.replace(
        default,
        version=2,
        valid_from=after(LOST, 2),
        parameters=Parameters(confirm_days=3, grace_days=10),
    )
    story = titled()
    story.cover(KAUR, LOST)

    status = story.on(after(LOST, 6), rules=(default, hasty))

    assert (Standing.BAIK, after(LOST, 90)) == (status.face.standing, status.grace_ends)


def test_next_review_follows_the_clocks():
    """First the confirmation, then the end of grace."""
    story = titled()
    story.cover(KAUR, LOST)

    assert [after(LOST, 7), after(LOST, 90), None] == [
        story.history(after(LOST, days)).next_review_on for days in (0, 7, 90)
    ]


def test_a_proposal_waits_for_the_end_of_grace_and_thirty_days_of_warning():
    """Due at the end of grace, but never sooner than 30 days after TERANCAM was announced."""
    story = titled()
    story.cover(KAUR, LOST)
    at_risk, not_yet = story.on(after(LOST, 7)), story.on(after(LOST, 6))

    assert after(LOST, 90) == proposal_due_on(at_risk, after(LOST, 7))
    assert after(LOST, 110) == proposal_due_on(at_risk, after(LOST, 80))
    assert proposal_due_on(not_yet, LOST) is None


def test_suspension_and_restoration():
    """DITANGGUHKAN asks `enter` and stops the clocks; a restoration begins a new run."""
    story = titled()
    story.cover(KAUR, LOST)
    story.act(ActKind.PENANGGUHAN, after(LOST, 100))
    story.act(ActKind.PEMULIHAN, after(LOST, 120))

    suspended, restored = story.on(after(LOST, 110)), story.on(after(LOST, 120))

    assert (
        suspended.face.title,
        suspended.face.standing,
        suspended.failing_since,
    ) == (Title.DITETAPKAN, Standing.DITANGGUHKAN, None)
    assert (Standing.BAIK, after(LOST, 120)) == (restored.face.standing, restored.failing_since)


def test_a_suspended_village_must_enter_again():
    """In grace keeps a title in force, but does not meet the rules while suspended."""
    story = titled()
    story.cover(KAUR, LOST, in_grace(LOST))
    story.act(ActKind.PENANGGUHAN, after(LOST, 10))

    assert story.on(after(LOST, 9)).face.eligibility is Eligibility.ELIGIBLE
    assert story.on(after(LOST, 10)).face.eligibility is Eligibility.NOT_ELIGIBLE


def test_revocation_and_the_way_back():
    """DICABUT takes the title; a new penetapan gives it again."""
    story = titled()
    story.act(ActKind.PERESMIAN, day("2026-02-01"))
    story.act(ActKind.PENCABUTAN, day("2026-03-01"))
    story.act(ActKind.PENETAPAN, day("2026-04-01"))

    assert faces(story, "2026-01-01", "2026-05-01") == [
        ("2026-01-01", Title.DITETAPKAN, Standing.BAIK),
        ("2026-02-01", Title.DIRESMIKAN, Standing.BAIK),
        ("2026-03-01", Title.NONE, Standing.DICABUT),
        ("2026-04-01", Title.DITETAPKAN, Standing.BAIK),
    ]


def test_an_announced_village_has_no_standing():
    """DICANANGKAN is a title to be earned: nothing to keep, nothing at risk."""
    story = sukosewu()
    story.act(ActKind.PENCANANGAN, FOUNDED)
    story.cover(KAUR, LOST)

    assert story.on(after(LOST, 60)).face == Face(
        Eligibility.NOT_ELIGIBLE, Stage.TERDAFTAR, Title.DICANANGKAN, Standing.NONE
    )


@pytest.mark.parametrize("covered", [True, False])
def test_naming_a_village_that_is_not_eligible_is_flagged(covered):
    """The flag is judged by `enter` on the day of the naming, and stays with the title."""
    story = sukosewu()
    if not covered:
        story.cover(KAUR, FOUNDED, in_grace(FOUNDED))
    story.act(ActKind.PENETAPAN, day("2026-02-01"))
    story.cover(KAUR, day("2026-03-01"), active(day("2026-03-01")))

    assert (not covered) is story.on(day("2026-04-01")).flagged


def test_acts_recorded_late_are_ordered_by_their_days():
    """A penetapan of January recorded after the peresmian of February still comes first."""
    story = sukosewu()
    story.act(ActKind.PERESMIAN, day("2026-02-01"))
    story.act(ActKind.PENETAPAN, day("2026-01-15"))

    assert story.on(day("2026-02-01")).face.title is Title.DIRESMIKAN


def test_an_unknown_list_keeps_a_title_without_a_clock():
    """Titled and CANNOT_DECIDE: BAIK with `undecidable_since`, no grace clock."""
    story = Story()
    story.act(ActKind.PENETAPAN, day("2026-02-01"))
    story.decree((PostKind.RT_HEAD,), on=day("2026-03-01"))

    status = story.on(day("2026-12-01"))

    assert (Standing.BAIK, day("2026-02-01"), None, True) == (
        status.face.standing,
        status.undecidable_since,
        status.grace_ends,
        status.flagged,
    )
