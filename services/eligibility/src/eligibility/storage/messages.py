"""What became of the messages to offices, as notifications told it; it decides nothing."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg
from common.database import Connection, Queries
from common.events.notifications import DeliverySettled
from common.received import Received

from eligibility.storage.arrays import columns

QUERIES = Queries.of("eligibility.storage", "messages.sql")


@dataclass(frozen=True, slots=True)
class Message:
    """One message to an office, as it stands."""

    delivery_id: UUID
    decision_id: UUID
    alert_kind: str
    office_kind: str
    office_area: str
    state: str
    told_at: datetime


class MessageStore:
    """Rows are events, keyed by their place in the stream."""

    async def keep(
        self, connection: Connection, told: Sequence[tuple[Received, DeliverySettled | None]]
    ) -> frozenset[UUID]:
        """Keep events, each once; the ids of those whose place another event has already."""
        rows = [_row(event, data) for event, data in told]
        found = await connection.fetch(QUERIES["keep_messages"], *columns(rows))
        return frozenset(row["event_id"] for row in found)

    async def of(self, connection: Connection, key: str, limit: int) -> list[Message]:
        """The village's messages, the last told first."""
        return _messages(await connection.fetch(QUERIES["messages_of"], key, limit))

    async def about(
        self, connection: Connection, key: str, decisions: Collection[UUID]
    ) -> list[Message]:
        """The messages that these entries of the village's log made."""
        return _messages(await connection.fetch(QUERIES["messages_about"], key, list(decisions)))

    async def passed(
        self, connection: Connection, after: str, limit: int
    ) -> list[tuple[str, int, int]]:
        """A page of streams: key, how many are kept without a gap, and the last place."""
        rows = await connection.fetch(QUERIES["kept_page"], after, limit)
        return [tuple(row) for row in rows]


def _row(event: Received, data: DeliverySettled | None) -> tuple[object, ...]:
    place = (event.subject, event.sequence, event.id, event.type, event.time)
    if data is None:
        return (*place, *[None] * 7)
    return (
        *place,
        data.delivery_id,
        data.decision_id,
        str(data.alert_kind),
        data.office_kind.value,
        data.office_area,
        data.state.value,
        data.attempts,
    )


def _messages(rows: Sequence[asyncpg.Record]) -> list[Message]:
    return [Message(**{name: row[name] for name in Message.__slots__}) for row in rows]
