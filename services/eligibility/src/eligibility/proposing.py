"""What the log says next of a village: a decision, and a proposal opened or withdrawn. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import TypeAlias
from uuid import UUID

from common.events.eligibility import (
    CertificationChanged,
    SuspensionProposed,
    SuspensionWithdrawn,
)

from eligibility.domain.proposals import Opens, Proposal, Withdraws, weigh
from eligibility.judging import (
    Input,
    Judged,
    Working,
    decision_of,
    face_of,
    reasons_of,
    rule_set_of,
)

Entry: TypeAlias = CertificationChanged | SuspensionProposed | SuspensionWithdrawn
"""One entry of the log, as its event says it."""


def entries_of(
    village: Working,
    judged: Judged,
    inputs: Sequence[Input],
    today: date,
    new_id: Callable[[], UUID],
) -> tuple[Working, list[Entry]]:
    """The log's next entries, none to two of them, and the village after them."""
    entries: list[Entry] = []
    decision = decision_of(village, judged, inputs, new_id())
    if decision is not None:
        entries.append(decision)
        village = village.decided(decision.decision_id)
    closed = village.closed_on is not None and village.closed_on <= today
    warned, step = weigh(village.warned, judged.status, today, closed=closed)
    if step is None:
        return village.warning(warned), entries
    effective_on = decision.effective_on if decision is not None else today
    entry: SuspensionProposed | SuspensionWithdrawn
    if isinstance(step, Opens):
        warned = replace(warned, proposal=Proposal(new_id(), today))
        entry = _proposed(village.warning(warned), judged, step)
    else:
        entry = _withdrawn(village, judged, step, new_id(), effective_on)
    return village.decided(entry.decision_id).warning(warned), [*entries, entry]


def _proposed(village: Working, judged: Judged, opens: Opens) -> SuspensionProposed:
    status, warned = judged.status, village.warned
    if not (status.failing_since and status.grace_ends and warned.proposal and warned.announced_on):
        raise AssertionError("what is proposed has failed since a day, and that was announced")
    return SuspensionProposed(
        effective_on=opens.due_on,
        village_code=village.village_code,
        decision_id=warned.proposal.proposal_id,
        previous_decision_id=_last(village),
        current=face_of(status),
        reasons=reasons_of(status),
        rule_set=rule_set_of(status),
        opened_on=warned.proposal.opened_on,
        failing_since=status.failing_since,
        grace_ends=status.grace_ends,
        announced_on=warned.announced_on,
    )


def _withdrawn(
    village: Working, judged: Judged, withdraws: Withdraws, new_id: UUID, effective_on: date
) -> SuspensionWithdrawn:
    return SuspensionWithdrawn(
        effective_on=effective_on,
        village_code=village.village_code,
        decision_id=new_id,
        previous_decision_id=_last(village),
        proposal_id=withdraws.proposal.proposal_id,
        because=withdraws.because,
        current=face_of(judged.status),
    )


def _last(village: Working) -> UUID:
    if village.last_decision_id is None:
        raise AssertionError("a proposal follows the entry that announced the risk")
    return village.last_decision_id
