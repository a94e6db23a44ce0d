"""Very many villages due at one midnight: how fast they are worked off, and what live events feel.

Every one of them becomes TERANCAM: an entry in the log and its event. They were judged ahead, as
the scheduler does in the two days before; without that each is folded from its 14 facts. Two
schedulers and a consumer are processes of their own on the machine's cores. Live events (20 a
second, of other villages) are timed from their recording until their effect is committed.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles
from uuid import UUID, uuid4

import asyncpg
import msgspec
from common.clock import Clock
from common.database import Database
from common.events import topics
from common.events.envelope import schema_of, sequence_text
from common.events.registry import EnrollmentActivated
from common.events.words import TimeZone
from common.ids import Ids
from common.inbox import Inbox
from common.sealing import Sealer
from common.topics_admin import ensure_topics
from confluent_kafka import Producer
from due_villages import keys_of, villages_due
from eligibility.application import Certification
from eligibility.consumers import INPUTS
from embedded.stack import Stack
from figures import Figure, Gate
from filling import enrollment
from member import PARTITIONS
from meters import CpuMeter
from support.databases import ServiceUrls, TestDatabases
from support.programme import Registry, known

RATE = 20
IDLE_SECONDS = 15
LIVE = [f"35.05.15.2{n:03}" for n in range(1, 201)]
LEFT = "SELECT count(*) FROM villages WHERE next_review_at <= $1"
PATIENCE_SECONDS = 600


async def measure(
    stack: Stack, databases: TestDatabases, count: int, say: Callable[[str], None]
) -> list[Figure]:
    """Reviews a second of two schedulers, and a live event's p95 beside its idle p95."""
    prefix = f"bench-{time.time_ns()}."
    kafka = stack.addresses.kafka
    await ensure_topics(kafka, prefix=prefix, partitions=PARTITIONS)
    async with databases.fresh("eligibility") as urls:
        await villages_due(urls, keys_of(count), Clock().today(TimeZone.WIB), foreseen=True)
        await _know(urls)
        async with _process("live", urls.work, kafka, prefix) as member, _events(kafka, prefix):
            await _consuming(urls)
            idle = time.time()
            await asyncio.sleep(IDLE_SECONDS)
            work = await _work_off(stack, urls, prefix, count)
            times = json.loads(await _told(member))["times"]
    before = _p95([took for at, took in times if idle < at < idle + IDLE_SECONDS])
    busy = _p95([took for at, took in times if work.begun < at < work.ended])
    say(f"  {work.rate:,.0f}/s, CPU us a village: {work.cpu}")
    return [
        Figure(
            "reviews_per_second",
            *(work.rate, "villages/s", "two schedulers, gate", 5_000),
            Gate(5_000, of="value"),
        ),
        Figure(
            "review_cpu", sum(work.cpu.values()), "us/village", "two cores at 5,000/s", 2e6 / 5_000
        ),
        Figure(
            "live_p95_ratio",
            *(busy * 1e3, "ms", "idle p95", before * 1e3),
            Gate(2.0, at_most=True),
        ),
    ]


async def _know(urls: ServiceUrls) -> None:
    """The villages of the live events."""
    database = await Database.open(urls.work, name="bench", size=1)
    certification = Certification(database, clock=Clock(), ids=Ids())
    sealer = Sealer(bytes(32))
    inbox = Inbox(database, inputs=INPUTS, effect=certification, clock=Clock(), sealer=sealer)
    registry = Registry()
    await inbox.receive(
        [record for key in LIVE for record in registry.tell(known(key), village=key)]
    )
    await database.close()


async def _consuming(urls: ServiceUrls) -> None:
    """Until the member has joined its group and live events have their effect at once."""
    watch = await asyncpg.connect(urls.owner)
    while not await watch.fetchval(
        "SELECT sequences[2] FROM marks WHERE village_key = $1", LIVE[0]
    ):
        await asyncio.sleep(0.1)
    await watch.close()
    await asyncio.sleep(2)


@dataclass(frozen=True, slots=True)
class Work:
    """The working off, after its first tenth."""

    begun: float
    ended: float
    rate: float
    """Villages a second."""
    cpu: dict[str, float]
    """Microseconds a village, by who used them."""


async def _work_off(stack: Stack, urls: ServiceUrls, prefix: str, count: int) -> Work:
    watch = await asyncpg.connect(urls.owner)
    now, kafka = datetime.now(UTC), stack.addresses.kafka
    async with (
        _process("scheduler", urls.work, kafka, prefix) as one,
        _process("scheduler", urls.work, kafka, prefix) as two,
    ):

        async def down_to(left: float) -> tuple[float, int]:
            deadline = time.monotonic() + PATIENCE_SECONDS
            while (still := int(await watch.fetchval(LEFT, now))) > left:
                if time.monotonic() > deadline:
                    raise RuntimeError(f"{still:,} of {count:,} are still due")
                await asyncio.sleep(0.1)
            return time.time(), still

        meter = CpuMeter(stack, [one.pid, two.pid])
        begun, villages = await down_to(count * 0.9)
        cpu = meter.read()
        ended, _ = await down_to(0)
        used = {who: (s - cpu[who]) / villages * 1e6 for who, s in meter.read().items()}
    await watch.close()
    return Work(begun, ended, villages / (ended - begun), used)


@asynccontextmanager
async def _process(what: str, url: str, kafka: str, prefix: str):
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(Path(__file__).with_name("member.py")), what, url, kafka, prefix),
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _told(process: asyncio.subprocess.Process) -> bytes:
    process.send_signal(signal.SIGTERM)
    said, _ = await asyncio.wait_for(process.communicate(), 30)
    return said


@asynccontextmanager
async def _events(kafka: str, prefix: str):
    """Live events at a steady rate, until left."""
    producer = Producer({"bootstrap.servers": kafka, "linger.ms": 0})
    stop = asyncio.Event()

    async def send() -> None:
        started = time.perf_counter()
        for number, (key, sequence) in enumerate(_turns()):
            await asyncio.sleep(max(0.0, started + number / RATE - time.perf_counter()))
            if stop.is_set():
                return
            producer.produce(
                f"{prefix}{topics.REGISTRY_ENROLLMENTS}", _live(key, sequence, number), key.encode()
            )
            producer.poll(0)

    task = asyncio.create_task(send())
    try:
        yield
    finally:
        stop.set()
        await task
        producer.flush()


def _turns() -> Iterator[tuple[str, int]]:
    sequence = 0
    while True:
        sequence += 1
        for key in LIVE:
            yield key, sequence


def _live(key: str, sequence: int, number: int) -> bytes:
    return msgspec.json.encode(
        {
            "specversion": "1.0",
            "id": UUID(int=(7 << 76) + (2 << 62) + uuid4().int % (1 << 60)),
            "type": EnrollmentActivated.type,
            "source": f"/registry/enrollments/{key}",
            "subject": key,
            "time": datetime.now(UTC),
            "datacontenttype": "application/json",
            "dataschema": schema_of(EnrollmentActivated.type),
            "sequence": sequence_text(sequence),
            "partitionkey": key,
            "origin": "LIVE",
            "data": msgspec.Raw(enrollment(key, number).model_dump_json().encode()),
        }
    )


def _p95(times: list[float]) -> float:
    return quantiles(times, n=20)[-1]
