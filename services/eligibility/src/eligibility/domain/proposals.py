"""Proposals to suspend a title: what the log says after the time to recover has ended.

A proposal is an entry of the log and no part of S: it rests on the day on which the log said
TERANCAM, and that day depends on arrival. Announced means: since that day every entry has said so;
a day without it, for whatever reason, and the 30 days begin anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from common.events.words import Standing, WithdrawnBecause

from eligibility.domain.status import Status, proposal_due_on


@dataclass(frozen=True, slots=True)
class Proposal:
    """An open proposal, by the entry of the log that opened it."""

    proposal_id: UUID
    opened_on: date


@dataclass(frozen=True, slots=True)
class Warned:
    """What the log has told of a village at risk."""

    announced_on: date | None = None
    """Local date since which the log says TERANCAM; None: it does not."""
    proposal: Proposal | None = None
    propose_on: date | None = None
    """The day on which a proposal is to be opened; None: none, or it is open."""


@dataclass(frozen=True, slots=True)
class Opens:
    """A proposal is due."""

    due_on: date


@dataclass(frozen=True, slots=True)
class Withdraws:
    """The open proposal stands no longer."""

    proposal: Proposal
    because: WithdrawnBecause


def weigh(
    warned: Warned, status: Status, today: date, *, closed: bool = False
) -> tuple[Warned, Opens | Withdraws | None]:
    """What is told of a village at risk from `today` on, and the entry that the log needs.

    `status` is what the log says of the village as of `today`; who opens a proposal names it.
    """
    at_risk = status.face.standing is Standing.TERANCAM and not closed
    announced_on = (warned.announced_on or today) if at_risk else None
    due_on = proposal_due_on(status, announced_on) if announced_on else None
    if due_on is not None and due_on <= today:
        return Warned(announced_on, warned.proposal), None if warned.proposal else Opens(due_on)
    left = Warned(announced_on, None, due_on)
    if warned.proposal is None:
        return left, None
    because = WithdrawnBecause.CLOSED if closed else withdrawn_because(status)
    return left, Withdraws(warned.proposal, because)


def withdrawn_because(status: Status) -> WithdrawnBecause:
    """Why a proposal does not stand beside a status."""
    match status.face.standing:
        case Standing.TERANCAM:
            return WithdrawnBecause.GRACE_RUNNING
        case Standing.DITANGGUHKAN:
            return WithdrawnBecause.SUSPENDED
        case Standing.BAIK if status.undecidable_since is not None:
            return WithdrawnBecause.UNDECIDABLE
        case Standing.BAIK:
            return WithdrawnBecause.RECOVERED
        case _:
            return WithdrawnBecause.REVOKED
