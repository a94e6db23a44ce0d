"""An inbox with the plainest effect there is: a row per event that had its effect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import pytest
from common.clock import Clock
from common.database import Connection, Database
from common.events import topics
from common.inbox import Inbox
from common.outbox import VillageLocks
from common.parking import Parking
from common.received import ImpossibleEvent, Received, UnreadableEvents
from common.sealing import Sealer

KEY = b"k" * 32
INPUTS = (topics.REGISTRY_OUTREACH, topics.REGISTRY_OFFICIALS)


@dataclass
class Ledger:
    """Writes each event it is given; refuses those it was told to refuse."""

    impossible: set[tuple[str, int]] = field(default_factory=set)
    failing: set[tuple[str, int]] = field(default_factory=set)
    unreadable: set[tuple[str, int]] = field(default_factory=set)
    calls: int = 0

    async def apply(
        self,
        connection: Connection,
        locks: VillageLocks,
        accepted: Mapping[str, Sequence[Received]],
    ) -> None:
        self.calls += 1
        assert set(accepted) <= locks.keys
        some = [event for events in accepted.values() for event in events]
        if broken := [e for e in some if (e.subject, e.sequence) in self.unreadable]:
            raise UnreadableEvents([ImpossibleEvent(event, "cannot be read") for event in broken])
        for events in accepted.values():
            for event in events:
                if (event.subject, event.sequence) in self.impossible:
                    raise ImpossibleEvent(event, "cannot be")
                if (event.subject, event.sequence) in self.failing:
                    raise KeyError(event.subject)
                await connection.execute(
                    "INSERT INTO effects (village_key, topic, sequence) VALUES ($1, $2, $3)",
                    event.subject,
                    event.topic,
                    event.sequence,
                )


@dataclass
class Rig:
    """An inbox on a database of its own, and what it left there."""

    database: Database
    inbox: Inbox
    parking: Parking
    ledger: Ledger
    stored: dict[tuple[str, str, int], bytes]

    def member(self) -> Inbox:
        """Another member of the group: it shares nothing but the database."""
        return Inbox(
            self.database, inputs=INPUTS, effect=self.ledger, clock=Clock(), sealer=Sealer(KEY)
        )

    def count_commits(self, monkeypatch: pytest.MonkeyPatch) -> list[int]:
        """How many villages each transaction is about from now on, those that fail too."""
        commits: list[int] = []
        commit = self.inbox.commit

        async def counting(villages: Any, **more: Any) -> bool:
            commits.append(len(villages))
            return await commit(villages, **more)

        monkeypatch.setattr(self.inbox, "commit", counting)
        return commits

    async def waiting(self) -> list[tuple[str, int, int, int]]:
        """Villages for which something is parked, held or discarded ahead, and how many."""
        query = """SELECT village_key, parked, held, discards FROM marks
            WHERE (parked, held, discards) <> (0, 0, 0) ORDER BY 1"""
        return [tuple(row) for row in await self.rows(query)]

    async def effects(self, village: str) -> list[int]:
        """Sequences of the village's events that had their effect, in order of effect."""
        return [
            row["sequence"]
            for row in await self.rows(
                "SELECT sequence FROM effects WHERE village_key = $1 ORDER BY n", village
            )
        ]

    async def stopped(self) -> bool:
        return await self.inbox.stopped() is not None

    async def rows(self, query: str, *arguments: object) -> list[asyncpg.Record]:
        async with self.database.transaction() as connection:
            return await connection.fetch(query, *arguments)

    async def reasons(self, village: str) -> list[str]:
        """Why the village's events are parked, in order."""
        return [
            row["reason"]
            for row in await self.rows(
                "SELECT reason FROM parked WHERE village_key = $1 ORDER BY parked_id", village
            )
        ]
