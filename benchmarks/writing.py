"""What a deed of the registry costs in WAL: enrollments recorded and activated over the API.

Every byte of the server counts, the relay's and the purge's too. All kinds of pages exist and are
known before the measuring begins (warm-up); it begins with a checkpoint, so that the images of full
pages that follow one are there as well, and they are counted apart: they depend on how often the
server makes checkpoints, not on us. Beside each: a row and its event in one plain transaction.
The synthetic NIK (province 99) puts a warning of 110 bytes into every answer that is kept.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
from common.migrations import migrate
from common.topics_admin import ensure_topics
from demo.client import Client
from demo.places import Places
from demo.services import Service, environment, prepare_databases
from embedded.stack import Stack
from figures import Figure, Gate
from villages import know_villages
from wal import WriteAheadLog

VILLAGES = 50
AT_ONCE = 8
PARTS_OF_OUTBOX = ("events", "unpublished", "streams", "Transaction")
BUDGET = Gate(1_500, at_most=True, of="value")
"""Which the outbox part reaches; docs/decisions/2026-11-21-wal-of-a-deed.md says why not all."""
SMALLEST = 5.0
"""Bytes a request below which a table's part is not told."""
EVENTS = "SELECT count(*) FROM events"


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one request: bytes of WAL without images of full pages, bytes of those, events."""

    wal: float
    images: float
    of: Mapping[str, float]
    """Bytes by table or index and kind of record."""
    events: float = 0

    @property
    def outbox(self) -> float:
        """What every event costs, whatever was done: the record, the queue, the counter, commit."""
        return sum(size for what, size in self.of.items() if what.startswith(PARTS_OF_OUTBOX))


async def measure(
    home: Path, stack: Stack, count: int, say: Callable[[str], None] = print
) -> list[Figure]:
    """WAL of a registry event: enrollments recorded and activated, each event published."""
    places, addresses = Places(home), stack.addresses
    await prepare_databases(places, addresses)
    told = environment(places, addresses)
    await ensure_topics(addresses.kafka, prefix="", partitions=12)
    await migrate(told["REGISTRY_OWNER_URL"], "registry.storage")
    keys = await know_villages(told["REGISTRY_WORK_URL"], VILLAGES)
    service = Service("registry", told, places.logs, print)
    meter = Meter(
        await asyncpg.connect(addresses.postgres), await asyncpg.connect(told["REGISTRY_OWNER_URL"])
    )
    try:
        await service.start()
        await service.ready()
        async with Client(places) as client:
            deeds = Deeds(client, keys)
            await deeds.activate(await deeds.record(range(count)))
            recorded, ids = await meter.cost(deeds.record(range(count, 2 * count)), count)
            activated, _ = await meter.cost(deeds.activate(ids), count)
        bare = await meter.bare(count)
    finally:
        await service.stop()
        await meter.close()
    for name, cost in (("recorded", recorded), ("activated", activated)):
        _split(say, name, cost)
    events = recorded.events + activated.events
    per_event = (recorded.wal + activated.wal) / events
    outbox = (recorded.outbox + activated.outbox) / events
    beside = ("B", "bare row and event", bare.wal)
    return [
        Figure("wal_bytes_per_registry_event", per_event, *beside, gate=BUDGET),
        Figure("wal_bytes_per_registry_event_in_outbox", outbox, *beside, gate=BUDGET),
        *_figures("recorded_enrollment", recorded, bare),
        *_figures("activated_enrollment", activated, bare),
    ]


def _split(say: Callable[[str], None], name: str, cost: Cost) -> None:
    """Where the bytes of one request go, the largest first."""
    for what, size in cost.of.items():
        if size >= SMALLEST:
            say(f"{name:>9} {size:7.0f} B  {what}")


def _figures(name: str, cost: Cost, bare: Cost) -> list[Figure]:
    beside = "bare row and event"
    return [
        Figure(f"wal_bytes_per_{name}", cost.wal, "B", beside, bare.wal),
        Figure(f"wal_page_images_per_{name}", cost.images, "B", beside, bare.images),
        Figure(f"events_per_{name}", cost.events, "events", "requests", 1.0),
    ]


class Deeds:
    """Requests to the registry, eight at once."""

    def __init__(self, client: Client, keys: Sequence[str]) -> None:
        self._client = client
        self._keys = keys

    async def record(self, numbers: range) -> list[str]:
        """One enrollment a number, of a person not known before; their ids."""

        async def record_one(number: int) -> str:
            body = {
                "nik": f"99{number // 250_000 + 1:02}01{number // 9_000 % 28 + 1:02}0185"
                f"{number % 9_000 + 1:04}",
                "segment": "BPU",
                "programmes": ["JKK", "JKM"],
                "effective_on": "2026-01-05",
            }
            path = f"/villages/{self._keys[number % len(self._keys)]}/enrollments"
            answer = await self._client.post("registry", path, f"record/{number}", body)
            return str(answer["enrollment_id"])

        return await _at_once([record_one(number) for number in numbers])

    async def activate(self, ids: Sequence[str]) -> list[str]:
        """The first contribution for each of them."""

        async def activate_one(enrollment_id: str) -> str:
            path, body = f"/enrollments/{enrollment_id}/activation", {"effective_on": "2026-01-06"}
            await self._client.post("registry", path, path, body)
            return enrollment_id

        return await _at_once([activate_one(enrollment_id) for enrollment_id in ids])


async def _at_once(calls: Sequence[Coroutine[Any, Any, str]]) -> list[str]:
    slots = asyncio.Semaphore(AT_ONCE)

    async def in_turn(call: Coroutine[Any, Any, str]) -> str:
        async with slots:
            return await call

    return await asyncio.gather(*map(in_turn, calls))


class Meter:
    """Reads the log that the server wrote meanwhile, as pg_waldump tells it."""

    def __init__(self, postgres: asyncpg.Connection, registry: asyncpg.Connection) -> None:
        self._postgres = postgres
        self._registry = registry
        self._log = WriteAheadLog(postgres, registry)

    async def cost(
        self, work: Coroutine[Any, Any, list[str]], count: int
    ) -> tuple[Cost, list[str]]:
        """What `count` requests cost each, until all their events have left."""
        await self._published()
        events, start = await self._registry.fetchval(EVENTS), await self._log.mark()
        answers = await work
        await self._published()
        events = await self._registry.fetchval(EVENTS) - events
        return replace(await self._since(start, count), events=events / count), answers

    async def bare(self, count: int) -> Cost:
        """A row of 100 bytes and an event of 700 in one transaction, beside the same again."""
        await self._postgres.execute(
            """CREATE TABLE bare_rows (id uuid PRIMARY KEY, body bytea);
            CREATE TABLE bare_events (n bigserial PRIMARY KEY, value bytea)"""
        )
        await self._write_bare(count)
        start = await self._log.mark()
        await self._write_bare(count)
        return await self._since(start, count)

    async def close(self) -> None:
        await self._registry.close()
        await self._postgres.close()

    async def _write_bare(self, count: int) -> None:
        row, event = "INSERT INTO bare_rows VALUES ($1, $2)", "INSERT INTO bare_events VALUES "
        for _ in range(count):
            async with self._postgres.transaction():
                await self._postgres.execute(row, uuid4(), b"x" * 100)
                await self._postgres.execute(f"{event} (DEFAULT, $1)", b"x" * 700)

    async def _published(self) -> None:
        while await self._registry.fetchval("SELECT EXISTS (SELECT FROM unpublished)"):
            await asyncio.sleep(0.05)

    async def _since(self, start: str, count: int) -> Cost:
        stretch = await self._log.since(start)
        of = {what: size / count for what, size in stretch.of.most_common()}
        return Cost(stretch.records / count, stretch.images / count, of)
