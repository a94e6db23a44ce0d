"""Deliveries as persons see them, and what they decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from common.database import Connection
from common.events.words import DeliveryState

from notifications.domain.alerts import Suppression
from notifications.storage import QUERIES

LATEST = (datetime(9999, 1, 1, tzinfo=UTC), UUID(int=0))


@dataclass(frozen=True, slots=True)
class Decision:
    """A person's act on a delivery."""

    act_id: UUID
    act: str
    actor: str
    note: str
    before: DeliveryState
    after: DeliveryState


async def find(
    connection: Connection,
    area: str,
    state: DeliveryState | None,
    before: tuple[datetime, UUID],
    limit: int,
) -> Sequence[Mapping[str, Any]]:
    return await connection.fetch(QUERIES["deliveries"], area, state, *before, limit)


async def one(connection: Connection, delivery_id: UUID) -> Mapping[str, Any] | None:
    return await connection.fetchrow(QUERIES["delivery"], delivery_id)


async def history(
    connection: Connection, delivery_id: UUID
) -> tuple[Sequence[Mapping[str, Any]], Sequence[Mapping[str, Any]]]:
    """The attempts, and the decisions of persons."""
    attempts = await connection.fetch(QUERIES["attempts"], delivery_id)
    return attempts, await connection.fetch(QUERIES["acts"], delivery_id)


async def decide(
    connection: Connection, delivery_id: UUID, decision: Decision, now: datetime
) -> bool:
    """Whether the delivery was still in the state that was decided on."""
    reason = None if decision.after is DeliveryState.WAITING else Suppression.GIVEN_UP
    decided = await connection.fetchval(
        QUERIES["change_by_person"],
        delivery_id,
        decision.before,
        decision.after,
        reason,
        decision.act_id,
        decision.act,
        decision.actor,
        decision.note,
        now,
    )
    return decided is not None
