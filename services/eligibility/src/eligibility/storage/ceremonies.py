"""Ceremonies as they are planned now, for who may see their villages."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from uuid import UUID

import asyncpg
from common.database import Connection, Queries

PAGE = 200


@dataclass(frozen=True, slots=True)
class Ceremony:
    ceremony_id: UUID
    village_key: str
    village_code: str
    name: str
    village_kind: str
    kind: str
    planned_for: date
    begins_at: str | None
    venue: str
    host: str
    moved: bool


class CeremonyStore:
    """Reads only; the caller's areas are set in the transaction."""

    def __init__(self) -> None:
        self._queries = Queries.of("eligibility.storage", "ceremonies.sql")

    async def ahead(self, connection: Connection, first: date) -> list[Ceremony]:
        """From a day on, the next one first."""
        rows = await connection.fetch(self._queries["ceremonies_ahead"], first, PAGE)
        return [_ceremony(row) for row in rows]

    async def past(
        self, connection: Connection, first: date, today: date, limit: int
    ) -> list[Ceremony]:
        """Since a day, whose act is not recorded, the latest first."""
        rows = await connection.fetch(self._queries["ceremonies_past"], first, today, limit)
        return [_ceremony(row) for row in rows]

    async def of(self, connection: Connection, key: str) -> list[Ceremony]:
        """All of a village, the latest first."""
        rows = await connection.fetch(self._queries["ceremonies_of"], key, PAGE)
        return [_ceremony(row) for row in rows]


def _ceremony(row: asyncpg.Record) -> Ceremony:
    return Ceremony(*(row[field.name] for field in fields(Ceremony)))
