"""The ledger of deliveries and attempts: how they end, and what is told of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from common.database import Connection
from common.events.notifications import DeliverySettled, DeliverySettledV1, FirstAlertKind
from common.events.words import DeliveryState

from notifications.domain.deliveries import NextStep
from notifications.storage import QUERIES, Days
from notifications.storage.claims import Intent

FIRST_KINDS = frozenset(FirstAlertKind)


async def conclude(
    connection: Connection,
    delivery_ids: Sequence[UUID],
    state: DeliveryState,
    reason: str,
    now: datetime,
) -> list[UUID]:
    """End waiting deliveries without an attempt; those that were still waiting."""
    rows = await connection.fetch(QUERIES["conclude"], delivery_ids, reason, now, state)
    return [row["delivery_id"] for row in rows]


async def end_attempt(
    connection: Connection,
    intent: Intent,
    outcome: str,
    step: NextStep,
    *,
    failures: int,
    among: Sequence[DeliveryState],
    now: datetime,
) -> bool:
    """How an attempt ended; whether the delivery took the step.

    It does if it is in a state of `among`, this attempt its last.
    """
    taken = await connection.fetchval(
        QUERIES["end_attempt"],
        intent.due.delivery_id,
        intent.attempt,
        step.state,
        step.reason,
        step.retry_after,
        failures,
        list(among),
        now,
        outcome,
    )
    return taken is not None


async def expired(connection: Connection, limit: int) -> dict[UUID, str]:
    """Deliveries left in `sending` beyond their lease, with their villages."""
    rows = await connection.fetch(QUERIES["expired"], limit)
    return {row["delivery_id"]: row["village_key"] for row in rows}


async def expire(connection: Connection, delivery_ids: Sequence[UUID], now: datetime) -> list[UUID]:
    rows = await connection.fetch(QUERIES["expire"], delivery_ids, now)
    return [row["delivery_id"] for row in rows]


async def wake_lacking(connection: Connection, days: Days, now: datetime) -> None:
    await connection.execute(QUERIES["wake_lacking"], now, *days)


async def settled_facts(
    connection: Connection, delivery_ids: Sequence[UUID], days: Days
) -> list[tuple[str, DeliverySettled]]:
    """What is told of these deliveries, each with its village's key.

    Readers of the first release know its three kinds: these are told in its words.
    """
    rows = await connection.fetch(QUERIES["settled_facts"], delivery_ids, *days)
    return [(row["village_key"], _settled(row)) for row in rows]


def _settled(row: Any) -> DeliverySettled:
    told = DeliverySettledV1 if row["alert_kind"] in FIRST_KINDS else DeliverySettled
    return told(
        effective_on=row["today"],
        village_code=row["village_code"],
        delivery_id=row["delivery_id"],
        decision_id=row["decision_id"],
        alert_kind=row["alert_kind"],
        office_kind=row["office_kind"],
        office_area=row["area_code"],
        state=row["state"],
        attempts=row["attempts"],
    )
