"""What was heard: villages, their latest decisions, and the alerts; a batch a statement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from common.database import Connection
from common.events.eligibility import CertificationChanged
from common.events.envelope import Origin
from common.events.registry import VillageKnown, VillageMerged

from notifications.domain.alerts import Alert
from notifications.domain.letters import Facts
from notifications.storage import QUERIES


@dataclass(frozen=True, slots=True)
class HeardAlert:
    """An alert with what it is about, before it has its row."""

    alert_id: UUID
    delivery_id: UUID
    village_key: str
    village_code: str
    about: UUID
    """The decision, the event of a ceremony, or the term of office."""
    sequence: int
    """Of the event, in its stream."""
    origin: Origin
    effective_on: date
    """From when what it announces holds; of a ceremony, its day."""
    alert: Alert
    ceremony_id: UUID | None = None


async def note_villages(connection: Connection, villages: Mapping[str, VillageKnown]) -> None:
    rows = [(key, known) for key, known in sorted(villages.items())]
    await connection.execute(
        QUERIES["note_villages"],
        [key for key, _ in rows],
        [known.village_code for _, known in rows],
        [known.name for _, known in rows],
        [known.kind for _, known in rows],
        [known.kecamatan_code for _, known in rows],
        [known.kecamatan_name for _, known in rows],
        [known.regency_code for _, known in rows],
        [known.regency_name for _, known in rows],
        [known.regency_kind for _, known in rows],
        [known.time_zone for _, known in rows],
    )


async def close_villages(connection: Connection, merged: Mapping[str, VillageMerged]) -> None:
    """These are part of another village."""
    rows = sorted(merged.items())
    await connection.execute(
        QUERIES["close_villages"],
        [key for key, _ in rows],
        [data.effective_on for _, data in rows],
    )


async def note_certifications(
    connection: Connection, decisions: Mapping[str, CertificationChanged]
) -> None:
    rows = [(key, decision) for key, decision in sorted(decisions.items())]
    await connection.execute(
        QUERIES["note_certifications"],
        [key for key, _ in rows],
        [decision.decision_id for _, decision in rows],
        [decision.current.eligibility for _, decision in rows],
        [decision.current.stage for _, decision in rows],
        [decision.current.title for _, decision in rows],
        [decision.current.standing for _, decision in rows],
        [Facts.of(decision).model_dump_json() for _, decision in rows],
    )


async def note_alerts(
    connection: Connection, heard: Sequence[HeardAlert], now: datetime
) -> set[UUID]:
    """Write alerts with a delivery each; the deliveries that are new."""
    offices = sorted({item.alert.office for item in heard})
    await connection.execute(
        QUERIES["note_offices"],
        [office.kind for office in offices],
        [office.area for office in offices],
    )
    rows = await connection.fetch(
        QUERIES["note_alerts"],
        [item.alert_id for item in heard],
        [item.about for item in heard],
        [item.alert.office.kind for item in heard],
        [item.alert.office.area for item in heard],
        [item.alert.kind for item in heard],
        [item.village_key for item in heard],
        [item.village_code for item in heard],
        [item.origin for item in heard],
        [item.effective_on for item in heard],
        [item.delivery_id for item in heard],
        [item.alert.due_at for item in heard],
        [item.alert.suppressed for item in heard],
        now,
        [item.sequence for item in heard],
        [item.ceremony_id for item in heard],
    )
    return {row["delivery_id"] for row in rows}
