"""Which alerts a decision makes, to whom, when, and when it makes none."""

from __future__ import annotations

from datetime import timedelta

import pytest
from common.events.eligibility import Face
from common.events.envelope import Origin
from common.events.words import AlertKind, DeliveryState, OfficeKind, Standing, Title
from notifications.domain.alerts import RULES, STALE_AFTER, Suppression, alerts_of, still_holds
from notifications.domain.deliveries import (
    BACK_OFF,
    NextStep,
    NotSent,
    Sent,
    Unknown,
    given_up,
    may_retry,
    next_step,
)
from notifications.domain.offices import (
    ImpossibleOffice,
    Office,
    covers,
    head_of_kecamatan,
    head_of_regency,
)
from notifications_rig import AT_RISK, DESIGNATED, ELIGIBLE, KEDUNGJARAN, START_FACE
from support.programme import START

INAUGURATED = DESIGNATED.model_copy(update={"title": Title.DIRESMIKAN})
SUSPENDED = DESIGNATED.model_copy(update={"standing": Standing.DITANGGUHKAN})
DECLARED = ELIGIBLE.model_copy(update={"title": Title.DICANANGKAN})

CAMAT, BUPATI = OfficeKind.CAMAT, OfficeKind.BUPATI


def made(before: Face, after: Face) -> set[tuple[AlertKind, OfficeKind]]:
    alerts = alerts_of(
        before,
        after,
        village_code=KEDUNGJARAN,
        origin=Origin.LIVE,
        newest_input_time=START,
        heard_at=START,
    )
    return {(alert.kind, alert.office.kind) for alert in alerts}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (START_FACE, ELIGIBLE, {(AlertKind.VILLAGE_ELIGIBLE, o) for o in (CAMAT, BUPATI)}),
        (ELIGIBLE, DESIGNATED, {(AlertKind.VILLAGE_DESIGNATED, o) for o in (CAMAT, BUPATI)}),
        (START_FACE, DESIGNATED, {(AlertKind.VILLAGE_DESIGNATED, o) for o in (CAMAT, BUPATI)}),
        (DESIGNATED, AT_RISK, {(AlertKind.STATUS_AT_RISK, CAMAT)}),
        (ELIGIBLE, ELIGIBLE, set()),
        (DESIGNATED, INAUGURATED, set()),
        (INAUGURATED, DESIGNATED, set()),
        (AT_RISK, DESIGNATED, set()),
        (AT_RISK, SUSPENDED, set()),
        (ELIGIBLE, DECLARED, set()),
        (START_FACE, DECLARED, set()),
    ],
)
def test_alerts_arise_from_changes(before: Face, after: Face, expected: set[object]):
    """Becoming eligible or designated tells both heads; at risk tells the camat alone."""
    assert expected == made(before, after)


@pytest.mark.parametrize(
    ("kind", "face", "expected"),
    [
        (AlertKind.VILLAGE_ELIGIBLE, ELIGIBLE, True),
        (AlertKind.VILLAGE_ELIGIBLE, START_FACE, False),
        (AlertKind.VILLAGE_ELIGIBLE, DESIGNATED, False),
        (AlertKind.VILLAGE_DESIGNATED, INAUGURATED, True),
        (AlertKind.VILLAGE_DESIGNATED, ELIGIBLE, False),
        (AlertKind.STATUS_AT_RISK, AT_RISK, True),
        (AlertKind.STATUS_AT_RISK, SUSPENDED, False),
    ],
)
def test_what_must_still_hold(kind: AlertKind, face: Face, *, expected: bool):
    """Each kind has its predicate over the latest four fields."""
    assert expected == still_holds(kind, face)


def test_every_kind_has_its_rule():
    """A new kind of alert cannot be forgotten."""
    assert set(AlertKind) == set(RULES)


@pytest.mark.parametrize(
    ("origin", "age", "expected"),
    [
        (Origin.LIVE, STALE_AFTER, None),
        (Origin.LIVE, STALE_AFTER + timedelta(seconds=1), Suppression.STALE),
        (Origin.IMPORT, timedelta(0), Suppression.NOT_LIVE),
        (Origin.BACKFILL, timedelta(days=9), Suppression.NOT_LIVE),
    ],
)
def test_silence(origin: Origin, age: timedelta, expected: Suppression | None):
    """Only live decisions, and only fresh news, make single messages."""
    alerts = alerts_of(
        ELIGIBLE,
        DESIGNATED,
        village_code=KEDUNGJARAN,
        origin=origin,
        newest_input_time=START - age,
        heard_at=START,
    )

    assert {expected} == {alert.suppressed for alert in alerts}


def test_settle_times_are_left_out_when_asked():
    """At risk waits ten minutes; demo and benchmarks do not wait."""
    due = {
        settled: alerts_of(
            DESIGNATED,
            AT_RISK,
            village_code=KEDUNGJARAN,
            origin=Origin.LIVE,
            newest_input_time=START,
            heard_at=START,
            settled=settled,
        )[0].due_at
        for settled in (False, True)
    }

    assert {False: START + timedelta(minutes=10), True: START} == due


@pytest.mark.parametrize(
    ("village", "head", "area"),
    [
        ("33.26.12.2008", OfficeKind.BUPATI, "33.26"),
        ("33.75.01.1001", OfficeKind.WALI_KOTA, "33.75"),
        ("31.01.01.1001", OfficeKind.BUPATI, "31.01"),
        ("31.71.01.1001", OfficeKind.WALI_KOTA, "31.71"),
    ],
)
def test_the_heads_of_a_village(village: str, head: OfficeKind, area: str):
    """The regency's number says whether a bupati or a wali kota leads it."""
    assert (Office(head, area), Office(OfficeKind.CAMAT, village[:8])) == (
        head_of_regency(village),
        head_of_kecamatan(village),
    )


@pytest.mark.parametrize(
    ("kind", "area"),
    [
        (OfficeKind.CAMAT, "33.26"),
        (OfficeKind.BUPATI, "33.26.12"),
        (OfficeKind.BUPATI, "33.75"),
        (OfficeKind.WALI_KOTA, "33.26"),
        (OfficeKind.CAMAT, "99"),
    ],
)
def test_impossible_offices_are_refused(kind: OfficeKind, area: str):
    """No camat of a regency, no bupati of a kota."""
    with pytest.raises(ImpossibleOffice):
        Office(kind, area)


def test_areas_cover_what_lies_in_them():
    """A caller of one regency does not reach its neighbour."""
    assert [True, True, False, False, True] == [
        covers(frozenset({"33.26"}), "33.26"),
        covers(frozenset({"33.26"}), "33.26.12"),
        covers(frozenset({"33.26"}), "33.27"),
        covers(frozenset({"33.26"}), "33"),
        covers(frozenset({"*"}), "91.03"),
    ]


def test_a_known_failure_pauses_longer_each_time_and_ends():
    """The table says how long; after its last entry the delivery has failed."""
    busy = NotSent("451", final=False)
    steps = [next_step(busy, attempt=n + 1, failures=n) for n in range(len(BACK_OFF) + 1)]

    assert [*BACK_OFF, None] == [step.retry_after for step in steps]
    assert DeliveryState.FAILED == steps[-1].state


def test_a_server_that_is_not_reached_makes_nothing_fail():
    """However often: the message waits, a quarter of an hour at most, and the reason shows."""
    away = NotSent("refused", final=False, unreachable=True)
    steps = [next_step(away, attempt=n, failures=len(BACK_OFF)) for n in (1, 2, 3, 4, 7, 500)]

    assert [1, 5, 15, 15, 15, 15] == [
        step.retry_after and step.retry_after / timedelta(minutes=1) for step in steps
    ]
    assert {(DeliveryState.WAITING, "refused")} == {(step.state, step.reason) for step in steps}


def test_the_other_outcomes_are_final():
    """Sent, unknown and a final refusal end the delivery."""
    assert [
        NextStep(DeliveryState.SENT, "250"),
        NextStep(DeliveryState.UNKNOWN, "lost"),
        NextStep(DeliveryState.FAILED, "550"),
    ] == [
        next_step(Sent("250"), attempt=1, failures=0),
        next_step(Unknown("lost"), attempt=1, failures=0),
        next_step(NotSent("550", final=True), attempt=1, failures=0),
    ]


def test_what_a_person_may_decide():
    """Retry only what failed or is unknown; give up only what waits or is unknown."""
    assert {DeliveryState.FAILED, DeliveryState.UNKNOWN} == {
        s for s in DeliveryState if may_retry(s)
    }
    assert {
        DeliveryState.WAITING: DeliveryState.SUPPRESSED,
        DeliveryState.UNKNOWN: DeliveryState.FAILED,
    } == {state: after for state in DeliveryState if (after := given_up(state))}
