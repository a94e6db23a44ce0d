"""Which alerts news makes, and whether one is still to be sent when it is due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from common.events.envelope import Origin
from common.events.words import AlertKind

from notifications.domain.offices import Office
from notifications.domain.rules import RULES, Present
from notifications.domain.views import View

STALE_AFTER = timedelta(hours=24)
ENDED_BY_RESTORED = frozenset({AlertKind.STATUS_AT_RISK, AlertKind.STATUS_LOST})


class Suppression(StrEnum):
    """Why a message was not sent and never will be by itself."""

    SUPERSEDED = "SUPERSEDED"
    """What it says was no longer true when it was due, or later news said the same again."""
    NOTHING_TO_END = "NOTHING_TO_END"
    """It takes back what this office has never been told."""
    STALE = "STALE"
    """Its newest fact was older than 24 h when the news was first heard."""
    NOT_LIVE = "NOT_LIVE"
    """The news came of an import, a rule set, a rebuild or a backfill."""
    GIVEN_UP = "GIVEN_UP"
    """A person decided so."""


@dataclass(frozen=True, slots=True)
class Alert:
    """What one office is to be told about one piece of news."""

    kind: AlertKind
    office: Office
    due_at: datetime
    suppressed: Suppression | None


@dataclass(frozen=True, slots=True)
class Occasion:
    """How news came; `settled` skips the settle times (demo, benchmarks).

    `newest_input_time` is when the newest fact was recorded, not when it took effect: a
    late message says yesterday's news, a fact entered late does not.
    """

    village_code: str
    origin: Origin
    newest_input_time: datetime
    heard_at: datetime
    settled: bool = False


def alerts_of(before: View, after: View, occasion: Occasion) -> list[Alert]:
    """The alerts of a decision that is heard for the first time."""
    kinds = [kind for kind, rule in RULES.items() if rule.arises(before, after)]
    return [alert for kind in kinds for alert in alerts_about(kind, occasion)]


def alerts_about(kind: AlertKind, occasion: Occasion) -> list[Alert]:
    """One kind's alerts, one an office."""
    rule = RULES[kind]
    heard_at = occasion.heard_at
    suppressed = _silence(occasion.origin, heard_at - occasion.newest_input_time)
    return [
        Alert(
            kind=kind,
            office=office_of(occasion.village_code),
            due_at=heard_at if occasion.settled else heard_at + rule.settle,
            suppressed=suppressed,
        )
        for office_of in rule.offices
    ]


def _silence(origin: Origin, age: timedelta) -> Suppression | None:
    if origin is not Origin.LIVE:
        return Suppression.NOT_LIVE
    return Suppression.STALE if age > STALE_AFTER else None


def still_holds(kind: AlertKind, present: Present) -> bool:
    """Whether the alert is still true of what is known now."""
    return RULES[kind].holds(present)


def ends_something(kind: AlertKind, told: AlertKind | None) -> bool:
    """Whether news that takes something back has something to take back.

    `told` is the last that this office was told of the village's standing.
    """
    return kind is not AlertKind.STATUS_RESTORED or told in ENDED_BY_RESTORED
