"""Which alerts news makes, to whom, when, what must still hold, and when there is none."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from common.events.eligibility import Face, Missing, Reason
from common.events.envelope import Origin
from common.events.words import AlertKind, OfficeKind, PostKind, Standing, Title
from letters_rig import CEREMONY, HEAD, LURAH
from notifications.domain.alerts import (
    STALE_AFTER,
    Occasion,
    Suppression,
    alerts_about,
    alerts_of,
    ends_something,
    still_holds,
)
from notifications.domain.heads import followed_by
from notifications.domain.rules import RULES, Present
from notifications.domain.views import View
from notifications_rig import (
    AT_RISK,
    COVERED,
    DESIGNATED,
    ELIGIBLE,
    KEDUNGJARAN,
    REVOKED,
    START_FACE,
    SUSPENDED,
    UNCOVERED,
)
from support.programme import START, appointed, coverage_changed, left

README = Path(__file__).parents[2] / "services/notifications/README.md"
INAUGURATED = DESIGNATED.model_copy(update={"title": Title.DIRESMIKAN})
DECLARED = ELIGIBLE.model_copy(update={"title": Title.DICANANGKAN})
REVOKED_THOUGH_ELIGIBLE = ELIGIBLE.model_copy(update={"standing": Standing.DICABUT})
DECLARED_TOO_SOON = START_FACE.model_copy(update={"title": Title.DICANANGKAN})
VACANT = UNCOVERED.model_copy(
    update={"missing": (Missing(post_kind=PostKind.KEPALA_DESA, vacant=1),)}
)
UNDECIDED = Reason(criterion="head_and_staff_covered", met=None, required=0, actual=0)
BOTH = (OfficeKind.CAMAT, OfficeKind.BUPATI)
CAMAT = (OfficeKind.CAMAT,)
POST = UUID(int=9)
TODAY = date(2026, 3, 2)


def occasion(origin: Origin = Origin.LIVE, age: timedelta = timedelta(0), **more: bool) -> Occasion:
    return Occasion(KEDUNGJARAN, origin, START - age, START, **more)


def view(face: Face, *reasons: Reason) -> View:
    return View.of(face, reasons)


def expect(kind: AlertKind, offices: tuple[OfficeKind, ...]) -> set[tuple[AlertKind, OfficeKind]]:
    return {(kind, office) for office in offices}


K = AlertKind


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (START_FACE, ELIGIBLE, expect(K.VILLAGE_ELIGIBLE, BOTH)),
        (ELIGIBLE, DESIGNATED, expect(K.VILLAGE_DESIGNATED, BOTH)),
        (START_FACE, DESIGNATED, expect(K.VILLAGE_DESIGNATED, BOTH)),
        (REVOKED, DESIGNATED, expect(K.VILLAGE_DESIGNATED, BOTH)),
        (DESIGNATED, AT_RISK, expect(K.STATUS_AT_RISK, CAMAT)),
        (AT_RISK, DESIGNATED, expect(K.STATUS_RESTORED, BOTH)),
        (SUSPENDED, DESIGNATED, expect(K.STATUS_RESTORED, BOTH)),
        (SUSPENDED, AT_RISK, expect(K.STATUS_AT_RISK, CAMAT)),
        (AT_RISK, SUSPENDED, expect(K.STATUS_LOST, BOTH)),
        (DESIGNATED, SUSPENDED, expect(K.STATUS_LOST, BOTH)),
        (SUSPENDED, REVOKED, expect(K.STATUS_LOST, BOTH)),
        (AT_RISK, REVOKED, expect(K.STATUS_LOST, BOTH)),
        (DESIGNATED, REVOKED_THOUGH_ELIGIBLE, expect(K.STATUS_LOST, BOTH)),
        (DECLARED, ELIGIBLE, set()),
        (REVOKED, REVOKED, set()),
        (SUSPENDED, SUSPENDED, set()),
        (ELIGIBLE, ELIGIBLE, set()),
        (DESIGNATED, INAUGURATED, set()),
        (INAUGURATED, DESIGNATED, set()),
        (ELIGIBLE, DECLARED, set()),
    ],
)
def test_alerts_arise_from_changes(before: Face, after: Face, expected: set[object]):
    """The four fields before and after say which; an entry that repeats them makes none."""
    alerts = alerts_of(view(before), view(after), occasion())
    assert expected == {(alert.kind, alert.office.kind) for alert in alerts}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ((START_FACE, COVERED), (START_FACE, UNCOVERED), True),
        ((DECLARED, COVERED), (DECLARED_TOO_SOON, UNCOVERED), True),
        ((START_FACE, UNCOVERED), (DECLARED_TOO_SOON, UNCOVERED), True),
        ((START_FACE, UNDECIDED), (START_FACE, UNCOVERED), False),
        ((START_FACE, UNCOVERED), (START_FACE, UNCOVERED), False),
        ((DECLARED_TOO_SOON, UNCOVERED), (DECLARED_TOO_SOON, UNCOVERED), False),
        ((START_FACE, COVERED), (START_FACE, VACANT), False),
        ((DESIGNATED, COVERED), (AT_RISK, UNCOVERED), False),
    ],
)
def test_officials_are_news_when_they_fall_out_or_were_declared_without(
    before: tuple[Face, Reason], after: tuple[Face, Reason], *, expected: bool
):
    """That they were never registered is how most villages stand; a vacancy lacks nobody."""
    kinds = {alert.kind for alert in alerts_of(view(*before), view(*after), occasion())}
    assert expected == (K.OFFICIALS_UNREGISTERED in kinds)


def faced(face: Face, *reasons: Reason) -> Present:
    return Present(TODAY, view=view(face, *reasons))


@pytest.mark.parametrize(
    ("kind", "present", "expected"),
    [
        (K.VILLAGE_ELIGIBLE, faced(ELIGIBLE), True),
        (K.VILLAGE_ELIGIBLE, faced(START_FACE), False),
        (K.VILLAGE_ELIGIBLE, faced(DESIGNATED), False),
        (K.VILLAGE_DESIGNATED, faced(INAUGURATED), True),
        (K.VILLAGE_DESIGNATED, faced(ELIGIBLE), False),
        (K.CEREMONY_INVITE, Present(CEREMONY.planned_for, ceremony=CEREMONY), True),
        (K.CEREMONY_INVITE, Present(date(2026, 12, 4), ceremony=CEREMONY), False),
        (K.CEREMONY_INVITE, Present(TODAY), False),
        (K.STATUS_AT_RISK, faced(AT_RISK), True),
        (K.STATUS_AT_RISK, faced(SUSPENDED), False),
        (K.STATUS_LOST, faced(SUSPENDED), True),
        (K.STATUS_LOST, faced(REVOKED), True),
        (K.STATUS_LOST, faced(AT_RISK), False),
        (K.STATUS_RESTORED, faced(DESIGNATED), True),
        (K.STATUS_RESTORED, faced(AT_RISK), False),
        (K.OFFICIALS_UNREGISTERED, faced(DECLARED_TOO_SOON, UNCOVERED), True),
        (K.OFFICIALS_UNREGISTERED, faced(START_FACE, COVERED), False),
        (K.OFFICIALS_UNREGISTERED, faced(AT_RISK, UNCOVERED), False),
        (K.HEAD_CHANGED, Present(TODAY, head=HEAD), True),
        (K.HEAD_CHANGED, Present(TODAY, head=LURAH), True),
        (K.HEAD_CHANGED, Present(TODAY), False),
    ],
)
def test_what_must_still_hold(kind: AlertKind, present: Present, *, expected: bool):
    """Each kind has its predicate over what is known when it is sent."""
    assert expected == still_holds(kind, present)


def test_a_new_head_is_news_until_the_protection_is_there():
    """Or until the term ends; a lurah has a protection of his own."""
    term, day = UUID(int=1), date(2026, 2, 1)
    kind = PostKind.KEPALA_DESA
    head = followed_by(None, appointed(POST, term, on=day, kind=kind, active=()))
    covered = followed_by(
        head, coverage_changed(POST, term, TODAY, kind=kind, active=("JKK", "JKM"))
    )
    half = followed_by(head, coverage_changed(POST, term, TODAY, kind=kind, active=("JKK",)))
    gone = followed_by(head, left(POST, term, TODAY, kind=kind))
    early = followed_by(head, appointed(POST, UUID(int=2), on=date(2020, 1, 2), kind=kind))

    told = {"head": head, "covered": covered, "half": half, "gone": gone, "early": early}
    assert {"head": True, "covered": False, "half": True, "gone": False, "early": True} == {
        name: still_holds(K.HEAD_CHANGED, Present(TODAY, head=one)) for name, one in told.items()
    }
    assert head == early


@pytest.mark.parametrize(
    ("told", "expected"),
    [(K.STATUS_AT_RISK, True), (K.STATUS_LOST, True), (K.STATUS_RESTORED, False), (None, False)],
)
def test_only_what_was_told_is_taken_back(told: AlertKind | None, *, expected: bool):
    """RESTORED goes to an office whose last word on the standing was a bad one."""
    assert expected == ends_something(K.STATUS_RESTORED, told)
    assert ends_something(K.STATUS_AT_RISK, told)


@pytest.mark.parametrize(
    ("origin", "age", "expected"),
    [
        (Origin.LIVE, STALE_AFTER, None),
        (Origin.LIVE, STALE_AFTER + timedelta(seconds=1), Suppression.STALE),
        (Origin.IMPORT, timedelta(0), Suppression.NOT_LIVE),
        (Origin.BACKFILL, timedelta(days=9), Suppression.NOT_LIVE),
    ],
)
@pytest.mark.parametrize("kind", AlertKind)
def test_silence(kind: AlertKind, origin: Origin, age: timedelta, expected: Suppression | None):
    """Only live and only fresh news makes single messages."""
    assert {expected} == {a.suppressed for a in alerts_about(kind, occasion(origin, age))}


def test_the_readmes_table_is_the_code():
    """Alert, events that tell of it, offices and settle time, row by row."""
    names = {"head_of_kecamatan": "camat", "head_of_regency": "bupati or wali kota"}
    expected = {
        str(kind): (
            frozenset(rule.told_by),
            frozenset(names[office.__name__] for office in rule.offices),
            f"{rule.settle.seconds // 60} min" if rule.settle else "at once",
        )
        for kind, rule in RULES.items()
    }
    found = {}
    for line in README.read_text("utf-8").splitlines():
        if (row := re.match(r"\| `([A-Z_]+)` \| (.+)", line)) is None:
            continue
        events, _, offices, settles = [cell.strip() for cell in row[2].split("|")][:4]
        types = frozenset(re.findall(r"`([a-z_.]+\.v1)`", events))
        found[row[1]] = (types, frozenset(offices.split("; ")), settles)
    assert expected == found
    assert set(AlertKind) == set(RULES)


def test_settle_times_are_left_out_when_asked():
    """At risk waits ten minutes; demo and benchmarks do not wait."""
    due = {
        settled: alerts_about(K.STATUS_AT_RISK, occasion(settled=settled))[0].due_at
        for settled in (False, True)
    }
    assert {False: START + timedelta(minutes=10), True: START} == due


def test_no_rule_looks_at_a_standing_that_it_does_not_name():
    """Every standing is said of by at most one kind."""
    kinds = (K.STATUS_AT_RISK, K.STATUS_LOST, K.STATUS_RESTORED)
    for standing in Standing:
        face = DESIGNATED.model_copy(update={"standing": standing})
        assert sum(still_holds(kind, faced(face)) for kind in kinds) <= 1
