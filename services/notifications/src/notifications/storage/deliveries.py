"""The ledger of deliveries and attempts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from common.database import Connection
from common.events.eligibility import Face
from common.events.notifications import DeliverySettled
from common.events.words import AlertKind, DeliveryState, OfficeKind, RegencyKind, VillageKind

from notifications.domain.deliveries import ChannelKind, NextStep, WaitsFor
from notifications.domain.letters import Facts, Letter, Place, TitleCount
from notifications.storage import QUERIES, Days


@dataclass(frozen=True, slots=True)
class Due:
    """A delivery whose time has come, with all that is known of it now."""

    delivery_id: UUID
    village_key: str
    attempts: int
    failures: int
    channel: ChannelKind
    kind: AlertKind
    office: OfficeKind
    effective_on: date
    """From when what the alert announces holds, as the decision that raised it said."""
    facts: Facts
    """Of the latest decision, which need not be the one that raised the alert."""
    face: Face
    place: Place | None
    """None: the village's names have not been heard."""
    holder_id: UUID | None
    """None: the office is vacant today."""
    sealed_address: bytes | None


@dataclass(frozen=True, slots=True)
class Intent:
    """A message that is about to be sent: the attempt as it is written before the call."""

    due: Due
    attempt: int
    holder_id: UUID
    address: str
    letter: Letter


def _due(row: Any) -> Due:
    place = None
    if row["name"] is not None:
        place = Place(
            name=row["name"],
            kind=VillageKind(row["village_kind"]),
            kecamatan=row["kecamatan_name"],
            regency_code=row["regency_code"],
            regency=row["regency_name"],
            regency_kind=RegencyKind(row["regency_kind"]),
        )
    return Due(
        delivery_id=row["delivery_id"],
        village_key=row["village_key"],
        attempts=row["attempts"],
        failures=row["failures"],
        channel=ChannelKind(row["channel"]),
        kind=AlertKind(row["alert_kind"]),
        office=OfficeKind(row["office_kind"]),
        effective_on=row["effective_on"],
        facts=Facts.model_validate_json(row["facts"]),
        face=Face(
            eligibility=row["eligibility"],
            stage=row["stage"],
            title=row["title"],
            standing=row["standing"],
        ),
        place=place,
        holder_id=row["holder_id"],
        sealed_address=row["address"],
    )


async def claim_due(connection: Connection, now: datetime, days: Days, limit: int) -> list[Due]:
    """Lock what is due with its offices; what another courier holds is passed over.

    What is known of it is read under the locks: an appointment that was answered before is seen.
    """
    await connection.execute(QUERIES["wake_retries"])
    rows = await connection.fetch(QUERIES["claim_due"], now, limit)
    if not rows:
        return []
    ids = [row["delivery_id"] for row in rows]
    return [_due(row) for row in await connection.fetch(QUERIES["known_of_due"], ids, *days)]


async def count_titles(
    connection: Connection, regency_codes: set[str]
) -> dict[str, list[TitleCount]]:
    """Per regency: how many villages of each kind, and how many of them are a Desa Sadar."""
    counts: dict[str, list[TitleCount]] = {code: [] for code in regency_codes}
    for row in await connection.fetch(QUERIES["count_titles"], list(regency_codes)):
        counts[row["regency_code"]].append(
            TitleCount(VillageKind(row["kind"]), row["villages"], row["titled"])
        )
    return counts


async def begin_attempts(
    connection: Connection,
    intents: Sequence[Intent],
    *,
    courier: UUID,
    lease: timedelta,
    now: datetime,
) -> None:
    """Write the intents; the lease runs in real time."""
    await connection.execute(
        QUERIES["begin_attempts"],
        [intent.due.delivery_id for intent in intents],
        [intent.attempt for intent in intents],
        [intent.holder_id for intent in intents],
        [intent.letter.template for intent in intents],
        courier,
        lease,
        now,
        [intent.letter.sha256 for intent in intents],
    )


async def note_lacks(
    connection: Connection, lacks: Sequence[tuple[UUID, WaitsFor]], now: datetime
) -> None:
    await connection.execute(
        QUERIES["note_lacks"], [id_ for id_, _ in lacks], [lack for _, lack in lacks], now
    )


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
    """What is told of these deliveries, each with its village's key."""
    rows = await connection.fetch(QUERIES["settled_facts"], delivery_ids, *days)
    return [
        (
            row["village_key"],
            DeliverySettled(
                effective_on=row["today"],
                village_code=row["village_code"],
                delivery_id=row["delivery_id"],
                decision_id=row["decision_id"],
                alert_kind=row["alert_kind"],
                office_kind=row["office_kind"],
                office_area=row["area_code"],
                state=row["state"],
                attempts=row["attempts"],
            ),
        )
        for row in rows
    ]
