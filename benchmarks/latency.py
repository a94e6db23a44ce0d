"""From a change in the registry to the status and to the mail, at a steady rate.

The whole system runs as its processes. 200 events a second for a minute: five times a second an
enrollment is activated over the API, which is two events, a status and two mails; the others are
enrollments that only count, appended to the registry's outbox ten at a time. What is measured
stands in the databases: an event's time, its decision's time, and when the reply to DATA was
recorded (a little after it was given). The bare loop beside it is a row, a polling relay, Kafka, a
consumer and an update, at the same rate and without anything around them.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import msgspec
from aiokafka import TopicPartition
from appending import Appending
from common.events import topics
from common.kafka import build_consumer
from common.migrations import migrate
from common.topics_admin import ensure_topics
from confluent_kafka import Consumer as BareConsumer
from confluent_kafka import Producer
from confluent_kafka import TopicPartition as BarePartition
from demo.client import Client
from demo.places import Places
from demo.services import Service, environment, prepare_databases
from embedded.stack import Stack
from figures import Figure, Gate
from villages import know_villages

SERVICES = ("registry", "eligibility", "notifications")
RATE = 200
"""Events a second."""
CHANGES = 5
"""Changes of a status a second, each of two events."""
COUNTED = 200
"""Villages whose counts change, beside those whose status does."""
WARM_UP = 0.1
"""Of the changes that are not measured."""
STATUS = Gate(100, at_most=True, of="value")
MAIL = Gate(1_000, at_most=True, of="value")

STAGES = """
SELECT a.village_key, a.heard_at, t.begun_at, t.ended_at FROM attempts t
JOIN deliveries d USING (delivery_id) JOIN alerts a USING (alert_id)
WHERE t.outcome = 'sent' AND a.kind = 'VILLAGE_ELIGIBLE'"""


def p95(values: Sequence[float]) -> float:
    return statistics.quantiles(values, n=20)[18]


async def measure(
    home: Path, stack: Stack, count: int, say: Callable[[str], None] = print
) -> list[Figure]:
    """Event to status and event to mail, p95 in ms, of `count` changes."""
    places = Places(home)
    addresses = stack.addresses
    await prepare_databases(places, addresses)
    told = environment(places, addresses) | {"TOPIC_PARTITIONS": "12"}
    await ensure_topics(addresses.kafka, prefix="", partitions=12)
    for service in SERVICES:
        await migrate(told[f"{service.upper()}_OWNER_URL"], f"{service}.storage")
    keys = await know_villages(told["REGISTRY_WORK_URL"], count + COUNTED)
    services = [Service(name, told, places.logs, print) for name in SERVICES]
    try:
        for service in services:
            await service.start()
        for service in services:
            await service.ready()
        await _walk(places, keys[:count], keys[count:], told)
        statuses, mails = await _delays(told, await _left(addresses.kafka), count, say)
    finally:
        for service in services:
            await service.stop()
    bare = await _bare(addresses, RATE * 20)
    return [
        Figure("event_to_status_p95_ms", p95(statuses), "ms", "bare loop p95", bare, STATUS),
        Figure("event_to_mail_p95_ms", p95(mails), "ms", "bare loop p95", bare, MAIL),
    ]


async def _walk(places: Places, keys: Sequence[str], counted: Sequence[str], told) -> None:
    """One village after the other becomes eligible, while others only count."""
    stop = asyncio.Event()
    work_url = told["REGISTRY_WORK_URL"]
    async with Client(places) as client, Appending.open(work_url, counted) as others:
        run = uuid4().hex
        await _offices(client, keys, run)
        near = [_nearly(client, key, number, run) for number, key in enumerate(keys)]
        terms = await _few_at_once(near)
        await others.once_each()
        await _rest(told)

        async def activate(number: int) -> None:
            path = f"/enrollments/{terms[number]}/activation"
            body = {"effective_on": "2026-01-05"}
            await client.post("registry", path, f"{run}/activate/{number}", body)

        counting = asyncio.create_task(others.run(RATE - 2 * CHANGES, stop))
        await _steadily(CHANGES, len(keys), activate)
        stop.set()
        await counting


async def _steadily(
    rate: float, count: int, deed: Callable[[int], Coroutine[Any, Any, None]]
) -> None:
    """`count` deeds, `rate` a second, whether the ones before are done or not."""
    begin = time.perf_counter()
    async with asyncio.TaskGroup() as deeds:
        for number in range(count):
            await asyncio.sleep(max(0.0, begin + number / rate - time.perf_counter()))
            deeds.create_task(deed(number))


async def _few_at_once(calls: Sequence[Coroutine[Any, Any, str]]) -> list[str]:
    slots = asyncio.Semaphore(4)

    async def in_turn(call: Coroutine[Any, Any, str]) -> str:
        async with slots:
            return await call

    return await asyncio.gather(*map(in_turn, calls))


async def _offices(client: Client, keys: list[str], run: str) -> None:
    for kind, area in {("BUPATI", key[:5]) for key in keys} | {("CAMAT", key[:8]) for key in keys}:
        body = {"name": "Contoh", "begins": "2020-01-01", "email": f"{kind.lower()}@x.example"}
        step = f"{run}/{kind}/{area}"
        await client.post("notifications", f"/offices/{kind}/{area}/holders", step, body)


async def _nearly(client: Client, key: str, number: int, run: str) -> str:
    """A village whose only post's holder is enrolled and not yet active; the enrollment."""
    nik = f"99{number // 10_000 + 1:02}01150185{number % 9_999 + 1:04}"
    decree = await client.post(
        "registry",
        f"/villages/{key}/posts",
        f"{run}/{key}/posts",
        {"effective_on": "2020-01-01", "posts": [{"kind": "KEPALA_DESA", "count": 1}]},
    )
    await client.post(
        "registry",
        f"/villages/{key}/officials",
        f"{run}/{key}/term",
        {"post_id": decree["posts"][0]["post_id"], "nik": nik, "effective_on": "2020-01-01"},
    )
    enrolled = await client.post(
        "registry",
        f"/villages/{key}/enrollments",
        f"{run}/{key}/enrollment",
        {
            "nik": nik,
            "segment": "PU",
            "programmes": ["JKK", "JKM"],
            "effective_on": "2026-01-01",
        },
    )
    return str(enrolled["enrollment_id"])


async def _rest(told) -> None:
    """Until nothing is on its way any more."""
    for service in SERVICES:
        connection = await asyncpg.connect(told[f"{service.upper()}_WORK_URL"])
        while await connection.fetchval("SELECT EXISTS (SELECT FROM unpublished)"):
            await asyncio.sleep(0.05)
        await connection.close()
    await asyncio.sleep(1)


async def _left(kafka: str) -> dict[tuple[str, datetime], datetime]:
    """When the relay sent each change of a post's coverage, by village and time of the event."""
    reader = build_consumer(kafka, client="bench")
    await reader.start()
    places = [TopicPartition(topics.REGISTRY_OFFICIALS, partition) for partition in range(12)]
    reader.assign(places)
    await reader.seek_to_beginning(*places)
    ends, left = await reader.end_offsets(places), {}
    while any([await reader.position(place) < end for place, end in ends.items()]):
        for records in (await reader.getmany(timeout_ms=500)).values():
            for record in records:
                at = msgspec.json.decode(record.value, type=_Time).time
                left[record.key.decode(), at] = datetime.fromtimestamp(record.timestamp / 1e3, UTC)
    await reader.stop()
    return left


class _Time(msgspec.Struct):
    time: datetime


async def _delays(
    told, left: Mapping[tuple[str, datetime], datetime], count: int, say: Callable[[str], None]
) -> tuple[list[float], list[float]]:
    """Milliseconds from the newest input to the decision, and to the arrival of its mails."""
    connection = await asyncpg.connect(told["ELIGIBILITY_WORK_URL"])
    query = """SELECT village_key, newest_input_time, decided_at FROM decisions
        WHERE current::jsonb ->> 'eligibility' = 'ELIGIBLE' ORDER BY newest_input_time"""
    while len(rows := await connection.fetch(query)) < count:
        await asyncio.sleep(0.5)
    await connection.close()
    decided = {row["village_key"]: row for row in rows[int(WARM_UP * count) :]}
    notifications = await asyncpg.connect(told["NOTIFICATIONS_WORK_URL"])
    while len(sent := await notifications.fetch(STAGES)) < 2 * count:
        await asyncio.sleep(0.5)
    await notifications.close()
    mails = [row for row in sent if row["village_key"] in decided]

    def told_of(name: str, delays: list[float]) -> list[float]:
        say(f"  {name}: median {statistics.median(delays):.0f} ms, p95 {p95(delays):.0f} ms")
        return delays

    roads = [
        (row["newest_input_time"], left[key, row["newest_input_time"]], row["decided_at"])
        for key, row in decided.items()
    ]
    told_of("event to relay", [_ms(sent - begun) for begun, sent, _ in roads])
    told_of("relay to decision", [_ms(ended - sent) for _, sent, ended in roads])
    statuses = told_of(
        "event to decision",
        [_ms(row["decided_at"] - row["newest_input_time"]) for row in decided.values()],
    )
    told_of(
        "decision to alert",
        [_ms(row["heard_at"] - decided[row["village_key"]]["decided_at"]) for row in mails],
    )
    told_of("alert to intent", [_ms(row["begun_at"] - row["heard_at"]) for row in mails])
    told_of("intent to reply", [_ms(row["ended_at"] - row["begun_at"]) for row in mails])
    return statuses, [
        _ms(row["ended_at"] - decided[row["village_key"]]["newest_input_time"]) for row in mails
    ]


def _ms(delay: timedelta) -> float:
    return 1000 * delay.total_seconds()


async def _bare(addresses, count: int) -> float:
    """p95 in ms of row -> poll -> Kafka -> update, at the same rate."""
    connection = await asyncpg.connect(addresses.postgres)
    reader = await asyncpg.connect(addresses.postgres)
    writer = await asyncpg.connect(addresses.postgres)
    await connection.execute(
        """CREATE UNLOGGED TABLE IF NOT EXISTS bare_box (n bigserial PRIMARY KEY, at float8);
        CREATE UNLOGGED TABLE IF NOT EXISTS bare_state (k int PRIMARY KEY, n bigint);
        INSERT INTO bare_state SELECT g, 0 FROM generate_series(0, 99) g ON CONFLICT DO NOTHING"""
    )
    topic = "registry.outreach"
    producer = Producer({"bootstrap.servers": addresses.kafka, "linger.ms": 0})
    consumer = BareConsumer(
        {"bootstrap.servers": addresses.kafka, "group.id": f"bare{time.time_ns()}"}
    )
    ends = consumer.get_watermark_offsets(BarePartition(topic, 0), timeout=10)[1]
    consumer.assign([BarePartition(topic, 0, ends)])
    delays: list[float] = []

    async def relay() -> None:
        while len(delays) < count:
            rows = await reader.fetch("DELETE FROM bare_box RETURNING n, at")
            for row in rows:
                producer.produce(topic, f"{row['at']}".encode(), b"bare", partition=0)
            producer.flush()
            await asyncio.sleep(0.005)

    async def consume() -> None:
        loop = asyncio.get_running_loop()
        while len(delays) < count:
            messages = await loop.run_in_executor(None, consumer.consume, 100, 0.02)
            if messages:
                await writer.execute("UPDATE bare_state SET n = n + 1 WHERE k < 10")
                now = time.time()
                delays.extend(1000 * (now - float(m.value())) for m in messages if not m.error())

    async def feed() -> None:
        first = time.perf_counter()
        for number in range(count):
            await asyncio.sleep(max(0.0, first + number / RATE - time.perf_counter()))
            await connection.execute("INSERT INTO bare_box (at) VALUES ($1)", time.time())

    await asyncio.gather(relay(), consume(), feed())
    consumer.close()
    for each in (connection, reader, writer):
        await each.close()
    return p95(delays)
