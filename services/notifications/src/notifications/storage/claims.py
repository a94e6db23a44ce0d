"""What is due, with all that is known of it now, and the intents written before it is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from common.database import Connection
from common.events.eligibility import Face
from common.events.words import (
    AlertKind,
    CeremonyKind,
    OfficeKind,
    RegencyKind,
    TimeZone,
    Venue,
    VillageKind,
)

from notifications.domain.ceremonies import Ceremony
from notifications.domain.deliveries import ChannelKind, WaitsFor
from notifications.domain.letters import NO_FACTS, Facts, Letter, Place, TitleCount
from notifications.domain.rules import Present
from notifications.domain.views import View
from notifications.storage import NEWS, QUERIES, Days
from notifications.storage.news import head_of


@dataclass(frozen=True, slots=True)
class Due:
    """A delivery whose time has come, with all that is known of it now."""

    delivery_id: UUID
    village_key: str
    office_id: int
    attempts: int
    failures: int
    channel: ChannelKind
    kind: AlertKind
    office: OfficeKind
    effective_on: date
    """From when what the alert announces holds, as the event that raised it said."""
    facts: Facts
    """Of the latest decision, which need not be the one that raised the alert."""
    present: Present
    told: AlertKind | None
    """The last of its subject that this office was told, where that matters."""
    told_on: date | None
    said_again: bool
    """A later alert of the same kind says it too."""
    place: Place | None
    """None: the village's names have not been heard."""
    holder_id: UUID | None
    """None: the office is vacant today."""
    sealed_address: bytes | None
    template: str | None
    """What the attempt before was made of."""


@dataclass(frozen=True, slots=True)
class Intent:
    """A message that is about to be sent: the attempt as it is written before the call."""

    due: Due
    attempt: int
    holder_id: UUID
    address: str
    letter: Letter


def _due(row: Any) -> Due:
    facts = NO_FACTS if row["facts"] is None else Facts.model_validate_json(row["facts"])
    return Due(
        delivery_id=row["delivery_id"],
        village_key=row["village_key"],
        office_id=row["office_id"],
        attempts=row["attempts"],
        failures=row["failures"],
        channel=ChannelKind(row["channel"]),
        kind=AlertKind(row["alert_kind"]),
        office=OfficeKind(row["office_kind"]),
        effective_on=row["effective_on"],
        facts=facts,
        present=Present(
            today=row["today"],
            view=None if row["facts"] is None else View.of(_face(row), facts.reasons),
            ceremony=None if row["ceremony_id"] is None else _ceremony(row),
            head=None if row["term_id"] is None else head_of(row),
        ),
        told=None if row["told_kind"] is None else AlertKind(row["told_kind"]),
        told_on=row["told_on"],
        said_again=row["said_again"],
        place=None if row["name"] is None else _place(row),
        holder_id=row["holder_id"],
        sealed_address=row["address"],
        template=row["template"],
    )


def _face(row: Any) -> Face:
    names = ("eligibility", "stage", "title", "standing")
    return Face.model_validate({name: row[name] for name in names})


def _ceremony(row: Any) -> Ceremony:
    return Ceremony(
        ceremony_id=row["ceremony_id"],
        kind=CeremonyKind(row["ceremony_kind"]),
        planned_for=row["planned_for"],
        begins_at=row["begins_at"],
        venue=Venue(row["venue"]),
        host=OfficeKind(row["host"]),
    )


def _place(row: Any) -> Place:
    return Place(
        code=row["village_code"],
        name=row["name"],
        kind=VillageKind(row["village_kind"]),
        kecamatan=row["kecamatan_name"],
        regency_code=row["regency_code"],
        regency=row["regency_name"],
        regency_kind=RegencyKind(row["regency_kind"]),
        time_zone=TimeZone(row["time_zone"]),
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


async def introducing(connection: Connection, some: Sequence[Due]) -> frozenset[UUID]:
    """Which of these messages are their office's first of the local year.

    What was decided at a message's first attempt holds for its next ones.
    """
    new = [due for due in some if due.attempts == 0]
    if new:
        await connection.execute(
            NEWS["introduce"],
            [due.delivery_id for due in new],
            [due.office_id for due in new],
            [due.present.today.year for due in new],
        )
    rows = await connection.fetch(NEWS["introductions_of"], [due.delivery_id for due in some])
    return frozenset(row["delivery_id"] for row in rows)


async def wake_sealed(connection: Connection, now: datetime) -> None:
    """Look again at what waits because its address could not be opened."""
    await connection.execute(NEWS["wake_sealed"], now)


async def count_sealed(connection: Connection) -> int:
    counted: int = await connection.fetchval(NEWS["count_sealed"])
    return counted
