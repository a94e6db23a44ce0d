"""Outreach and counts of workers of villages, and launches of areas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from common.database import Connection, Queries
from common.events.words import (
    AidKind,
    HostOffice,
    LaunchLevel,
    Occasion,
    Organiser,
    PotentialSector,
    Representative,
    Venue,
    WorkerSource,
)
from common.received import ImpossibleEvent

from eligibility.outreach import Outreach, Row
from eligibility.storage.arrays import columns

QUERIES: Final = Queries.of("eligibility.storage", "outreach.sql")
NOTES = 200
LAUNCHES = 200


@dataclass(frozen=True, slots=True)
class Note:
    """Something that was done for a village's workers, or what they live from."""

    kind: str
    """SOSIALISASI, POTENTIAL, AID or PERISAI."""
    what: Organiser | PotentialSector | AidKind | None
    """Who informed, the sector, or the kind of aid; None: an agent."""
    amount: int | None
    """Persons who came, businesses, or rupiah."""
    occasion: Occasion | None
    effective_on: date
    ended_on: date | None
    """The first day without the agent."""


@dataclass(frozen=True, slots=True)
class Workers:
    """How many workers a village has, by a count of `effective_on`."""

    effective_on: date
    total: int
    pu: int
    bpu: int
    source: WorkerSource


@dataclass(frozen=True, slots=True)
class Launch:
    """A launch of the programme in a province or a regency."""

    area_code: str
    effective_on: date
    level: LaunchLevel
    host_office: HostOffice
    represented_by: Representative | None
    venue: Venue


WORDS: Final[Mapping[str, type[Organiser | PotentialSector | AidKind]]] = {
    "SOSIALISASI": Organiser,
    "POTENTIAL": PotentialSector,
    "AID": AidKind,
}


class OutreachStore:
    """Rows are written by who holds the village's or the area's lock."""

    async def note(self, connection: Connection, outreach: Outreach) -> None:
        """Store a batch's notes and counts; raises ImpossibleEvent for an unknown agent's end."""
        if outreach.notes:
            await connection.execute(QUERIES["add_notes"], *columns(outreach.notes))
        if outreach.workers:
            await connection.execute(QUERIES["add_worker_counts"], *columns(outreach.workers))
        if outreach.ended:
            rows = [(event.subject, agent, on) for event, agent, on in outreach.ended]
            known = {
                row["note_id"]
                for row in await connection.fetch(QUERIES["end_agents"], *columns(rows))
            }
            for event, agent, _ in outreach.ended:
                if agent not in known:
                    raise ImpossibleEvent(event, f"agent {agent} was never assigned here")

    async def add_launches(self, connection: Connection, rows: Sequence[Row]) -> None:
        await connection.execute(QUERIES["add_launches"], *columns(rows))

    async def notes_of(self, connection: Connection, key: str) -> list[Note]:
        """Newest first, at most 200; of each sector only what was stated last."""
        return [
            Note(
                row["kind"],
                WORDS[row["kind"]](row["what"]) if row["what"] else None,
                row["amount"],
                row["occasion"] and Occasion(row["occasion"]),
                row["effective_on"],
                row["ended_on"],
            )
            for row in await connection.fetch(QUERIES["notes_of"], key, NOTES)
        ]

    async def workers_of(self, connection: Connection, key: str) -> Workers | None:
        """The count that holds now; None: nobody has counted."""
        row = await connection.fetchrow(QUERIES["workers_of"], key)
        if row is None:
            return None
        source = WorkerSource(row["source"])
        return Workers(row["effective_on"], row["total"], row["pu"], row["bpu"], source)

    async def launches(self, connection: Connection) -> list[Launch]:
        """Those that the caller may see, newest first, at most 200."""
        return [
            Launch(
                row["area_code"],
                row["effective_on"],
                LaunchLevel(row["level"]),
                HostOffice(row["host_office"]),
                row["represented_by"] and Representative(row["represented_by"]),
                Venue(row["venue"]),
            )
            for row in await connection.fetch(QUERIES["launches"], LAUNCHES)
        ]
