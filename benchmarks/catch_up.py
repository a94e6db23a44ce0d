"""Eligibility catching up with a backlog, beside a bare loop: the same topic, the same Postgres.

One topic is filled once; then rounds of both alternate, each as processes of their own on a fresh
database, and medians are compared. Every village is known and has no other fact: its first
enrollment makes one decision, so the share of decisions is villages / events (1 % of the million).
What is measured begins when a tenth of the events is done: starting and joining are left out.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from statistics import median
from uuid import UUID

import asyncpg
import bare_consumer
import msgspec
from common.clock import Clock
from common.consuming import Consumer
from common.database import Database
from common.events import topics
from common.events.envelope import schema_of
from common.events.registry import VillageKnown
from common.events.topics import prefixed
from common.ids import Ids
from common.inbox import Inbox
from common.kafka import build_broker
from common.sealing import Sealer
from common.topics_admin import ensure_topics
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from eligibility.application import Certification
from eligibility.consumers import GROUP, INPUTS, registry_router
from embedded.stack import Stack
from figures import Figure, Gate
from filling import START, events, village
from member import PARTITIONS
from meters import CpuMeter, resident_mb
from support.databases import ServiceUrls, TestDatabases, on

VILLAGES = 10_000
TOPIC = topics.REGISTRY_ENROLLMENTS
MARKS = "SELECT coalesce(sum(sequences[2]), 0)::bigint FROM marks"
BARE = "SELECT coalesce(sum(sequence), 0)::bigint FROM bare"
POLL_SECONDS = 0.1
PATIENCE_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Load:
    """A filled topic and a database in which its villages are known."""

    kafka: str
    prefix: str
    events: int
    villages: int
    ours: ServiceUrls
    """The database that a round of ours begins with a copy of."""
    bare: ServiceUrls


@dataclass(frozen=True, slots=True)
class Round:
    """What one way through the topic cost, from a tenth of the events to the last."""

    rate: float
    """Events a second."""
    cpu: dict[str, float]
    """CPU microseconds an event, by who used them."""
    wal: float
    """Bytes an event."""
    statements: float
    """An event, from the first to the last."""
    memory: tuple[float, float]
    """MB at a quarter and at the end."""

    @property
    def all_cpu(self) -> float:
        return sum(self.cpu.values())


def known(key: str) -> VillageKnown:
    return VillageKnown(
        effective_on=date(2025, 4, 25),
        village_code=key,
        name=f"Desa {key}",
        kind="DESA",
        kecamatan_code=key[:8],
        kecamatan_name="Kecamatan",
        regency_code=key[:5],
        regency_name="Kabupaten",
        regency_kind="KABUPATEN",
        province_code=key[:2],
        province_name="Provinsi",
        time_zone="WIB",
    )


def known_rows(villages: int):
    for n in range(villages):
        key = village(n)
        yield (
            key,
            msgspec.json.encode(
                {
                    "specversion": "1.0",
                    "id": UUID(int=(7 << 76) + (2 << 62) + (1 << 50) + n),
                    "type": VillageKnown.type,
                    "source": f"/registry/villages/{key}",
                    "subject": key,
                    "time": START,
                    "datacontenttype": "application/json",
                    "dataschema": schema_of(VillageKnown.type),
                    "sequence": "0000000001",
                    "partitionkey": key,
                    "origin": "IMPORT",
                    "data": msgspec.Raw(known(key).model_dump_json().encode()),
                }
            ),
        )


def fill(kafka: str, topic: str, rows) -> None:
    """Put (key, value) pairs on a topic by librdkafka, with Kafka's own partitioner."""
    producer = Producer(
        {
            "bootstrap.servers": kafka,
            "enable.idempotence": True,
            "linger.ms": 20,
            "partitioner": "murmur2_random",
            "queue.buffering.max.messages": 2_000_000,
        }
    )
    for key, value in rows:
        producer.produce(topic, value, key.encode())
    producer.flush()


@asynccontextmanager
async def loaded(
    databases: TestDatabases, kafka: str, count: int, villages: int
) -> AsyncIterator[Load]:
    """A topic with `count` events, and databases that know the villages."""
    prefix = f"bench-{time.time_ns()}."
    await ensure_topics(kafka, prefix=prefix, partitions=PARTITIONS)
    fill(kafka, f"{prefix}{topics.REGISTRY_VILLAGES}", known_rows(villages))
    async with databases.fresh("eligibility") as urls, databases.fresh("common") as bare:
        await _know(urls, kafka, prefix, villages)
        await bare_consumer.prepare(bare.owner, villages)
        fill(kafka, f"{prefix}{TOPIC}", ((e[0], e[4]) for e in events(count, villages)))
        yield Load(kafka, prefix, count, villages, urls, bare)


async def _know(urls: ServiceUrls, kafka: str, prefix: str, villages: int) -> None:
    """Let the real consumer hear the area data."""
    clock, database = Clock(), await Database.open(urls.work, name="bench")
    certification = Certification(database, clock=clock, ids=Ids())
    await certification.install_default_rules()
    sealer = Sealer(bytes(32))
    inbox = Inbox(
        database, inputs=INPUTS, effect=certification, clock=clock, sealer=sealer, prefix=prefix
    )
    stop = asyncio.Event()
    task = asyncio.create_task(
        Consumer(
            lambda: build_broker(
                kafka, service="bench", routers=[registry_router(inbox, prefix=prefix)]
            )
        ).run(stop)
    )
    watch = await asyncpg.connect(urls.owner)
    query = MARKS.replace("sequences[2]", "sequences[1]")
    while await watch.fetchval(query) < villages and not task.done():
        await asyncio.sleep(POLL_SECONDS)
    stop.set()
    await task
    await database.close()
    await watch.execute("VACUUM ANALYZE")
    await watch.close()


class Course:
    """Rounds of ours and of the bare loop through a load."""

    def __init__(self, stack: Stack, databases: TestDatabases, load: Load) -> None:
        self._stack = stack
        self._databases = databases
        self._load = load

    async def ours(self, members: int = 1) -> Round:
        """The real consumer from the beginning, in as many processes as asked."""
        admin = AdminClient({"bootstrap.servers": self._load.kafka})
        group = prefixed(self._load.prefix, GROUP)
        admin.delete_consumer_groups([group])[group].result()
        return await self._round("ours", self._load.ours, MARKS, members)

    async def bare(self) -> Round:
        return await self._round("bare", self._load.bare, BARE, 1)

    async def _round(self, what: str, template: ServiceUrls, progress: str, members: int) -> Round:
        name = f"{template.owner.rsplit('/', 1)[1]}_round"
        postgres = await asyncpg.connect(self._databases.postgres)
        owner = template.owner.split("//")[1].split(":")[0]
        await postgres.execute(
            f'CREATE DATABASE "{name}" TEMPLATE "{template.owner.rsplit("/", 1)[1]}" OWNER {owner}'
        )
        await postgres.execute("CHECKPOINT")
        url = on(template.owner if what == "bare" else template.work, name)
        processes = [await self._start(what, url) for _ in range(members)]
        try:
            return await self._watch(name, progress, processes)
        finally:
            for process in processes:
                if process.returncode is None:
                    process.kill()
                    await process.wait()
            await postgres.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
            await postgres.close()

    async def _start(self, what: str, url: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, str(Path(__file__).with_name("member.py"))),
            *(what, url, self._load.kafka, self._load.prefix),
            stdout=asyncio.subprocess.PIPE,
        )

    async def _watch(
        self, name: str, progress: str, processes: Sequence[asyncio.subprocess.Process]
    ) -> Round:
        watch = await asyncpg.connect(on(self._databases.postgres, name))
        pids = [process.pid for process in processes]
        meter, count = CpuMeter(self._stack, pids), self._load.events

        async def passed(events: float) -> int:
            deadline = time.monotonic() + PATIENCE_SECONDS
            while (done := int(await watch.fetchval(progress))) < events:
                if time.monotonic() > deadline or any(p.returncode is not None for p in processes):
                    raise RuntimeError(f"{done:,} of {count:,} events, then nothing more")
                await asyncio.sleep(POLL_SECONDS)
            return done

        begun = await passed(count / 10)
        at, cpu = time.perf_counter(), meter.read()
        wal = await watch.fetchval("SELECT pg_current_wal_insert_lsn()")
        await passed(count / 4)
        quarter = resident_mb(pids)
        measured = await passed(count) - begun
        rate = measured / (time.perf_counter() - at)
        used = {who: (s - cpu[who]) / measured * 1e6 for who, s in meter.read().items()}
        written = await watch.fetchval("SELECT pg_current_wal_insert_lsn() - $1::pg_lsn", wal)
        memory = (quarter, resident_mb(pids))
        await watch.close()
        return Round(
            rate, used, float(written) / measured, await _statements(processes) / count, memory
        )


async def _statements(processes: Sequence[asyncio.subprocess.Process]) -> int:
    """Stop the members; the statements that they say they have sent."""
    statements = 0
    for process in processes:
        process.send_signal(signal.SIGTERM)
    for process in processes:
        said, _ = await asyncio.wait_for(process.communicate(), 30)
        statements += json.loads(said)["statements"] if said else 0
    return statements


def middle(rounds: Sequence[Round], of: Callable[[Round], float]) -> float:
    return median(map(of, rounds))


async def measure(
    stack: Stack, databases: TestDatabases, count: int, rounds: int, say: Callable[[str], None]
) -> list[Figure]:
    """Ours and the bare loop, interleaved; then two members, and the same in a tenth of it all."""
    kafka = stack.addresses.kafka
    async with loaded(databases, kafka, count, VILLAGES) as load:
        course = Course(stack, databases, load)
        ours, bare, two = [], [], []
        for number in range(1, rounds + 1):
            ours.append(await course.ours())
            bare.append(await course.bare())
            two.append(await course.ours(members=2))
            say(f"round {number}: ours {_told(ours[-1])}")
            say(f"  bare {_told(bare[-1])}; two members {two[-1].rate:,.0f}/s")
    async with loaded(databases, kafka, count // 10, VILLAGES // 10) as load:
        small = [await Course(stack, databases, load).ours() for _ in range(rounds)]
    return [*_figures(count, ours, bare), *_growth(count, ours, two, small)]


def _told(one: Round) -> str:
    cpu = ", ".join(f"{who} {used:.1f}" for who, used in one.cpu.items())
    return f"{one.rate:,.0f}/s, {one.all_cpu:.1f} us ({cpu}), {one.wal:.0f} B"


def _figures(count: int, ours: Sequence[Round], bare: Sequence[Round]) -> list[Figure]:
    loop = f"bare loop, {VILLAGES / count:.1%} decisions"
    cpu, rate = (lambda r: r.all_cpu), (lambda r: r.rate)
    return [
        Figure(
            "catch_up", middle(ours, rate), "events/s", loop, middle(bare, rate), Gate(0.50, 0.65)
        ),
        Figure(
            "catch_up_cpu",
            *(middle(ours, cpu), "us/event", loop, middle(bare, cpu)),
            Gate(2.2, 1.7, at_most=True),
        ),
        Figure(
            "wal_bytes_per_batched_event",
            *(middle(ours, lambda r: r.wal), "B", loop, middle(bare, lambda r: r.wal)),
            Gate(200, 140, at_most=True, of="value"),
        ),
        Figure(
            "statements_per_batched_event",
            *(middle(ours, lambda r: r.statements), "", "budget", 0.003),
            Gate(0.003, 0.0015, at_most=True, of="value"),
        ),
        Figure(
            "catch_up_memory_mb",
            middle(ours, lambda r: r.memory[1]),
            *("MB", "at a quarter", middle(ours, lambda r: r.memory[0])),
            Gate(1.1, at_most=True),
        ),
    ]


def _growth(
    count: int, ours: Sequence[Round], two: Sequence[Round], small: Sequence[Round]
) -> list[Figure]:
    one = middle(ours, lambda r: r.rate)
    tenth = f"{count // 10:,} events, {VILLAGES // 10:,} villages"
    return [
        Figure("two_members_ratio", middle(two, lambda r: r.rate), "events/s", "one member", one),
        Figure(
            "growth_10x_ratio",
            *(one, "events/s", tenth, middle(small, lambda r: r.rate)),
            Gate(0.8),
        ),
    ]
