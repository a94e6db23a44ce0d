"""What the board asks: how areas stand, which villages need somebody, and in which order."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence, Set  # noqa: PYI025
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg
from common.clock import Clock
from common.database import Connection, Database, Queries
from common.events.words import TimeZone

from eligibility.storage.board import (
    ALL_AREAS,
    FIRST,
    LEVELS,
    BoardStore,
    Level,
    Place,
    Scope,
    Standing,
    widest_of,
)
from eligibility.storage.ceremonies import Ceremony, CeremonyStore
from eligibility.storage.outreach import Launch, OutreachStore
from eligibility.storage.villages import UnknownVillage

SOONEST = 10
"""Villages at risk, those suspended, and ceremonies, that the board names."""
PAST = timedelta(days=60)
"""How long a ceremony without its act is named."""
LAUNCHES = 3
COUNTRY_SECONDS = 5.0
"""How long the country's counts are shown before they are counted anew: 30 MB are read for them."""
NARROWER = {Level.PROVINCE: Level.REGENCY, Level.REGENCY: Level.KECAMATAN}


@dataclass(frozen=True, slots=True)
class Counted:
    """The standings of areas, and up to when the registry's facts are in them."""

    rows: Sequence[asyncpg.Record]
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class Board:
    """How the areas of one level stand, and what is due soonest in them."""

    level: Level
    rows: Sequence[asyncpg.Record]
    at_risk: Sequence[asyncpg.Record]
    suspended: Sequence[asyncpg.Record]
    ceremonies: Sequence[Ceremony]
    past: Sequence[Ceremony]
    """Ceremonies of the last weeks whose act is not recorded."""
    launches: Sequence[Launch]
    settled_at: datetime | None

    def total(self, column: str) -> int:
        return sum(row[column] or 0 for row in self.rows)


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of villages, and where the next one begins; None after the last."""

    rows: Sequence[asyncpg.Record]
    next: Place | None
    settled_at: datetime | None


class Overview:
    """Counts and lists villages in the caller's sight."""

    def __init__(self, database: Database, *, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._ceremonies = CeremonyStore()
        self._outreach = OutreachStore()
        self._see = Queries.of("eligibility.storage")["see"]
        self._store = BoardStore()
        self._counting = asyncio.Lock()
        self._country: Counted | None = None
        self._country_at = 0.0

    async def board(self, areas: Set[str], area: str | None = None) -> Board:
        """The caller's areas, or one area with those in it; raises UnknownVillage for none."""
        level = level_of(areas) if area is None else NARROWER[LEVELS[len(area)]]
        scope = Scope(area, frozenset(areas))
        whole = area is None and ALL_AREAS in areas
        country = await self._whole_country(scope, level) if whole else None
        async with self._seeing(areas) as connection:
            counted = country or await self._count(connection, scope, level)
            rows = counted.rows
            if area is not None and not rows:
                raise UnknownVillage(area)
            at_risk = await self._store.at_risk(connection, scope, SOONEST)
            suspended = await self._store.suspended(connection, scope, SOONEST)
            today, own = self._clock.today(TimeZone.WIB), area is None
            ahead = await self._ceremonies.ahead(connection, today)
            return Board(
                level,
                rows,
                at_risk,
                suspended,
                ahead[:SOONEST] if own else [],
                await self._ceremonies.past(connection, today - PAST, today, SOONEST)
                if own
                else [],
                (await self._outreach.launches(connection))[:LAUNCHES] if own else [],
                counted.settled_at,
            )

    async def villages(
        self,
        areas: Set[str],
        *,
        area: str | None = None,
        standing: Standing | None = None,
        after: Place = FIRST,
        limit: int,
    ) -> Listed:
        """A page of the caller's villages, the worst standing first, then the nearest."""
        scope = Scope(area, frozenset(areas), standing)
        async with self._seeing(areas) as connection:
            rows = await self._store.villages(connection, scope, after, limit + 1)
            settled_at = await self._store.settled_at(connection)
        page, last = rows[:limit], rows[limit - 1] if len(rows) > limit else None
        place = last and Place(last["board_rank"], last["missing"], last["village_key"])
        return Listed(page, place or None, settled_at)

    async def _whole_country(self, scope: Scope, level: Level) -> Counted:
        """The country's standings, of a few seconds ago at most; who waits has no connection."""
        async with self._counting:
            if self._country is None or time.monotonic() - self._country_at > COUNTRY_SECONDS:
                async with self._seeing(scope.areas) as connection:
                    self._country = await self._count(connection, scope, level)
                self._country_at = time.monotonic()
            return self._country

    async def _count(self, connection: Connection, scope: Scope, level: Level) -> Counted:
        settled_at = await self._store.settled_at(connection)
        return Counted(await self._store.standings(connection, scope, level), settled_at)

    @asynccontextmanager
    async def _seeing(self, areas: Set[str]) -> AsyncIterator[Connection]:
        async with self._database.transaction() as connection:
            await connection.execute(self._see, " ".join(sorted(areas)))
            yield connection


def level_of(areas: Set[str]) -> Level:
    """Which areas the board lists for a caller: those below the one that holds all of its own."""
    widest = widest_of(areas)
    if ALL_AREAS in widest or len({area[:2] for area in widest}) > 1:
        return Level.PROVINCE
    if any(len(area) == len("33") for area in widest) or len({area[:5] for area in widest}) > 1:
        return Level.REGENCY
    return Level.KECAMATAN
