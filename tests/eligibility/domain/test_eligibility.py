"""When a village meets its rules, in the programme's words."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest
from common.events.words import (
    CoverageStatus,
    Eligibility,
    PostKind,
    Programme,
    Stage,
    Standing,
    Title,
    VillageKind,
)
from eligibility.domain.facts import ActKind, CoverageFrom
from eligibility.domain.rules import default_rule_sets
from eligibility.domain.status import NOTHING_KNOWN, Face, Missing
from support.village_story import (
    FOUNDED,
    STAFF_OF_NINE,
    Story,
    active,
    after,
    day,
    in_grace,
    nothing,
    sukosewu,
    titled,
)

KAUR, KEPALA_DESA = 2, 0


def test_sukosewu_with_all_nine_posts_covered_is_eligible():
    """Head and all staff AKTIF in JKK and JKM: ELIGIBLE, and the stage follows."""
    status = sukosewu().on(day("2026-03-01"))

    assert status.face == Face(
        Eligibility.ELIGIBLE, Stage.MEMENUHI_SYARAT, Title.NONE, Standing.NONE
    )
    assert [
        (reason.met, reason.required, reason.actual, reason.missing) for reason in status.reasons
    ] == [(True, 9, 9, ())]


def test_seven_of_nine_posts_names_what_is_missing():
    """7 of 9 posts covered, 1 vacant, 1 not enrolled."""
    story = sukosewu()
    story.leave(KAUR, day("2026-02-01"))
    story.cover(8, day("2026-02-01"))

    (reason,) = story.on(day("2026-06-01")).reasons

    assert (reason.met, reason.required, reason.actual) == (False, 9, 7)
    assert reason.missing == (
        Missing(PostKind.KAUR, vacant=1, not_covered=0),
        Missing(PostKind.KEPALA_DUSUN, vacant=0, not_covered=1),
    )


@pytest.mark.parametrize(
    ("days", "expected", "required"),
    [
        (0, Eligibility.ELIGIBLE, 8),
        (89, Eligibility.ELIGIBLE, 8),
        (90, Eligibility.NOT_ELIGIBLE, 9),
    ],
)
def test_a_vacancy_is_missing_after_ninety_days(days, expected, required):
    """A vacancy is neither covered nor missing for 90 days, then missing."""
    story = sukosewu()
    story.leave(KAUR, day("2026-02-01"))

    status = story.on(after(day("2026-02-01"), days))

    assert (expected, required) == (status.face.eligibility, status.reasons[0].required)


def test_a_post_never_held_is_vacant_since_its_decree():
    """The days of a vacancy begin when the post is decreed."""
    story = Story()
    story.decree()
    for place in range(8):
        story.appoint(place)

    assert story.on(after(FOUNDED, 89)).face.eligibility is Eligibility.ELIGIBLE
    assert story.on(after(FOUNDED, 90)).face.eligibility is Eligibility.NOT_ELIGIBLE


def test_the_head_of_village_is_missing_at_once():
    """A village without its head does not wait 90 days."""
    story = sukosewu()
    story.leave(KEPALA_DESA, day("2026-02-01"))

    assert story.on(day("2026-01-31")).face.eligibility is Eligibility.ELIGIBLE
    assert story.on(day("2026-02-01")).face.eligibility is Eligibility.NOT_ELIGIBLE


def test_an_acting_head_fills_the_post():
    """A Pj. kepala desa who is covered keeps the village eligible."""
    story = sukosewu()
    story.leave(KEPALA_DESA, day("2026-02-01"))
    story.appoint(KEPALA_DESA, day("2026-02-01"), acting=True)

    assert story.on(day("2026-02-01")).face.eligibility is Eligibility.ELIGIBLE


def test_an_unknown_list_cannot_be_decided():
    """Officials without a decree of posts: stored, and CANNOT_DECIDE until the list is known."""
    story = sukosewu()
    without_decree = [story.facts[0], *story.facts[2:]]
    story.facts = without_decree

    assert story.on(FOUNDED).face == Face(
        Eligibility.CANNOT_DECIDE, Stage.TERDAFTAR, Title.NONE, Standing.NONE
    )


@pytest.mark.parametrize(
    ("filled", "expected"), [(5, Eligibility.CANNOT_DECIDE), (6, Eligibility.ELIGIBLE)]
)
def test_with_less_than_sixty_percent_filled_nothing_is_decided(filled, expected):
    """5 of 9 posts filled (55 %) say nothing; 6 of 9 do, while the vacancies are young."""
    story = Story()
    story.decree()
    for place in range(filled):
        story.appoint(place)

    assert expected is story.on(FOUNDED).face.eligibility


def test_area_data_alone_is_no_stage():
    """A village that is only known has no stage: the log does not start with it."""
    assert NOTHING_KNOWN.face == Story().on(FOUNDED).face


def test_stages_rise_with_what_has_happened():
    """TERDAFTAR, SOSIALISASI, CALON, MEMENUHI_SYARAT: the highest that holds."""
    story = Story()
    story.enrolled(day("2026-01-02"))
    story.sosialisasi(day("2026-01-03"))
    story.act(ActKind.CALON, day("2026-01-04"))
    story.decree(on=day("2026-01-05"))
    story.appoint_all(day("2026-01-05"))

    history = story.history(day("2026-01-05"))

    assert [history.on(after(FOUNDED, days)).face.stage for days in range(5)] == [
        Stage.NONE,
        Stage.TERDAFTAR,
        Stage.SOSIALISASI,
        Stage.CALON,
        Stage.MEMENUHI_SYARAT,
    ]


def test_one_programme_is_not_enough():
    """JKK alone does not cover a post."""
    story = Story()
    story.decree()
    story.appoint_all()
    story.cover(3, FOUNDED, CoverageFrom(FOUNDED, CoverageStatus.AKTIF, frozenset({Programme.JKK})))

    assert story.on(FOUNDED).face.eligibility is Eligibility.NOT_ELIGIBLE


def test_rt_heads_do_not_count_for_a_desa():
    """The default of a desa asks for head and staff only."""
    story = Story()
    story.decree((*STAFF_OF_NINE, PostKind.RT_HEAD, PostKind.BPD_MEMBER))
    for place in range(9):
        story.appoint(place)

    assert story.on(FOUNDED).face.eligibility is Eligibility.ELIGIBLE


def test_in_grace_keeps_but_does_not_enter():
    """Arrears within grace: a titled village keeps, an untitled one does not enter."""
    untitled, named = sukosewu(), titled()
    for story in (untitled, named):
        story.cover(KAUR, day("2026-03-01"), in_grace(day("2026-03-01")))

    assert [story.on(day("2026-03-02")).face.eligibility for story in (untitled, named)] == [
        Eligibility.NOT_ELIGIBLE,
        Eligibility.ELIGIBLE,
    ]


def test_coverage_told_ahead_takes_effect_by_time_alone():
    """Active, in grace, nothing: one statement, three spans; the history wakes for each."""
    story = titled()
    story.cover(
        KAUR,
        day("2026-03-01"),
        active(day("2026-03-01")),
        in_grace(day("2026-04-01")),
        nothing(day("2026-07-01")),
    )

    assert day("2026-04-01") == story.history(day("2026-03-15")).next_review_on
    assert story.on(day("2026-06-30")).face.eligibility is Eligibility.ELIGIBLE
    assert story.on(day("2026-07-01")).face.eligibility is Eligibility.NOT_ELIGIBLE


def test_a_later_recorded_statement_replaces_the_future_an_earlier_one_told():
    """Coverage from a day on is what was recorded last about it; days before stay as they were."""
    story = sukosewu()
    story.cover(KAUR, day("2026-05-01"), nothing(day("2026-05-01")))
    story.cover(KAUR, day("2026-04-01"), active(day("2026-04-01")))

    history = story.history(day("2026-06-01"))

    assert history.on(day("2026-05-02")).face.eligibility is Eligibility.ELIGIBLE


def test_a_kelurahan_is_judged_by_rt_rw_and_sosialisasi():
    """RT and RW covered and a sosialisasi within 24 months; the lurah is not asked for."""
    story = Story(VillageKind.KELURAHAN)
    story.decree((PostKind.LURAH, PostKind.RT_HEAD, PostKind.RT_HEAD, PostKind.RW_HEAD))
    for place in (1, 2, 3):
        story.appoint(place)
    story.sosialisasi(day("2026-02-10"))

    history = story.history(day("2028-02-10"))

    assert history.on(day("2026-02-09")).face.eligibility is Eligibility.NOT_ELIGIBLE
    assert history.on(day("2026-02-10")).face.eligibility is Eligibility.ELIGIBLE
    assert history.on(day("2028-02-09")).face.eligibility is Eligibility.ELIGIBLE
    assert history.on(day("2028-02-10")).face.eligibility is Eligibility.NOT_ELIGIBLE


def test_the_expiry_of_a_sosialisasi_is_named_and_wakes():
    """What time alone changes is foreseen, and the old sosialisasi explains it."""
    story = Story(VillageKind.KELURAHAN)
    story.decree((PostKind.RT_HEAD,))
    story.appoint(0)
    held = story.sosialisasi(day("2026-02-10"))

    assert day("2028-02-10") == story.history(day("2026-03-01")).next_review_on
    reason = story.on(day("2028-03-01")).reasons[1]
    assert (False, day("2028-02-10"), held.id) == (reason.met, reason.since, reason.because)


def test_a_village_of_unknown_kind_cannot_be_decided():
    """Without area data no rule set applies."""
    story = sukosewu()
    story.facts = story.facts[1:]

    status = story.on(FOUNDED)

    assert (
        status.face.eligibility,
        status.rule_set,
        status.reasons,
    ) == (Eligibility.CANNOT_DECIDE, None, ())


def test_days_before_the_first_area_data_are_judged_too():
    """We learnt late what the village is; it was so before."""
    story = sukosewu()
    story.facts[0] = dataclasses.replace(story.facts[0], effective_on=day("2026-06-01"))

    assert story.on(FOUNDED).face.eligibility is Eligibility.ELIGIBLE


def test_as_known_on_a_day_before_the_correction():
    """A late correction changes history as known now, not as known then."""
    story = sukosewu()
    then = story.clock + timedelta(seconds=1)
    story.leave(KEPALA_DESA, day("2026-02-01"))

    assert [
        story.on(day("2026-03-01"), known_at=known_at).face.eligibility for known_at in (then, None)
    ] == [Eligibility.ELIGIBLE, Eligibility.NOT_ELIGIBLE]


def test_the_first_of_several_events_is_named():
    """Two holders lose cover on one day: the first by (effective_on, time, id) is named."""
    story = sukosewu()
    first = story.cover(5, day("2026-03-01"))
    story.cover(6, day("2026-03-01"))

    reason = story.on(day("2026-04-01")).reasons[0]

    assert (day("2026-03-01"), first.id) == (reason.since, reason.because)


def test_the_event_that_made_it_so_is_named_not_its_neighbour():
    """On a day when one post is covered and another loses cover, the loss explains the failing."""
    story = sukosewu()
    story.leave(3, day("2026-02-20"))
    story.appoint(3, day("2026-03-01"))
    lost = story.cover(6, day("2026-03-01"))

    reason = story.on(day("2026-04-01")).reasons[0]

    assert (False, lost.id) == (reason.met, reason.because)


def test_a_future_fact_changes_nothing_but_wakes():
    """History ends at `until`; a fact of tomorrow sets the next review."""
    story = sukosewu()
    before = story.history(day("2026-03-01"))
    story.leave(KEPALA_DESA, day("2026-03-20"))
    now = story.history(day("2026-03-01"))

    assert before.intervals == now.intervals
    assert (None, day("2026-03-20")) == (before.next_review_on, now.next_review_on)


def test_a_vacancy_wakes_when_it_will_be_missing():
    """The next review of a young vacancy is its ninetieth day."""
    story = sukosewu()
    story.leave(KAUR, day("2026-02-01"))

    assert after(day("2026-02-01"), 90) == story.history(day("2026-02-02")).next_review_on


def test_a_regency_rule_set_wins_from_its_day():
    """The most specific, then the latest valid; each day by the rules of that day."""
    default = default_rule_sets()[0]
    criterion = default.criteria[0]
    with_rt = dataclasses.replace(criterion, post_kinds=criterion.post_kinds | {PostKind.RT_HEAD})
    ours = dataclasses.replace(
        default,
        rule_set_id="pati",
        regency_code="35.05",
        valid_from=day("2026-03-01"),
        group=dataclasses.replace(default.group, members=(with_rt,)),
        default=False,
    )
    story = Story()
    story.decree((*STAFF_OF_NINE, PostKind.RT_HEAD))
    for place in range(9):
        story.appoint(place)

    history = story.history(day("2026-12-01"), rules=(default, ours))

    assert history.on(day("2026-02-28")).face.eligibility is Eligibility.ELIGIBLE
    assert history.on(day("2026-02-28")).rule_set == default.ref
    assert history.on(day("2026-03-01")).rule_set == ours.ref
    assert history.on(after(FOUNDED, 90)).face.eligibility is Eligibility.NOT_ELIGIBLE
