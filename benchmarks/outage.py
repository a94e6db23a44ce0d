"""Kafka away for minutes while the registry is written to: up, flat, and how fast all is caught up.

The whole system runs as its processes, and Kafka is killed. 200 events a second go on being
written: enrollments recorded over the API at `OVER_API` a second or as fast as this machine takes
them, and others appended to the registry's outbox; nothing stops when Kafka is back.
Caught up means that eligibility has had the effect of every event that stood in the registry's
streams at that moment.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import asyncpg
import httpx2
import psutil
from appending import Appending
from common.migrations import migrate
from common.security.demo import demo_token
from common.topics_admin import ensure_topics
from demo.places import Places, address_of
from demo.services import Service, environment, prepare_databases
from eligibility.consumers import INPUTS
from embedded.stack import Stack
from figures import Figure, Gate
from meters import resident_mb
from villages import know_villages

SERVICES = ("registry", "eligibility", "notifications")
RATE = 200
"""Events a second."""
OVER_API = 40
"""Of them over the API, if the machine takes them."""
WRITERS = 16
VILLAGES = 400
WARM_UP = 20.0
"""Seconds of writing before Kafka is killed: memory has its working size then."""
CATCH_UP = Gate(30, at_most=True, of="value")
GROWTH = Gate(1.1, at_most=True)
REFUSED = Gate(0, at_most=True, of="value")
STREAMS = "SELECT village_key, topic, last_sequence FROM streams"
MARKS = "SELECT village_key, sequences FROM marks ORDER BY village_key"
WAITING = "SELECT count(*), coalesce(max(event_id), 0) FROM unpublished"


def seconds() -> float:
    """How long Kafka is away: OUTAGE_SECONDS, else five minutes."""
    return float(os.environ.get("OUTAGE_SECONDS", "300"))


async def measure(home: Path, stack: Stack, say: Callable[[str], None] = print) -> list[Figure]:
    """Seconds to catch up, answers that were no success, and the growth of the registry."""
    places, addresses = Places(home), stack.addresses
    await prepare_databases(places, addresses)
    told = environment(places, addresses) | {"TOPIC_PARTITIONS": "12"}
    await ensure_topics(addresses.kafka, prefix="", partitions=12)
    for service in SERVICES:
        await migrate(told[f"{service.upper()}_OWNER_URL"], f"{service}.storage")
    keys = await know_villages(told["REGISTRY_WORK_URL"], VILLAGES)
    services = [Service(name, told, places.logs, say) for name in SERVICES]
    try:
        for service in services:
            await service.start()
        for service in services:
            await service.ready()
        return await _without_kafka(stack, told, Writing(places, keys[::2]), keys[1::2], say)
    finally:
        for service in services:
            await service.stop()


async def _without_kafka(
    stack: Stack,
    told: dict[str, str],
    writing: Writing,
    others: Sequence[str],
    say: Callable[[str], None],
) -> list[Figure]:
    away, registry = seconds(), _process_of("registry")
    stop = asyncio.Event()
    async with (
        Appending.open(told["REGISTRY_WORK_URL"], others) as appending,
        asyncio.TaskGroup() as writers,
    ):
        writers.create_task(writing.run(stop))
        writers.create_task(appending.run(RATE - OVER_API, stop))
        await asyncio.sleep(WARM_UP)
        before = await _memory(registry, 5)
        await stack.kill("kafka")
        begun, killed = sum(writing.answers.values()), time.monotonic()
        memory: list[float] = []
        while time.monotonic() - killed < away:
            memory.append(resident_mb([registry]))
            await asyncio.sleep(1)
        written = sum(writing.answers.values()) - begun
        await stack.restart("kafka")
        back = time.monotonic()
        backlog = await _caught_up(told, say)
        catch_up = time.monotonic() - back
        stop.set()
    last = statistics.median(memory[-10:])
    say(f"  {written / away:.0f} writes a second over the API")
    say(f"  {backlog:,} events waited when Kafka was back")
    say(f"  registry: {before:.0f} MB before, {max(memory):.0f} at most, {last:.0f} at the end")
    say(f"  answers: {dict(writing.answers)}; slowest {writing.slowest:.1f} s")
    refused = sum(count for status, count in writing.answers.items() if not 200 <= status < 300)
    return [
        Figure("outage_catch_up_s", catch_up, "s", "seconds away", away, CATCH_UP),
        Figure("outage_refused_writes", refused, "answers", "writes", written, REFUSED),
        Figure("outage_registry_mb", last, "MB", "MB before", before, GROWTH),
    ]


def _process_of(service: str) -> int:
    """The process that serves it, a child of this one."""
    children = {child.pid: child.cmdline() for child in psutil.Process().children()}
    return next(pid for pid, line in children.items() if line[-2:] == [service, "serve"])


async def _memory(pid: int, times: int) -> float:
    found = []
    for _ in range(times):
        found.append(resident_mb([pid]))
        await asyncio.sleep(0.2)
    return statistics.median(found)


async def _caught_up(told: dict[str, str], say: Callable[[str], None]) -> int:
    """Wait until eligibility's marks have reached the registry's streams of now; the backlog."""
    registry = await asyncpg.connect(told["REGISTRY_WORK_URL"])
    eligibility = await asyncpg.connect(told["ELIGIBILITY_WORK_URL"])
    try:
        back = time.monotonic()
        backlog, last = await registry.fetchrow(WAITING)
        wanted = await registry.fetch(STREAMS)
        before, passed = await eligibility.fetch(MARKS), set[str]()

        def told_once(what: str) -> None:
            if what not in passed:
                passed.add(what)
                say(f"  {what} after {time.monotonic() - back:.1f} s")

        while True:
            first = await registry.fetchval("SELECT min(event_id) FROM unpublished")
            rows = await eligibility.fetch(MARKS)
            if first is None or first > last:
                told_once("the relay had carried all of it")
            if rows != before:
                told_once("eligibility went on")
            marks = {row["village_key"]: row["sequences"] for row in rows}
            if all(
                _mark(marks, row["village_key"], row["topic"]) >= row["last_sequence"]
                for row in wanted
            ):
                return backlog
            await asyncio.sleep(0.2)
    finally:
        await registry.close()
        await eligibility.close()


def _mark(marks: dict[str, list[int]], key: str, topic: str) -> int:
    sequences, place = marks.get(key, []), INPUTS.index(topic)
    return sequences[place] if place < len(sequences) else 0


@dataclass(slots=True)
class Writing:
    """Officers who record enrollments of people not known before, and count the answers."""

    places: Places
    keys: Sequence[str]
    answers: Counter[int] = field(default_factory=Counter)
    """By status; 0 for none."""
    slowest: float = 0.0

    async def run(self, stop: asyncio.Event) -> None:
        token = demo_token(
            self.places.secrets, audience="registry", scopes=("registry:write",), subject="bench"
        )
        begin, number = time.monotonic(), 0
        async with httpx2.AsyncClient(
            base_url=address_of("registry"),
            timeout=15.0,
            headers={"Authorization": f"Bearer {token}"},
        ) as client:

            async def officer() -> None:
                nonlocal number
                while not stop.is_set():
                    mine, number = number, number + 1
                    await asyncio.sleep(max(0.0, begin + mine / OVER_API - time.monotonic()))
                    await self._record(client, mine)

            await asyncio.gather(*(officer() for _ in range(WRITERS)))

    async def _record(self, client: httpx2.AsyncClient, number: int) -> None:
        body = {
            "nik": f"99{number // 250_000 + 1:02}01{number // 9_000 % 28 + 1:02}0186"
            f"{number % 9_000 + 1:04}",
            "segment": "BPU",
            "programmes": ["JKK", "JKM"],
            "effective_on": "2026-01-05",
        }
        path = f"/villages/{self.keys[number % len(self.keys)]}/enrollments"
        asked, status = time.monotonic(), 0
        try:
            answer = await client.post(path, json=body, headers={"Idempotency-Key": uuid4().hex})
            status = answer.status_code
        except httpx2.TransportError:
            pass
        self.slowest = max(self.slowest, time.monotonic() - asked)
        self.answers[status] += 1
