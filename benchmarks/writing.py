"""What one event of the registry costs in WAL: enrollments recorded over the API, and relayed.

Pages are touched for the first time in a warm-up, so that the full-page images after a checkpoint
do not drown what an event writes. Beside it: the row and its event in one plain transaction.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from uuid import uuid4

import asyncpg
from common.migrations import migrate
from common.topics_admin import ensure_topics
from demo.client import Client
from demo.places import Places
from demo.services import Service, environment, prepare_databases
from embedded.stack import Stack
from figures import Figure
from villages import know_villages

VILLAGES = 50
AT_ONCE = 8


async def measure(home: Path, stack: Stack, count: int) -> list[Figure]:
    """WAL bytes of an enrollment that is recorded and published."""
    places, addresses = Places(home), stack.addresses
    await prepare_databases(places, addresses)
    told = environment(places, addresses)
    await ensure_topics(addresses.kafka, prefix="", partitions=12)
    await migrate(told["REGISTRY_OWNER_URL"], "registry.storage")
    keys = await know_villages(told["REGISTRY_WORK_URL"], VILLAGES)
    service = Service("registry", told, places.logs, print)
    postgres = await asyncpg.connect(addresses.postgres)
    registry = await asyncpg.connect(told["REGISTRY_OWNER_URL"])
    try:
        await service.start()
        await service.ready()
        async with Client(places) as client:
            await _enroll(client, keys, range(count))
            await _published(registry)
            wal = await _wal_of(postgres, registry, _enroll(client, keys, range(count, 2 * count)))
    finally:
        await service.stop()
        await registry.close()
    bare = await _bare(postgres, count)
    await postgres.close()
    return [
        Figure("wal_bytes_per_registry_event", wal / count, "B", "bare row and event", bare / count)
    ]


async def _enroll(client: Client, keys: list[str], numbers: range) -> None:
    run, left = uuid4().hex, iter(numbers)

    async def one_after_another() -> None:
        for number in left:
            body = {
                "nik": f"99{number // 250_000 + 1:02}01{number // 9_000 % 28 + 1:02}0185"
                f"{number % 9_000 + 1:04}",
                "segment": "BPU",
                "programmes": ["JKK", "JKM"],
                "effective_on": "2026-01-05",
            }
            path = f"/villages/{keys[number % len(keys)]}/enrollments"
            await client.post("registry", path, f"{run}/{number}", body)

    await asyncio.gather(*(one_after_another() for _ in range(AT_ONCE)))


async def _published(registry: asyncpg.Connection) -> None:
    while await registry.fetchval("SELECT EXISTS (SELECT FROM unpublished)"):
        await asyncio.sleep(0.05)


async def _wal_of(postgres, registry, work) -> float:
    before = await postgres.fetchval("SELECT pg_current_wal_insert_lsn()")
    await work
    await _published(registry)
    return float(await postgres.fetchval("SELECT pg_current_wal_insert_lsn() - $1::pg_lsn", before))


async def _bare(postgres, count: int) -> float:
    """A row of 100 bytes and an event of 700 in one transaction, twice: the second is measured."""
    await postgres.execute(
        """CREATE TABLE bare_rows (id uuid PRIMARY KEY, body bytea);
        CREATE TABLE bare_events (n bigserial PRIMARY KEY, value bytea)"""
    )
    for _ in range(2):
        before = await postgres.fetchval("SELECT pg_current_wal_insert_lsn()")
        for _ in range(count):
            async with postgres.transaction():
                await postgres.execute("INSERT INTO bare_rows VALUES ($1, $2)", uuid4(), b"x" * 100)
                await postgres.execute("INSERT INTO bare_events (value) VALUES ($1)", b"x" * 700)
    return float(await postgres.fetchval("SELECT pg_current_wal_insert_lsn() - $1::pg_lsn", before))
