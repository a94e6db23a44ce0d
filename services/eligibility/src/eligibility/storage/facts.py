"""The facts that the fold needs; append-only."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec
from common.database import Connection, Queries
from common.events.envelope import Origin

from eligibility.domain.facts import (
    Acted,
    Appointed,
    CoverageChanged,
    Enrolled,
    Fact,
    Known,
    Left,
    Merged,
    Noted,
    PostsDecreed,
    SosialisasiHeld,
)
from eligibility.intake import NewFact
from eligibility.judging import Input
from eligibility.storage.arrays import columns

TYPES: dict[str, type[Fact]] = {
    "known": Known,
    "merged": Merged,
    "posts_decreed": PostsDecreed,
    "appointed": Appointed,
    "coverage_changed": CoverageChanged,
    "left": Left,
    "sosialisasi_held": SosialisasiHeld,
    "enrolled": Enrolled,
    "noted": Noted,
    "acted": Acted,
}
"""The stored name of each kind of fact."""

NAMES = {fact: name for name, fact in TYPES.items()}


class StoredFacts:
    """All facts of one village, and what of them a decision would name as its input."""

    __slots__ = ("facts", "inputs")

    def __init__(self) -> None:
        self.facts: list[Fact] = []
        self.inputs: list[Input] = []


class FactStore:
    def __init__(self, queries: Queries) -> None:
        self._queries = queries
        self._decoders = {name: msgspec.json.Decoder(fact) for name, fact in TYPES.items()}

    async def add(self, connection: Connection, facts: Sequence[NewFact]) -> None:
        """Store facts; one with a known id stays as it is."""
        rows = [
            (
                new.village_key,
                new.fact.id,
                new.fact.recorded_at,
                new.fact.effective_on,
                new.origin.value,
                NAMES[type(new.fact)],
                msgspec.json.encode(new.fact, order="deterministic").decode(),
            )
            for new in facts
        ]
        await connection.execute(self._queries["add_facts"], *columns(rows))

    async def of(self, connection: Connection, keys: Collection[str]) -> dict[str, StoredFacts]:
        """All facts of the villages, in no particular order."""
        stored = {key: StoredFacts() for key in keys}
        for key, origin, name, data in await connection.fetch(
            self._queries["facts_of"], list(keys)
        ):
            fact = self._decoders[name].decode(data)
            stored[key].facts.append(fact)
            stored[key].inputs.append(Input(fact.id, fact.recorded_at, Origin(origin)))
        return stored

    async def add_act(self, connection: Connection, act: Sequence[object]) -> None:
        await connection.execute(self._queries["add_act"], *act)


def input_of(new: NewFact) -> Input:
    return Input(new.fact.id, new.fact.recorded_at, new.origin, new.batch_id)
