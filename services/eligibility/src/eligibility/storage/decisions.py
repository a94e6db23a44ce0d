"""The decision log; append-only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from common.database import Connection, Queries
from common.events.eligibility import CertificationChanged
from common.outbox import Draft

from eligibility.storage.arrays import columns, literal


class DecisionStore:
    def __init__(self, queries: Queries) -> None:
        self._queries = queries

    async def add(self, connection: Connection, entries: Sequence[tuple[Draft, datetime]]) -> None:
        """Enter decisions, each with the time of its event."""
        rows = [_row(draft, decided_at) for draft, decided_at in entries]
        await connection.execute(self._queries["write_decisions"], *columns(rows))


def _row(draft: Draft, decided_at: datetime) -> tuple[object, ...]:
    decision = draft.data
    if not isinstance(decision, CertificationChanged):
        raise TypeError(f"{decision.type} is no decision")
    ref = decision.rule_set
    return (
        decision.decision_id,
        draft.village_key,
        decided_at,
        decision.effective_on,
        decision.previous_decision_id,
        decision.previous.model_dump_json(),
        decision.current.model_dump_json(),
        msgspec.json.encode([r.model_dump(mode="json") for r in decision.reasons]).decode(),
        ref.rule_set_id if ref else None,
        ref.version if ref else None,
        ref.checksum if ref else None,
        decision.failing_since,
        decision.grace_ends,
        decision.undecidable_since,
        decision.flagged,
        literal(decision.inputs),
        decision.newest_input_time,
        draft.origin.value,
        draft.batch_id,
    )
