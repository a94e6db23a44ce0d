"""Eligibility catching up with a backlog, beside a bare loop: the same topic, the same Postgres.

The bare loop is librdkafka and msgspec, batches of 5,000, marks and counts in one transaction; no
rules, no poison handling, no ledger. Rates are taken from the first commit to the last.
"""

from __future__ import annotations

import asyncio
import os
import time
from datetime import date
from uuid import UUID

import asyncpg
import msgspec
from common.clock import Clock
from common.consuming import Consumer
from common.database import Database
from common.events import topics
from common.events.envelope import schema_of
from common.events.registry import VillageKnown
from common.ids import Ids
from common.inbox import Inbox
from common.kafka import build_broker
from common.process import gc_tuning
from common.sealing import Sealer
from common.topics_admin import ensure_topics
from confluent_kafka import Consumer as BareConsumer
from confluent_kafka import Producer, TopicPartition
from eligibility.application import Certification
from eligibility.consumers import INPUTS, registry_router
from figures import Figure
from filling import START, events, village

VILLAGES = 10_000
PARTITIONS = 12
TOPIC = topics.REGISTRY_ENROLLMENTS


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


def known_rows():
    for n in range(VILLAGES):
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


class _Wire(msgspec.Struct, gc=False):
    id: str
    subject: str
    sequence: str
    time: str
    data: _Data


class _Deltas(msgspec.Struct, gc=False):
    persons: int = 0
    bpu: int = 0
    jkk: int = 0
    jkm: int = 0


class _Effect(msgspec.Struct, gc=False):
    deltas: _Deltas


class _Data(msgspec.Struct, gc=False):
    effect: list[_Effect]


async def bare(url: str, kafka: str, prefix: str, count: int) -> tuple[float, float]:
    """(events/s, CPU seconds) of the loop that does the least."""
    connection = await asyncpg.connect(url)
    await connection.execute(
        """CREATE TABLE bare (village_key text PRIMARY KEY, sequence bigint NOT NULL,
        persons int NOT NULL, bpu int NOT NULL, jkk int NOT NULL, jkm int NOT NULL)
        WITH (fillfactor = 70)"""
    )
    await connection.executemany(
        "INSERT INTO bare VALUES ($1, 0, 0, 0, 0, 0)", [(village(n),) for n in range(VILLAGES)]
    )
    await connection.execute("VACUUM ANALYZE bare")
    consumer = BareConsumer(
        {
            "bootstrap.servers": kafka,
            "group.id": f"{prefix}bare",
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "fetch.wait.max.ms": 100,
        }
    )
    consumer.assign([TopicPartition(f"{prefix}{TOPIC}", p, 0) for p in range(PARTITIONS)])
    decoder = msgspec.json.Decoder(_Wire)
    done, first, started = 0, 0, 0.0
    cpu = time.process_time()
    while done < count:
        messages = consumer.consume(5_000, 0.5)
        if not messages:
            continue
        rows = decoder.decode_lines(b"\n".join(m.value() for m in messages))
        sums: dict[str, list[int]] = {}
        async with connection.transaction():
            keys = {row.subject for row in rows}
            marks = dict(
                await connection.fetch(
                    "SELECT village_key, sequence FROM bare WHERE village_key = ANY($1)"
                    " ORDER BY village_key FOR NO KEY UPDATE",
                    list(keys),
                )
            )
            for row in rows:
                sequence = int(row.sequence)
                if sequence <= marks[row.subject]:
                    continue
                marks[row.subject] = sequence
                deltas = row.data.effect[0].deltas
                held = sums.get(row.subject)
                if held is None:
                    sums[row.subject] = [deltas.persons, deltas.bpu, deltas.jkk, deltas.jkm]
                else:
                    held[0] += deltas.persons
                    held[1] += deltas.bpu
                    held[2] += deltas.jkk
                    held[3] += deltas.jkm
            columns = list(zip(*sums.values(), strict=True))
            await connection.execute(
                """UPDATE bare b SET sequence = d.s, persons = b.persons + d.p, bpu = b.bpu + d.b,
                jkk = b.jkk + d.k, jkm = b.jkm + d.m FROM unnest($1::text[], $2::bigint[],
                $3::int[], $4::int[], $5::int[], $6::int[]) AS d (v, s, p, b, k, m)
                WHERE b.village_key = d.v""",
                list(sums),
                [marks[key] for key in sums],
                *map(list, columns),
            )
        consumer.commit(asynchronous=False)
        done += len(rows)
        if not started:
            started, first = time.perf_counter(), done
    rate = (done - first) / (time.perf_counter() - started)
    consumer.close()
    await connection.close()
    return rate, time.process_time() - cpu


async def ours(urls, kafka: str, prefix: str, count: int) -> tuple[float, float, float, float]:
    """(events/s, CPU seconds, WAL bytes per event, statements per event) of one member."""
    clock, database = Clock(), await Database.open(urls.work, name="bench")
    certification = Certification(database, clock=clock, ids=Ids())
    await certification.install_default_rules()
    inbox = Inbox(
        database,
        inputs=INPUTS,
        effect=certification,
        clock=clock,
        sealer=Sealer(os.urandom(32)),
        prefix=prefix,
    )
    watch = await asyncpg.connect(urls.owner)
    await _consume(inbox, kafka, watch, index=1, count=VILLAGES)
    await watch.execute("VACUUM ANALYZE villages")
    await watch.execute("VACUUM ANALYZE marks")
    fill(kafka, f"{prefix}{TOPIC}", ((e[0], e[4]) for e in events(count, VILLAGES)))
    wal = await watch.fetchval("SELECT pg_current_wal_insert_lsn()")
    gc_tuning()
    cpu = time.process_time()
    rate = await _consume(inbox, kafka, watch, index=2, count=count)
    cpu = time.process_time() - cpu
    used = await watch.fetchval("SELECT pg_current_wal_insert_lsn() - $1::pg_lsn", wal)
    await watch.close()
    await database.close()
    return rate, cpu, float(used) / count, 0.0


async def _consume(inbox: Inbox, kafka: str, watch, *, index: int, count: int) -> float:
    """Consume until the marks of input `index` sum up to `count`; events a second."""
    consumer = Consumer(
        lambda: build_broker(
            kafka, service="bench", routers=[registry_router(inbox, prefix=inbox.prefix)]
        )
    )
    stop = asyncio.Event()
    task = asyncio.create_task(consumer.run(stop))
    query = "SELECT coalesce(sum(sequences[$1]), 0)::bigint FROM marks"
    started = first = 0
    while (done := await watch.fetchval(query, index)) < count:
        if done and not started:
            started, first = time.perf_counter(), done
        await asyncio.sleep(0.05)
        if task.done():
            await task
    rate = (done - first) / (time.perf_counter() - started) if started else 0.0
    stop.set()
    await task
    return rate


async def measure(databases, kafka: str, count: int) -> list[Figure]:
    prefix = f"bench-{time.time_ns()}."
    await ensure_topics(kafka, prefix=prefix, partitions=PARTITIONS)
    fill(kafka, f"{prefix}registry.villages", known_rows())
    async with databases.fresh("eligibility") as urls:
        rate, cpu, wal, _ = await ours(urls, kafka, prefix, count)
    async with databases.fresh("common") as urls:
        bare_rate, bare_cpu = await bare(urls.owner, kafka, prefix, count)
    print("cpu us/event ours", cpu / count * 1e6, "bare", bare_cpu / count * 1e6)
    return [
        Figure("catch_up", rate, "events/s", "bare loop", bare_rate),
        Figure("wal_bytes_per_batched_event", wal, "B", "budget", 200.0),
    ]
