"""The decision log; append-only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from common.database import Connection, Queries
from common.events.eligibility import (
    CertificationChanged,
    SuspensionProposed,
    SuspensionWithdrawn,
)
from common.outbox import Draft

from eligibility.domain.status import Face, Reason, Status
from eligibility.storage.arrays import columns, literal


class DecisionStore:
    def __init__(self, queries: Queries) -> None:
        self._queries = queries

    async def add(
        self, connection: Connection, entries: Sequence[tuple[Draft, Status, datetime]]
    ) -> None:
        """Enter entries, each with the status that it leaves and the time of its event."""
        rows = [_row(*entry) for entry in entries]
        await connection.execute(self._queries["write_decisions"], *columns(rows))


def _row(draft: Draft, status: Status, decided_at: datetime) -> tuple[object, ...]:
    entry = draft.data
    decision = entry if isinstance(entry, CertificationChanged) else None
    current = json_of(status.face)
    ref = status.rule_set
    return (
        *_place(draft, decided_at),
        decision.previous.model_dump_json() if decision else current,
        current,
        json_of(status.reasons),
        ref.rule_set_id if ref else None,
        ref.version if ref else None,
        ref.checksum if ref else None,
        status.failing_since,
        status.grace_ends,
        status.undecidable_since,
        status.flagged,
        literal(decision.inputs if decision else ()),
        decision.newest_input_time if decision else decided_at,
        draft.origin.value,
        draft.batch_id,
        *_proposal(entry),
    )


def json_of(part: Face | tuple[Reason, ...]) -> str:
    """A part of a status as the contract writes it, whose models take twenty times as long."""
    return msgspec.json.encode(part).decode()


def _place(draft: Draft, decided_at: datetime) -> tuple[object, ...]:
    entry = draft.data
    if not isinstance(entry, CertificationChanged | SuspensionProposed | SuspensionWithdrawn):
        raise TypeError(f"{entry.type} is no entry of the log")
    return (
        entry.decision_id,
        draft.village_key,
        decided_at,
        entry.effective_on,
        entry.previous_decision_id,
    )


def _proposal(entry: object) -> tuple[object, ...]:
    """Kind of entry, proposal, when announced and opened, why withdrawn."""
    match entry:
        case SuspensionProposed():
            opened = (entry.announced_on, entry.opened_on)
            return ("PROPOSED", entry.decision_id, *opened, None)
        case SuspensionWithdrawn():
            return ("WITHDRAWN", entry.proposal_id, None, None, entry.because.value)
        case _:
            return ("STATUS", None, None, None, None)
