"""Which alerts a decision makes, when they are due and what must still hold then; all as data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from common.events.eligibility import Face
from common.events.envelope import Origin
from common.events.words import AlertKind, Eligibility, Standing, Title

from notifications.domain.offices import Office, head_of_kecamatan, head_of_regency

STALE_AFTER = timedelta(hours=24)

DESIGNATED = frozenset({Title.DITETAPKAN, Title.DIRESMIKAN})
"""The titles that make a village a Desa Sadar."""


class Suppression(StrEnum):
    """Why a message was not sent and never will be by itself."""

    SUPERSEDED = "SUPERSEDED"
    """What it says was no longer true when it was due."""
    STALE = "STALE"
    """Its newest fact was older than 24 h when the decision was first heard."""
    NOT_LIVE = "NOT_LIVE"
    """The decision came of an import, a rule set, a rebuild or a backfill."""
    GIVEN_UP = "GIVEN_UP"
    """A person decided so."""


@dataclass(frozen=True, slots=True)
class AlertRule:
    """One kind of alert: when it arises, what must hold when it is sent, to whom, how soon."""

    arises: Callable[[Face, Face], bool]
    """From the four fields before and after the decision."""
    holds: Callable[[Face], bool]
    offices: tuple[Callable[[str], Office], ...]
    """Each from the village's code."""
    settle: timedelta
    """How long a decision is given to be taken back before anyone is told."""


def _is_eligible(face: Face) -> bool:
    return face.eligibility is Eligibility.ELIGIBLE and face.title is Title.NONE


def _is_designated(face: Face) -> bool:
    return face.title in DESIGNATED


def _is_at_risk(face: Face) -> bool:
    return face.standing is Standing.TERANCAM


def _becomes_eligible(before: Face, after: Face) -> bool:
    return before.eligibility is not Eligibility.ELIGIBLE and _is_eligible(after)


def _becomes_designated(before: Face, after: Face) -> bool:
    return before.title not in DESIGNATED and after.title is Title.DITETAPKAN


def _becomes_at_risk(before: Face, after: Face) -> bool:
    return not _is_at_risk(before) and _is_at_risk(after)


RULES: Mapping[AlertKind, AlertRule] = {
    AlertKind.VILLAGE_ELIGIBLE: AlertRule(
        arises=_becomes_eligible,
        holds=_is_eligible,
        offices=(head_of_kecamatan, head_of_regency),
        settle=timedelta(0),
    ),
    AlertKind.VILLAGE_DESIGNATED: AlertRule(
        arises=_becomes_designated,
        holds=_is_designated,
        offices=(head_of_regency, head_of_kecamatan),
        settle=timedelta(0),
    ),
    # The bupati is told in the Monday digest: the camat is to have the time to mend it.
    AlertKind.STATUS_AT_RISK: AlertRule(
        arises=_becomes_at_risk,
        holds=_is_at_risk,
        offices=(head_of_kecamatan,),
        settle=timedelta(minutes=10),
    ),
}


@dataclass(frozen=True, slots=True)
class Alert:
    """What one office is to be told about one decision."""

    kind: AlertKind
    office: Office
    due_at: datetime
    suppressed: Suppression | None


def alerts_of(
    before: Face,
    after: Face,
    *,
    village_code: str,
    origin: Origin,
    newest_input_time: datetime,
    heard_at: datetime,
    settled: bool = False,
) -> list[Alert]:
    """The alerts of a decision that is heard for the first time.

    `newest_input_time` is when the newest fact was recorded, not when it took effect: a
    late message says yesterday's news, a fact entered late does not. `settled` skips the
    settle times (demo, benchmarks).
    """
    suppressed = _silence(origin, heard_at - newest_input_time)
    return [
        Alert(
            kind=kind,
            office=office_of(village_code),
            due_at=heard_at if settled else heard_at + rule.settle,
            suppressed=suppressed,
        )
        for kind, rule in RULES.items()
        if rule.arises(before, after)
        for office_of in rule.offices
    ]


def _silence(origin: Origin, age: timedelta) -> Suppression | None:
    if origin is not Origin.LIVE:
        return Suppression.NOT_LIVE
    return Suppression.STALE if age > STALE_AFTER else None


def still_holds(kind: AlertKind, face: Face) -> bool:
    """Whether the alert is still true of the village's latest four fields."""
    return RULES[kind].holds(face)
