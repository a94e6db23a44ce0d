"""The rule sets: immutable, so each is parsed once."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import asyncpg
import msgspec
from common.database import Connection, Queries

from eligibility.domain.rules import RuleSet, canonical_rule_set, parse_rule_set


class RuleSetStore:
    def __init__(self, queries: Queries) -> None:
        self._queries = queries
        self._parsed: dict[tuple[str, int], RuleSet] = {}

    async def add(self, connection: Connection, rule_sets: Sequence[RuleSet]) -> None:
        """Store rule sets; one with a known id and version stays as it is."""
        for rule_set in rule_sets:
            await connection.execute(
                self._queries["add_rule_set"],
                rule_set.rule_set_id,
                rule_set.version,
                rule_set.village_kind.value,
                rule_set.regency_code,
                rule_set.valid_from,
                rule_set.recorded_at,
                rule_set.checksum,
                canonical_rule_set(rule_set).decode(),
            )

    async def holding_in(
        self, connection: Connection, regencies: Collection[str]
    ) -> dict[str, list[RuleSet]]:
        """The rule sets that can hold in each regency: its own and the country's."""
        rows = await connection.fetch(self._queries["rule_sets_for"], list(regencies))
        parsed = [self._parse(row) for row in rows]
        return {
            regency: [r for r in parsed if r.regency_code in (None, regency)]
            for regency in regencies
        }

    async def number(self, connection: Connection) -> int:
        """How many there are: another number means that one was added."""
        number: int = await connection.fetchval(self._queries["rule_sets_number"])
        return number

    async def after(
        self, connection: Connection, rule_set_id: str, version: int, limit: int
    ) -> list[asyncpg.Record]:
        return await connection.fetch(self._queries["rule_sets_after"], rule_set_id, version, limit)

    def _parse(self, row: asyncpg.Record) -> RuleSet:
        place = (row["rule_set_id"], row["version"])
        if (known := self._parsed.get(place)) is None:
            known = self._parsed[place] = parse_rule_set(
                msgspec.json.decode(row["body"]), recorded_at=row["recorded_at"]
            )
        return known
