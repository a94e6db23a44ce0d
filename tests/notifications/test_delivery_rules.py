"""Offices of a village, and how a delivery goes on after an attempt."""

from __future__ import annotations

from datetime import timedelta

import pytest
from common.events.words import DeliveryState, OfficeKind
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
