"""What the board counts and lists; the caller's areas are set in the transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

import asyncpg
from common.database import Connection, Queries

ALL_AREAS = "*"
NEARLY = 2
"""A village that lacks at most so many posts is close to the title."""


class Level(StrEnum):
    """A kind of area; its value begins the names of its columns."""

    PROVINCE = "province"
    REGENCY = "regency"
    KECAMATAN = "kecamatan"


LEVELS = MappingProxyType({2: Level.PROVINCE, 5: Level.REGENCY, 8: Level.KECAMATAN})
"""The level of an area by the length of its dotted code."""


class Standing(StrEnum):
    """What a list of villages may be narrowed to: the columns of the board."""

    TITLED = "desa-sadar"
    AT_RISK = "terancam"
    HALTED = "ditangguhkan-dicabut"
    ELIGIBLE = "memenuhi-syarat"
    NEARLY = "hampir-memenuhi"
    UNDER_WAY = "dalam-proses"


CLAUSES = MappingProxyType(
    {
        Standing.TITLED: "v.board_rank IN (1, 6)",
        Standing.AT_RISK: "v.board_rank = 1",
        Standing.HALTED: "v.board_rank IN (2, 3)",
        Standing.ELIGIBLE: "v.board_rank = 4",
        Standing.NEARLY: f"v.board_rank = 5 AND v.lacking <= {NEARLY}",
        Standing.UNDER_WAY: "v.board_rank = 5",
    }
)


SPANS = """unnest(${first}::text[], ${behind}::text[]) AS span (first, behind)
CROSS JOIN LATERAL (
    SELECT * FROM villages
    WHERE village_key COLLATE "C" >= span.first AND village_key COLLATE "C" < span.behind
    OFFSET 0
) AS v"""
"""The villages whose key begins with an area's code. Row security decides what is seen; this finds
it by an index, for which OFFSET keeps the planner from making a join of the whole country of it."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a list stands: behind this rank, number of missing posts and key."""

    board_rank: int = 0
    missing: int = 0
    village_key: str = ""


FIRST = Place()


@dataclass(frozen=True, slots=True)
class Scope:
    """The villages that are looked at: of one area as it is today, or of the caller's areas."""

    area: str | None = None
    areas: frozenset[str] = frozenset()
    standing: Standing | None = None

    def clause(self, first: int) -> tuple[str, list[object]]:
        """What follows FROM, with its WHERE; and its parameters from `$first` on."""
        narrowed = "v.name IS NOT NULL AND v.closed_on IS NULL"
        if self.standing is not None:
            narrowed += f" AND {CLAUSES[self.standing]}"
        if self.area is not None:
            column = f"v.{LEVELS[len(self.area)]}_code"
            return f"villages v WHERE {narrowed} AND {column} = ${first}", [self.area]
        if ALL_AREAS in self.areas:
            return f"villages v WHERE {narrowed}", []
        widest = sorted(widest_of(self.areas))
        spans = SPANS.format(first=first, behind=first + 1)
        return f"{spans} WHERE {narrowed}", [widest, [f"{area}/" for area in widest]]


def widest_of(areas: Iterable[str]) -> set[str]:
    """The areas that lie in no other one of them."""
    given = set(areas)
    return {
        area
        for area in given
        if not any(area != other and area.startswith(f"{other}.") for other in given)
    }


class BoardStore:
    """Reads only."""

    def __init__(self) -> None:
        self._queries = Queries.of("eligibility.storage", "board.sql")

    async def standings(
        self, connection: Connection, scope: Scope, level: Level
    ) -> list[asyncpg.Record]:
        """One row for each area of the level in which there is a village to be seen."""
        within, values = scope.clause(2)
        statement = self._queries["standings"].replace("/* villages */", within)
        for slot in ("code", "name"):
            statement = statement.replace(f"/* {slot} */", f"{level}_{slot}")
        return await connection.fetch(statement, NEARLY, *values)

    async def villages(
        self, connection: Connection, scope: Scope, after: Place, limit: int
    ) -> Sequence[asyncpg.Record]:
        """A page of villages, the worst standing first, then the nearest to the title."""
        within, values = scope.clause(5)
        statement = self._queries["board_villages"].replace("/* villages */", within)
        place = (after.board_rank, after.missing, after.village_key)
        return await connection.fetch(statement, *place, limit, *values)

    async def at_risk(
        self, connection: Connection, scope: Scope, limit: int
    ) -> Sequence[asyncpg.Record]:
        """The villages at risk whose grace ends first."""
        within, values = scope.clause(2)
        statement = self._queries["at_risk_soonest"].replace("/* villages */", within)
        return await connection.fetch(statement, limit, *values)

    async def suspended(
        self, connection: Connection, scope: Scope, limit: int
    ) -> Sequence[asyncpg.Record]:
        """The villages that have been suspended longest."""
        within, values = scope.clause(2)
        statement = self._queries["suspended_longest"].replace("/* villages */", within)
        return await connection.fetch(statement, limit, *values)

    async def settled_at(self, connection: Connection) -> datetime | None:
        at: datetime | None = await connection.fetchval(self._queries["settled_at"])
        return at
