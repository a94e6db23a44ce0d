"""What is shown: villages with their counts, the log, rule sets and marks."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

import asyncpg
from common.database import Connection, Queries

from eligibility.counts import COUNTS
from eligibility.domain.status import Status
from eligibility.storage.villages import UnknownVillage, dotted, status_of

FILTERS = MappingProxyType(
    {
        "province": "province_code",
        "regency": "regency_code",
        "kecamatan": "kecamatan_code",
        "eligibility": "eligibility",
        "stage": "stage",
        "title": "title",
        "standing": "standing",
    }
)
"""What a list may be narrowed by, and its column."""
CLAUSES = MappingProxyType({("proposal", "open"): "AND v.proposal_id IS NOT NULL"})
"""What a list may be narrowed by besides, value by value."""

PLACE = (
    "village_key",
    "village_code",
    "name",
    "kind",
    "kecamatan_code",
    "kecamatan_name",
    "regency_code",
    "regency_name",
    "regency_kind",
    "province_code",
    "province_name",
    "time_zone",
)


@dataclass(frozen=True, slots=True)
class OpenProposal:
    """A proposal to suspend that stands open, and what it rests on."""

    proposal_id: UUID
    opened_on: date
    failing_since: date
    grace_ends: date
    announced_on: date


@dataclass(frozen=True, slots=True)
class View:
    """A village as it stands, or as it stood."""

    place: Mapping[str, str]
    status: Status
    since: date | None
    """First day of the unbroken run with these four fields; None before the first decision."""
    proposal: OpenProposal | None
    counts: Mapping[str, int]
    data_time: datetime | None
    """When the newest fact that had its effect was recorded."""
    settled_at: datetime | None
    """Up to when every fact of the registry has had its effect."""
    waiting: bool
    """Some event of the village is held or parked."""
    stale_since: datetime | None
    split_from: str | None = None
    merged_into: str | None = None
    closed_on: date | None = None

    @property
    def village_key(self) -> str:
        return self.place["village_key"]

    def is_settled(self, known_at: datetime | None = None) -> bool:
        """Whether nothing recorded up to then (default: the newest fact here) can still arrive."""
        until = known_at or self.data_time
        if self.waiting or self.settled_at is None or until is None:
            return False
        return until <= self.settled_at


class ViewStore:
    """Reads only; the caller's areas are set in the transaction."""

    def __init__(self, queries: Queries) -> None:
        self._queries = queries

    async def village(self, connection: Connection, code: str) -> View:
        """The village that the caller may see under a code; raises UnknownVillage."""
        row = await connection.fetchrow(self._queries["village_by_code"], dotted(code))
        if row is None:
            raise UnknownVillage(code)
        return _view(row)

    async def villages(
        self, connection: Connection, filters: Mapping[str, str], after: str, limit: int
    ) -> list[View]:
        """A page of villages in order of key; raises KeyError for a filter that is none."""
        said = [CLAUSES[item] for item in filters.items() if item in CLAUSES]
        equal = {name: value for name, value in filters.items() if (name, value) not in CLAUSES}
        clauses = [f"AND v.{FILTERS[name]} = ${i}" for i, name in enumerate(equal, start=3)]
        statement = self._queries["list_villages"].replace(
            "/* filters */", " ".join([*clauses, *said])
        )
        rows = await connection.fetch(statement, after, limit, *equal.values())
        return [_view(row) for row in rows]

    async def counts_on(
        self, connection: Connection, key: str, day: date, known_on: date
    ) -> dict[str, int]:
        row = await connection.fetchrow(self._queries["counts_on"], key, day, known_on)
        return {} if row is None else dict(row)

    async def proposal_at(
        self, connection: Connection, key: str, moment: datetime
    ) -> OpenProposal | None:
        """The proposal that stood open at a moment, by the log."""
        row = await connection.fetchrow(self._queries["proposal_at"], key, moment)
        return None if row is None or row["entry"] != "PROPOSED" else _proposal(row)

    async def decisions(
        self,
        connection: Connection,
        key: str,
        before: tuple[datetime, UUID] | None,
        limit: int,
    ) -> list[asyncpg.Record]:
        """A page of the log, newest first."""
        at, decision_id = before or (None, None)
        return await connection.fetch(self._queries["decisions_of"], key, at, decision_id, limit)

    async def mark(self, connection: Connection, key: str) -> tuple[Sequence[int], int] | None:
        """The sequences of a village's inputs and how many of its events are parked."""
        row = await connection.fetchrow(self._queries["marks_of"], key)
        return None if row is None else (row["sequences"], row["parked"])

    async def marks(
        self, connection: Connection, after: str, limit: int
    ) -> Collection[asyncpg.Record]:
        return await connection.fetch(self._queries["marks_after"], after, limit)


def _proposal(row: asyncpg.Record) -> OpenProposal:
    return OpenProposal(*(row[field.name] for field in fields(OpenProposal)))


def _view(row: asyncpg.Record) -> View:
    place: dict[str, Any] = {name: row[name] for name in PLACE}
    times = [time for time in row["times"] or () if time is not None]
    return View(
        place,
        status_of(row),
        row["since"],
        _proposal(row) if row["proposal_id"] else None,
        {name: row[name] for name in COUNTS},
        max(times, default=None),
        row["settled_at"],
        bool(row["parked"] or row["held"]),
        row["stale_since"],
        row["split_from"],
        row["merged_into"],
        row["closed_on"],
    )
