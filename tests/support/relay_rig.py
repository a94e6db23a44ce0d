"""An outbox to be relayed: writers, a reader that keeps count, and the queue's state."""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import msgspec
from common.clock import Clock
from common.database import Connection, Database
from common.events import topics
from common.ids import Ids
from common.inbox import Inbox
from common.outbox import Draft, Outbox, VillageLocks, lock_villages
from common.outbox_queue import OutboxQueue
from common.received import Received
from common.relay import OutboxRelay
from common.sealing import Sealer

from support.databases import ServiceUrls
from support.streams import all_records, sosialisasi
from support.waiting import eventually

LOCK = "SELECT k AS village_key FROM unnest($1::text[]) AS k"
"""No lock: for tests in which each village has one writer."""


class Appending:
    """Writes events as a deed does."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._outbox = Outbox(clock=Clock(), ids=Ids())

    async def within(self, connection: Connection, village: str, number: int = 1) -> None:
        """Append in a transaction of the caller's."""
        locks = await lock_villages(connection, [village], LOCK)
        drafts = [Draft(village, sosialisasi(village)) for _ in range(number)]
        await self._outbox.append(connection, locks, drafts)

    async def __call__(self, village: str, number: int = 1) -> None:
        async with self.database.transaction() as connection:
            await self.within(connection, village, number)

    async def waiting(self) -> int:
        """How many events have not left."""
        async with self.database.transaction() as connection:
            count: int = await connection.fetchval("SELECT count(*) FROM unpublished")
        return count


@contextlib.asynccontextmanager
async def carrying(*relays: OutboxRelay) -> AsyncIterator[None]:
    """Relays that run, and stop when the test is through."""
    stop = asyncio.Event()
    tasks = [asyncio.create_task(relay.run(stop)) for relay in relays]
    try:
        yield
    finally:
        stop.set()
        await asyncio.gather(*tasks)


@dataclass
class Account:
    """What a topic holds, in the order of its partitions."""

    seen: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    early: int = 0
    """Events that stand before their predecessor."""

    def take(self, records: Iterable[Any]) -> None:
        marks = {village: max(sequences) for village, sequences in self.seen.items()}
        for record in records:
            event = msgspec.json.decode(record.value)
            village, sequence = event["subject"], int(event["sequence"])
            mark = marks.get(village, 0)
            self.early += sequence > mark + 1
            marks[village] = max(mark, sequence)
            self.seen[village].append(sequence)

    @property
    def duplicates(self) -> int:
        return sum(len(all_) - len(set(all_)) for all_ in self.seen.values())

    @property
    def first_seen(self) -> dict[str, list[int]]:
        """Each village's events in the order in which they first appear."""
        return {village: list(dict.fromkeys(all_)) for village, all_ in self.seen.items()}


async def account(kafka: str, prefix: str, topic: str = "registry.outreach") -> Account:
    """What stands on a topic now."""
    taken = Account()
    taken.take(await all_records(kafka, [f"{prefix}{topic}"], partitions=3))
    return taken


class Effects:
    """Writes down each event that has its effect, a batch at a time."""

    async def apply(
        self,
        connection: Connection,
        locks: VillageLocks,
        accepted: Mapping[str, Sequence[Received]],
    ) -> None:
        events = [event for some in accepted.values() for event in some]
        await connection.execute(
            "INSERT INTO effects (village_key, sequence)"
            " SELECT * FROM unnest($1::text[], $2::bigint[])",
            [event.subject for event in events],
            [event.sequence for event in events],
        )


async def effects(urls: ServiceUrls, kafka: str, prefix: str) -> dict[str, list[int]]:
    """What a consumer's inbox makes of the topic: each village's effects in their order."""
    owner = await asyncpg.connect(urls.owner)
    await owner.execute(
        """CREATE TABLE effects (n bigserial, village_key text, sequence bigint);
        GRANT ALL ON effects TO desa_work; GRANT ALL ON SEQUENCE effects_n_seq TO desa_work"""
    )
    database = await Database.open(urls.work, name="consumer")
    inbox = Inbox(
        database,
        inputs=[topics.REGISTRY_OUTREACH],
        effect=Effects(),
        clock=Clock(),
        sealer=Sealer(b"k" * 32),
        prefix=prefix,
    )
    records = await all_records(kafka, [f"{prefix}{topics.REGISTRY_OUTREACH}"], partitions=3)
    for poll in batched(records, 2_000):
        await inbox.receive(poll)
    await database.close()
    found: defaultdict[str, list[int]] = defaultdict(list)
    for row in await owner.fetch("SELECT village_key, sequence FROM effects ORDER BY n"):
        found[row["village_key"]].append(row["sequence"])
    await owner.close()
    return dict(found)


def batched(records: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    for start in range(0, len(records), size):
        yield records[start : start + size]


async def emptied(queue: OutboxQueue) -> list[int]:
    """Read and delete until nothing is there, as the relay does; the ids in order."""
    ids: list[int] = []
    rows = await queue.front()
    while rows:
        ahead = await queue.after(rows)
        some = [row["event_id"] for row in rows]
        await queue.delete(some)
        ids += some
        rows = ahead or await queue.front()
    return ids


async def rises(queue: OutboxQueue, floor: int) -> None:
    """Until the floor is there; transactions of other databases hold it, too, while they run."""

    async def reached() -> int:
        await queue.front()
        return queue.floor

    await eventually(reached, floor)
