"""What happened lately; the caller's areas are set in the transaction."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence, Set  # noqa: PYI025
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg
from common.database import Connection, Queries

from eligibility.storage.board import ALL_AREAS, widest_of

BEGINNING = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Happening:
    """An entry of the log, or a sosialisasi (then without faces)."""

    id: UUID
    at: datetime
    entry: str
    """STATUS, PROPOSED, WITHDRAWN or SOSIALISASI."""
    effective_on: date
    previous: Mapping[str, str] | None
    current: Mapping[str, str] | None
    place: Mapping[str, str]
    reasons: Sequence[Mapping[str, Any]] = ()


PLACE = (
    *("village_code", "name", "kind", "kecamatan_name", "regency_kind", "regency_name"),
    "time_zone",
)


class FeedStore:
    """Reads only."""

    def __init__(self) -> None:
        self._queries = Queries.of("eligibility.storage", "feed.sql")

    async def since(
        self, connection: Connection, after: UUID, before: UUID, limit: int
    ) -> list[Happening]:
        """What happened between the moments of two ids, the newest first."""
        return _read(await connection.fetch(self._queries["happened_since"], after, limit, before))

    async def newest(
        self, connection: Connection, areas: Set[str], before: UUID, limit: int
    ) -> list[Happening]:
        """The newest in the caller's areas."""
        if ALL_AREAS in areas:
            return await self.since(connection, BEGINNING, before, limit)
        widest = sorted(widest_of(areas))
        behind = [f"{area}/" for area in widest]
        return _read(
            await connection.fetch(
                self._queries["happened_in_areas"], widest, behind, limit, before
            )
        )


def _read(rows: list[asyncpg.Record]) -> list[Happening]:
    return [
        Happening(
            row["id"],
            row["at"],
            row["entry"],
            row["effective_on"],
            row["previous"] and json.loads(row["previous"]),
            row["current"] and json.loads(row["current"]),
            {name: row[name] for name in PLACE},
            json.loads(row["reasons"] or "[]"),
        )
        for row in rows
    ]
