"""What was done for the workers of a village, what they live from, and launches in areas."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final
from uuid import UUID

from common.database import Connection, Queries
from common.events.registry import (
    AidGranted,
    LaunchHeld,
    PerisaiAssigned,
    PotentialNoted,
    SosialisasiHeld,
    WorkersCounted,
)

from registry.domain.outreach import Agent
from registry.domain.refusals import AgentUnknown

SQL: Final = Queries.of("registry.storage", "outreach.sql")
LISTED = 200
"""Rows of one village or area that an answer lists at most."""


def agent_unknown() -> AgentUnknown:
    return AgentUnknown("Agen Perisai itu tidak dikenal; periksa agent_id.")


async def add_sosialisasi(
    connection: Connection, key: str, held: SosialisasiHeld, now: datetime
) -> None:
    await connection.execute(
        SQL["add_sosialisasi"],
        held.sosialisasi_id,
        key,
        held.effective_on,
        held.organiser,
        held.attendance,
        held.occasion,
        now,
    )


async def add_potential(
    connection: Connection, key: str, noted: PotentialNoted, now: datetime
) -> None:
    await connection.execute(
        SQL["add_potential"],
        noted.potential_id,
        key,
        noted.effective_on,
        noted.sector,
        noted.businesses,
        now,
    )


async def add_aid(connection: Connection, key: str, granted: AidGranted, now: datetime) -> None:
    await connection.execute(
        SQL["add_aid"],
        granted.aid_id,
        key,
        granted.effective_on,
        granted.kind,
        granted.amount_rupiah,
        now,
    )


async def add_agent(
    connection: Connection, key: str, assigned: PerisaiAssigned, now: datetime
) -> None:
    await connection.execute(SQL["add_agent"], assigned.agent_id, key, assigned.effective_on, now)


async def agent(connection: Connection, agent_id: UUID) -> Agent:
    """An agent's assignment; raises AgentUnknown."""
    row = await connection.fetchrow(SQL["agent"], agent_id)
    if row is None:
        raise agent_unknown()
    return Agent(**row)


async def end_agent(connection: Connection, agent_id: UUID, inactive_from: date) -> None:
    await connection.execute(SQL["end_agent"], agent_id, inactive_from)


async def add_worker_count(
    connection: Connection, key: str, counted: WorkersCounted, now: datetime
) -> None:
    await connection.execute(
        SQL["add_worker_count"],
        counted.count_id,
        key,
        counted.effective_on,
        counted.total,
        counted.pu,
        counted.bpu,
        counted.source,
        now,
    )


async def add_launch(connection: Connection, held: LaunchHeld, now: datetime) -> None:
    await connection.execute(
        SQL["add_launch"],
        held.launch_id,
        held.area_code,
        held.effective_on,
        held.level,
        held.host_office,
        held.represented_by,
        held.venue,
        now,
    )


async def listed(connection: Connection, query: str, subject: str) -> list[dict[str, object]]:
    """The newest rows of a village or area, by a query of `outreach.sql` that ends in `_of_…`."""
    return [dict(row) for row in await connection.fetch(SQL[query], subject, LISTED)]
