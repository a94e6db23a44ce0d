"""The bare loop from Kafka to Postgres that catching up is measured beside.

librdkafka and msgspec, batches of 5,000, marks and counts in one transaction; no rules, no poison
handling, no ledger.
"""

from __future__ import annotations

import signal

import asyncpg
import msgspec
from confluent_kafka import Consumer, TopicPartition
from filling import village

TABLE = """CREATE TABLE bare (village_key text PRIMARY KEY, sequence bigint NOT NULL,
    persons int NOT NULL, bpu int NOT NULL, jkk int NOT NULL, jkm int NOT NULL)
    WITH (fillfactor = 70)"""
LOCK = """SELECT village_key, sequence FROM bare WHERE village_key = ANY($1)
    ORDER BY village_key FOR NO KEY UPDATE"""
ADD = """UPDATE bare b SET sequence = d.s, persons = b.persons + d.p, bpu = b.bpu + d.b,
    jkk = b.jkk + d.k, jkm = b.jkm + d.m FROM unnest($1::text[], $2::bigint[],
    $3::int[], $4::int[], $5::int[], $6::int[]) AS d (v, s, p, b, k, m)
    WHERE b.village_key = d.v"""


class _Deltas(msgspec.Struct, gc=False):
    persons: int = 0
    bpu: int = 0
    jkk: int = 0
    jkm: int = 0


class _Effect(msgspec.Struct, gc=False):
    deltas: _Deltas


class _Data(msgspec.Struct, gc=False):
    effect: list[_Effect]


class _Wire(msgspec.Struct, gc=False):
    id: str
    subject: str
    sequence: str
    time: str
    data: _Data


async def prepare(url: str, villages: int) -> None:
    """A table of its own with a row for every village."""
    connection = await asyncpg.connect(url)
    await connection.execute(TABLE)
    rows = [(village(n), 0, 0, 0, 0, 0) for n in range(villages)]
    await connection.copy_records_to_table("bare", records=rows)
    await connection.execute("VACUUM ANALYZE bare")
    await connection.close()


async def consume(url: str, kafka: str, topic: str, partitions: int) -> None:
    """Consume from the beginning until SIGTERM."""
    asked: list[bool] = []
    signal.signal(signal.SIGTERM, lambda *_: asked.append(True))
    connection = await asyncpg.connect(url)
    consumer = Consumer(
        {
            "bootstrap.servers": kafka,
            "group.id": f"{topic}.bare",
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "fetch.wait.max.ms": 100,
        }
    )
    consumer.assign([TopicPartition(topic, p, 0) for p in range(partitions)])
    decoder = msgspec.json.Decoder(_Wire)
    while not asked:
        if messages := consumer.consume(5_000, 0.5):
            rows = decoder.decode_lines(b"\n".join([m.value() for m in messages]))
            await _take(connection, rows)
            consumer.commit(asynchronous=False)
    consumer.close()
    await connection.close()


async def _take(connection: asyncpg.Connection, rows: list[_Wire]) -> None:
    sums: dict[str, list[int]] = {}
    async with connection.transaction():
        marks = dict(await connection.fetch(LOCK, list({row.subject for row in rows})))
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
        await connection.execute(ADD, list(sums), [marks[key] for key in sums], *map(list, columns))
