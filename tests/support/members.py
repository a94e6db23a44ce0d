"""Members of eligibility's group before a backlog, on topics and a database of their own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from typing import Any

import httpx2
from common.database import Database, Queries
from common.topics_admin import ensure_topics
from eligibility.domain.fold import fold
from eligibility.domain.rules import default_rule_sets
from eligibility.domain.status import canonical
from eligibility.storage.facts import FactStore
from embedded.mail import MailCatcher
from embedded.stack import Stack

from support.backlog import VILLAGES
from support.databases import TestDatabases
from support.programme import TODAY, fetch, state
from support.reckoning import Stream, marks
from support.streams import fresh_prefix
from support.system import Footing, Process, System
from support.ways import Ways

PARTITIONS = 12
MEMBERS = {
    "eligibility-1": ("eligibility", "api,consumer,scheduler,relay"),
    "eligibility-2": ("eligibility", "consumer,scheduler"),
    "eligibility-3": ("eligibility", "consumer"),
    "eligibility-4": ("eligibility", "consumer"),
}
"""Each has two subscribers, so four of them are eight members of the group."""
DAYS = [date(2025, 6, 1), date(2025, 10, 17), date(2026, 1, 31), TODAY]
"""Days on which the history is asked for, as it is served."""
MARKS = "SELECT village_key, sequences, times, parked, held FROM marks ORDER BY village_key"


class Group:
    """The members, and what they have made of the backlog."""

    def __init__(self, system: System, ways: Ways) -> None:
        self.system = system
        self.ways = ways
        self.kafka = system.footing.kafka
        self.prefix = system.footing.prefix

    async def start(self, *numbers: int) -> None:
        for number in numbers:
            await self.member(number).start()

    def member(self, number: int) -> Process:
        return self.system.processes[f"eligibility-{number}"]

    async def behind(self, ends: Mapping[Stream, int]) -> int:
        """How many streams are not told to their end."""
        return len(ends.items() - (await marks(self.system, "eligibility")).items())

    async def unpublished(self) -> int:
        """How many decisions have not left."""
        [[waiting]] = await self.system.rows("eligibility", "SELECT count(*) FROM unpublished")
        return int(waiting)

    async def duplicates(self) -> float:
        """Events that the first member passed over because their effect was there already."""
        async with httpx2.AsyncClient(timeout=5) as client:
            text = (await client.get(f"{self.system.address('eligibility')}/metrics")).text
        name = 'inbox_events_total{way="duplicate"} '
        counts = [line.removeprefix(name) for line in text.splitlines() if line.startswith(name)]
        return float(counts[0]) if counts else 0.0

    async def state(self) -> dict[str, Any]:
        """Everything that may not depend on who consumed: rows, marks, and each day's status."""
        urls = self.system.footing.urls["eligibility"]
        database = await Database.open(urls.work, name="state", size=2)
        try:
            found: dict[str, Any] = dict(await state(database))
            found["marks"] = [tuple(row) for row in await fetch(database, MARKS)]
            found["histories"] = await _histories(database)
        finally:
            await database.close()
        found["served"] = await self._served()
        return found

    async def _served(self) -> list[Any]:
        asked = [(village, day) for village in VILLAGES for day in DAYS]
        async with self.system.client("eligibility", seconds=30) as client:
            one_by_one = asyncio.Semaphore(4)

            async def ask(village: str, day: date) -> Any:
                async with one_by_one:
                    answer = await client.get(f"/villages/{village}", params={"on": str(day)})
                assert answer.status_code == httpx2.codes.OK, answer.text
                return answer.json()

            return await asyncio.gather(*(ask(*one) for one in asked))


async def _histories(database: Database) -> list[tuple[str, bytes]]:
    """The status of every day of every village, folded from the facts that are stored."""
    async with database.transaction() as connection:
        stored = await FactStore(Queries.of("eligibility.storage")).of(connection, VILLAGES)
    rules = default_rule_sets()
    return [(key, canonical(fold(stored[key].facts, rules, until=TODAY))) for key in VILLAGES]


@asynccontextmanager
async def group_on(home: Path, stack: Stack, ways: Ways) -> AsyncIterator[Group]:
    """No member runs yet; databases and topics are empty."""
    kafka, prefix = stack.addresses.kafka, fresh_prefix()
    await ensure_topics(kafka, prefix=prefix, partitions=PARTITIONS)
    databases = TestDatabases(stack.addresses.postgres)
    mail = MailCatcher()
    await mail.start()
    try:
        async with databases.fresh("eligibility") as urls:
            footing = Footing(kafka, prefix, {"eligibility": urls}, mail, PARTITIONS, ways)
            system = System(home / prefix, footing, MEMBERS)
            try:
                yield Group(system, ways)
            finally:
                await system.end()
    finally:
        await mail.stop()
