"""Marks compared with the counters of the producer: over HTTP, with the group's real offsets."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from common.database import Database
from common.differences import Differences
from common.process import api_part
from common.reconcile_marks import Marks
from common.security import Authenticator, JwksFile, install_security
from common.security.demo import DEMO_ISSUER, JWKS, demo_token, ensure_demo_secrets
from common.stream_counters import Producer, StreamCounters
from common.stream_routes import counter_routes
from common.topic_streams import open_topics
from fastapi import FastAPI
from support.databases import ServiceUrls, TestDatabases
from support.inbox_rig import INPUTS, Rig
from support.reconcile_rig import TOPIC, VILLAGES, ProducerRig, producer_rig, said
from support.streams import KETANON, WONOPRINGGO, all_records
from support.waiting import eventually

GROUP = "eligibility"


@dataclass(frozen=True, slots=True)
class Pair:
    """A producer and a consumer of its topic, with a database each."""

    producer: ProducerRig
    rig: Rig
    marks: Marks
    owner_url: str

    async def hear(self) -> None:
        """Have the effect of everything on the topic, and commit the offsets."""
        name = f"{self.producer.prefix}{TOPIC}"
        records = await all_records(self.producer.kafka, [name], partitions=3)
        ends = {TopicPartition(name, p): 0 for p in range(3)}
        for record in records:
            place = TopicPartition(name, record.partition)
            ends[place] = max(ends[place], record.offset + 1)
            record.topic = TOPIC
        await self.rig.inbox.receive(records)
        async with AIOKafkaConsumer(
            bootstrap_servers=self.producer.kafka,
            group_id=f"{self.producer.prefix}{GROUP}",
            enable_auto_commit=False,
        ) as consumer:
            consumer.assign(list(ends))
            await consumer.commit(ends)

    async def damage(self, query: str, *arguments: object) -> None:
        """Done as the owner of the consumer's database, who may what its roles may not."""
        connection = await asyncpg.connect(self.owner_url)
        try:
            await connection.execute(query, *arguments)
        finally:
            await connection.close()

    async def lines(self) -> list[str]:
        found = Differences()
        await self.marks.check(found)
        return said(found)


@asynccontextmanager
async def serving(urls: ServiceUrls, secrets: Path) -> AsyncIterator[str]:
    """The address of the producer's `GET /streams`."""
    ensure_demo_secrets(secrets)
    database = await Database.open(urls.app, name="producer-app", size=2)
    app = FastAPI(docs_url=None, redoc_url=None)
    app.include_router(counter_routes(StreamCounters(database), "registry:streams"))
    install_security(
        app,
        Authenticator(issuer=DEMO_ISSUER, audience="registry", jwks=JwksFile(secrets / JWKS)),
    )
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    stop = asyncio.Event()
    running = asyncio.ensure_future(api_part(app, "127.0.0.1", port).run(stop))
    await eventually(lambda: _answers(port), True)
    yield f"http://127.0.0.1:{port}"
    stop.set()
    await running
    await database.close()


async def _answers(port: int) -> bool:
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
async def pair(
    databases: TestDatabases,
    common_urls: ServiceUrls,
    rig: Rig,
    kafka: str,
    prefix: str,
    tmp_path: Path,
) -> AsyncIterator[Pair]:
    """Five events in each of two villages: recorded, carried and heard."""

    def token() -> str:
        return demo_token(tmp_path, audience="registry", scopes=("registry:streams",))

    async with (
        databases.fresh("common") as urls,
        serving(urls, tmp_path) as address,
        producer_rig(urls, kafka, prefix) as producer,
    ):
        marks = Marks(
            service="eligibility",
            database=rig.database,
            inputs=INPUTS,
            producers={"registry": Producer(address, token)},
            open_topics=lambda: open_topics(kafka, partitions=3, prefix=prefix, client="tests"),
            bootstrap=kafka,
            group=f"{prefix}{GROUP}",
            prefix=prefix,
            patience=2.0,
        )
        made = Pair(producer, rig, marks, common_urls.owner)
        async with producer.carrying():
            for village in VILLAGES:
                await producer.append(village, 5)
        await made.hear()
        yield made


async def test_equal_marks_are_silent(pair: Pair) -> None:
    """Also while something waits to leave: it cannot have been heard."""
    await pair.producer.append(KETANON, 2)
    await pair.producer.append("35.05.15.2004", 1)

    assert [] == await pair.lines()


async def test_a_mark_that_is_gone_is_named(pair: Pair) -> None:
    """Place 4, removed."""
    await pair.damage("DELETE FROM marks WHERE village_key = $1", KETANON)

    assert [f"mark {KETANON} 5-5: one mark that has passed it; no mark"] == await pair.lines()


async def test_a_mark_that_stands_twice_is_named(pair: Pair) -> None:
    """Place 4, doubled."""
    await pair.damage("ALTER TABLE marks DROP CONSTRAINT marks_pkey")
    await pair.damage("INSERT INTO marks SELECT * FROM marks WHERE village_key = $1", KETANON)

    assert [f"mark {KETANON} 5-5: one mark that has passed it; two rows"] == await pair.lines()


async def test_a_mark_that_is_behind_is_named(pair: Pair) -> None:
    """The group has passed the events, the mark has not, and nothing waits."""
    await pair.damage("UPDATE marks SET sequences[1] = 3 WHERE village_key = $1", WONOPRINGGO)

    words = "one mark that has passed it; none, the mark is at 3"
    assert [f"mark {WONOPRINGGO} 4-5: {words}"] == await pair.lines()


async def test_a_mark_ahead_of_its_producer_is_named(pair: Pair) -> None:
    """The producer was set back to an earlier moment."""
    await pair.producer.owner(
        "UPDATE streams SET last_sequence = 3 WHERE village_key = $1", KETANON
    )

    words = "at most 3, the producer's last; 5"
    assert [f"mark {KETANON} 4-5: {words}"] == await pair.lines()


async def test_what_is_held_is_named_as_held(pair: Pair) -> None:
    """An event that the topic lacks holds those behind it; `republish --missing` mends it."""
    await pair.producer.append(KETANON, 3)
    await pair.producer.owner("DELETE FROM unpublished WHERE sequence = 6")
    async with pair.producer.carrying():
        pass
    await pair.hear()
    words = "one mark that has passed it; none, the mark is at 5"
    assert [f"held {KETANON} 6-8: {words}"] == await pair.lines()

    await pair.producer.found()
    assert 1 == await pair.producer.published.republish()
    async with pair.producer.carrying():
        pass
    await pair.hear()

    assert [] == await pair.lines()
    assert [1, 2, 3, 4, 5, 6, 7, 8] == await pair.rig.effects(KETANON)


async def test_what_is_parked_is_named_as_parked(pair: Pair) -> None:
    """A village that waits for a person is no lost mark."""
    pair.rig.ledger.impossible.add((KETANON, 6))
    async with pair.producer.carrying():
        await pair.producer.append(KETANON, 2)
    await pair.hear()

    words = "nothing that waits; 2 parked, the first for IMPOSSIBLE"
    assert [f"parked {KETANON} 6-6: {words}"] == await pair.lines()


async def test_a_wrong_count_of_what_waits_is_named(pair: Pair) -> None:
    """Counted and not there, and there and not counted."""
    await pair.damage("UPDATE marks SET parked = 2, held = 1 WHERE village_key = $1", KETANON)
    counts = [
        f"held {KETANON} 0-0: a count of 0, as many as wait; 1",
        f"parked {KETANON} 0-0: a count of 0, as many as wait; 2",
    ]
    assert counts == await pair.lines()

    await pair.damage("UPDATE marks SET parked = 0, held = 0")
    pair.rig.ledger.impossible.add((KETANON, 6))
    async with pair.producer.carrying():
        await pair.producer.append(KETANON, 1)
    await pair.hear()
    await pair.damage("UPDATE marks SET parked = 0")

    assert f"parked {KETANON} 0-0: a count of 1, as many as wait; 0" in await pair.lines()


async def test_a_consumer_behind_is_said_and_compared_falsely_in_nothing(pair: Pair) -> None:
    """Records that the group has not passed are no differences."""
    async with pair.producer.carrying():
        await pair.producer.append(KETANON, 4)

    (line,) = await pair.lines()

    assert line.startswith("marks not compared: eligibility is 4 records behind")
