"""A producer whose counters, record and topic can be damaged, and what a comparison says of it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg
from common.clock import Clock
from common.database import Database
from common.differences import Differences
from common.events import topics
from common.ids import Ids
from common.outbox import Draft, Outbox, VillageLocks
from common.reconcile_published import Published
from common.relay import OutboxRelay
from common.topic_streams import open_topics

from support.databases import ServiceUrls
from support.streams import KETANON, WONOPRINGGO, sosialisasi
from support.waiting import eventually

TOPIC = topics.REGISTRY_OUTREACH
VILLAGES = (KETANON, WONOPRINGGO)


@dataclass(frozen=True, slots=True)
class ProducerRig:
    """A service that publishes on one topic, on a database of its own."""

    urls: ServiceUrls
    database: Database
    outbox: Outbox
    published: Published
    kafka: str
    prefix: str

    async def append(self, village: str, count: int) -> None:
        """Record some events of a village; one transaction each."""
        for _ in range(count):
            async with self.database.transaction() as connection:
                locks = VillageLocks(frozenset({village}))
                await self.outbox.append(connection, locks, [Draft(village, sosialisasi(village))])

    @asynccontextmanager
    async def carrying(self) -> AsyncIterator[None]:
        """The real relay, until all that waits has left and the block is over."""
        relay = OutboxRelay(self.urls.work, self.kafka, prefix=self.prefix, service="tests")
        stop = asyncio.Event()
        self.database.on_commit(relay.wake)
        running = asyncio.create_task(relay.run(stop))
        try:
            yield
            await eventually(self.waiting, 0, within=60)
        finally:
            stop.set()
            await running

    async def waiting(self) -> int:
        return int((await self.owner("SELECT count(*) FROM unpublished"))[0][0])

    async def owner(self, query: str, *arguments: object) -> Sequence[asyncpg.Record]:
        """Done as the owner, who may damage what the service's roles may not."""
        connection = await asyncpg.connect(self.urls.owner)
        try:
            found: Sequence[asyncpg.Record] = await connection.fetch(query, *arguments)
            return found
        finally:
            await connection.close()

    async def drop_unique(self, table: str) -> None:
        """Let a table hold a row twice."""
        (row,) = await self.owner(
            """SELECT conname FROM pg_constraint
            WHERE conrelid = $1::regclass AND contype IN ('p', 'u')""",
            table,
        )
        await self.owner(f'ALTER TABLE {table} DROP CONSTRAINT "{row["conname"]}"')

    async def found(self) -> Differences:
        found = Differences()
        await self.published.check(found)
        return found

    async def lines(self) -> list[str]:
        """Place, village, sequences, expected and found, of each difference."""
        return said(await self.found())


def said(found: Differences) -> list[str]:
    """The differences, without topic and advice."""
    return sorted(
        f"{one.place} {one.village_key} {one.first}-{one.last}: {one.expected}; {one.found}"
        for one in found.named
    ) + list(found.undone)


@asynccontextmanager
async def producer_rig(
    urls: ServiceUrls, kafka: str, prefix: str, *, clock: Clock | None = None
) -> AsyncIterator[ProducerRig]:
    """A producer on three partitions; nothing is published yet."""
    async with contextlib.AsyncExitStack() as opened:
        database = await Database.open(urls.work, name="tests", size=4)
        opened.push_async_callback(database.close)
        published = Published(
            "registry",
            database,
            (TOPIC,),
            lambda: open_topics(kafka, partitions=3, prefix=prefix, client="tests"),
        )
        outbox = Outbox(clock=clock or Clock(), ids=Ids())
        yield ProducerRig(urls, database, outbox, published, kafka, prefix)
