"""Topics, producer and group in memory behave as the real Kafka, as far as the road asks."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from common.kafka import HEADERS, build_producer
from support.simulated.group import Group, Member
from support.simulated.kafka import Broker, Producer
from support.simulated.processes import Process
from support.simulated.trace import Trace
from support.simulated.weather import Weather

TOPICS = ("registry.villages", "registry.officials")
PARTITIONS = 3


@dataclass
class Reader:
    """A member of the group: what it gets, and how it commits and leaves."""

    poll: Callable[[], Awaitable[Sequence[Any]]]
    commit: Callable[[], Awaitable[None]]
    leave: Callable[[], Awaitable[None]]
    assigned: Callable[[], set[tuple[str, int]]]

    async def take(self, number: int) -> list[tuple[str, int, int, bytes]]:
        """So many records, in the order of their places."""
        found: list[Any] = []
        async with asyncio.timeout(40):
            while len(found) < number:
                found += await self.poll()
        return sorted((plain(r.topic), r.partition, r.offset, r.value) for r in found)


@dataclass
class Road:
    producer: Any
    prefix: str
    join: Callable[[], Awaitable[Reader]]

    async def send(self, topic: str, partition: int, *values: bytes) -> None:
        batch = self.producer.create_batch()
        for value in values:
            appended = batch.append(key=b"33", value=value, timestamp=None, headers=HEADERS)
            assert appended is not None
        batch.close()
        assert len(values) == batch.record_count()
        await (await self.producer.send_batch(batch, self.prefix + topic, partition=partition))


def plain(topic: str) -> str:
    return topic[topic.index("registry") :]


@contextlib.asynccontextmanager
async def memory() -> AsyncIterator[Road]:
    weather = Weather(random.Random(0), Trace(lambda: 0.0))
    weather.calm = True
    broker, process = Broker(weather), Process("contract")

    group = Group(broker, "contract", TOPICS)

    async def join() -> Reader:
        member = Member(group, "member", process)

        async def leave() -> None:
            member.group.expel(member)

        return Reader(
            lambda: member.poll(9), member.acknowledge, leave, lambda: set(member.positions)
        )

    producer = Producer(broker, process, weather)
    await producer.start()
    yield Road(producer, "", join)
    await producer.stop()


@contextlib.asynccontextmanager
async def real(kafka: str, prefix: str) -> AsyncIterator[Road]:
    async def join() -> Reader:
        consumer = AIOKafkaConsumer(
            *(prefix + topic for topic in TOPICS),
            bootstrap_servers=kafka,
            group_id=f"{prefix}contract",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            partition_assignment_strategy=(RangePartitionAssignor,),
        )
        await consumer.start()

        async def poll() -> list[Any]:
            found = await consumer.getmany(timeout_ms=200)
            return [record for some in found.values() for record in some]

        def assigned() -> set[tuple[str, int]]:
            return {(plain(place.topic), place.partition) for place in consumer.assignment()}

        return Reader(poll, consumer.commit, consumer.stop, assigned)

    async with build_producer(kafka, client="contract") as producer:
        yield Road(producer, prefix, join)


@pytest.fixture(params=["memory", "kafka"])
async def road(request: pytest.FixtureRequest, kafka: str, prefix: str) -> AsyncIterator[Road]:
    async with memory() if request.param == "memory" else real(kafka, prefix) as opened:
        yield opened


@pytest.mark.timeout(180)
async def test_what_is_not_committed_comes_again(road: Road) -> None:
    """In its order, with its offsets; and after the commit only what is new."""
    assert set(range(PARTITIONS)) == set(
        await road.producer.partitions_for(road.prefix + TOPICS[0])
    )
    await road.send(TOPICS[0], 0, b"1", b"2")
    await road.send(TOPICS[0], 0, b"3")
    await road.send(TOPICS[1], 2, b"4")
    everything = [
        (TOPICS[1], 2, 0, b"4"),
        (TOPICS[0], 0, 0, b"1"),
        (TOPICS[0], 0, 1, b"2"),
        (TOPICS[0], 0, 2, b"3"),
    ]
    for commits in (False, True):
        member = await road.join()
        assert everything == await member.take(4)
        if commits:
            await member.commit()
        await member.leave()
    await road.send(TOPICS[0], 0, b"5")
    member = await road.join()

    assert [(TOPICS[0], 0, 3, b"5")] == await member.take(1)
    await member.leave()


@pytest.mark.timeout(180)
async def test_a_village_lands_on_one_member(road: Road) -> None:
    """By range: of every partition number, all topics are one member's."""
    members = [await road.join(), await road.join()]
    every = {(topic, partition) for topic in TOPICS for partition in range(PARTITIONS)}
    async with asyncio.timeout(60):
        shares: list[set[tuple[str, int]]] = []
        while not (all(shares) and len(shares) == len(members)):
            await asyncio.gather(*(member.poll() for member in members))
            shares = [member.assigned() for member in members]

    assert every == shares[0] | shares[1]
    assert not shares[0] & shares[1]
    for share in shares:
        numbers = {partition for _, partition in share}
        assert share == {(topic, number) for topic in TOPICS for number in numbers}
    for member in members:
        await member.leave()
