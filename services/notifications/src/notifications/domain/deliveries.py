"""How a delivery goes on after an attempt: sent, tried again, failed for good, or unknown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from common.events.words import DeliveryState

BACK_OFF: tuple[timedelta, ...] = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=4),
    timedelta(hours=12),
)
"""Pause after the 1st, 2nd, ... known failure; after the last one the delivery has failed."""

LONGEST_UNREACHED = timedelta(minutes=15)
"""Longest pause of a message whose server could not be reached."""


class ChannelKind(StrEnum):
    EMAIL = "EMAIL"


class WaitsFor(StrEnum):
    """What a waiting delivery lacks, other than its time."""

    HOLDER = "HOLDER"
    """The office is vacant today."""
    ADDRESS = "ADDRESS"
    """The holder has no address for the channel."""
    VILLAGE = "VILLAGE"
    """The village's names have not been heard yet."""
    KEY = "KEY"
    """The address cannot be opened with the directory's key."""


@dataclass(frozen=True, slots=True)
class Sent:
    """The other side took the message over."""

    reply: str


@dataclass(frozen=True, slots=True)
class NotSent:
    """The other side certainly did not take the message over."""

    reason: str
    final: bool
    """Trying again would not help."""
    unreachable: bool = False
    """It is the server's trouble or ours, not this message's: it uses up none of its attempts."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody can tell whether the message was taken over; never sent again by itself."""

    reason: str


Outcome = Sent | NotSent | Unknown


@dataclass(frozen=True, slots=True)
class NextStep:
    """The state after an attempt; `retry_after` says how long a waiting one pauses (real time)."""

    state: DeliveryState
    reason: str
    retry_after: timedelta | None = None

    @property
    def final(self) -> bool:
        return self.retry_after is None


def next_step(
    outcome: Outcome, *, attempt: int, failures: int, back_off: Sequence[timedelta] = BACK_OFF
) -> NextStep:
    """What becomes of a delivery after its `attempt` (from 1) came to `outcome`.

    `failures` are the known ones before it that counted.
    """
    match outcome:
        case Sent(reply):
            return NextStep(DeliveryState.SENT, reply)
        case Unknown(reason):
            return NextStep(DeliveryState.UNKNOWN, reason)
        case NotSent(reason, unreachable=True):
            pause = back_off[min(attempt, len(back_off)) - 1]
            return NextStep(DeliveryState.WAITING, reason, min(pause, LONGEST_UNREACHED))
        case NotSent(reason, final) if final or failures >= len(back_off):
            return NextStep(DeliveryState.FAILED, reason)
        case NotSent(reason):
            return NextStep(DeliveryState.WAITING, reason, back_off[failures])


def may_retry(state: DeliveryState) -> bool:
    """Whether a person may have it sent again."""
    return state in {DeliveryState.FAILED, DeliveryState.UNKNOWN}


def given_up(state: DeliveryState) -> DeliveryState | None:
    """The state after a person gives a delivery up; None: it cannot be given up."""
    return {
        DeliveryState.WAITING: DeliveryState.SUPPRESSED,
        DeliveryState.UNKNOWN: DeliveryState.FAILED,
    }.get(state)
