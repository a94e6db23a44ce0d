"""What only the page of one village shows: acts with their letters, and the log in short."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import asyncpg
import msgspec
from common.database import Connection, Queries

from eligibility.domain.status import Face, Outcome

QUERIES = Queries.of("eligibility.storage", "village_page.sql")


@dataclass(frozen=True, slots=True)
class ActShown:
    """A person's act by its letter; the office that signed it, never who."""

    act: str
    number: str
    effective_on: date
    signing_office: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the decision log."""

    decision_id: UUID
    decided_at: datetime
    effective_on: date
    previous: Face
    current: Face
    reasons: tuple[Outcome, ...]
    entry: str
    """STATUS, or what became of a proposal to suspend: PROPOSED, WITHDRAWN."""
    withdrawn_because: str | None

    @property
    def cursor(self) -> tuple[datetime, UUID]:
        return self.decided_at, self.decision_id


class VillagePageStore:
    """Reads only; the caller's areas are set in the transaction."""

    async def acts(self, connection: Connection, key: str, limit: int) -> list[ActShown]:
        """The village's acts, the latest first."""
        rows = await connection.fetch(QUERIES["acts_of"], key, limit)
        return [ActShown(**row) for row in rows]

    async def log(
        self,
        connection: Connection,
        key: str,
        before: tuple[datetime, UUID] | None,
        limit: int,
    ) -> list[Entry]:
        """A page of the village's log, newest first."""
        at, decision_id = before or (None, None)
        rows = await connection.fetch(QUERIES["log_page"], key, at, decision_id, limit)
        return [_entry(row) for row in rows]


def _entry(row: asyncpg.Record) -> Entry:
    return Entry(
        row["decision_id"],
        row["decided_at"],
        row["effective_on"],
        msgspec.json.decode(row["previous"], type=Face),
        msgspec.json.decode(row["current"], type=Face),
        msgspec.json.decode(row["reasons"], type=tuple[Outcome, ...]),
        row["entry"],
        row["withdrawn_because"],
    )
