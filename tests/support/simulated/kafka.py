"""A Kafka in memory: logs, an idempotent producer, and a group whose members come and go.

The producer loses requests and acknowledgements, and gives batches up in the middle of a window, as
aiokafka's does. A group redelivers from the committed offset after each rebalance; a member that
was thought dead goes on with what it has in hand, and its commit is refused.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from aiokafka.errors import CommitFailedError, KafkaConnectionError, KafkaTimeoutError
from common.kafka import HEADERS

from support.simulated.processes import Process
from support.simulated.weather import TIMEOUT, Weather

PARTITIONS = 3
NAME = "kafka"
SESSION = 3.0
"""Seconds after which a member that says nothing is thought dead."""
EXPIRY = 6.0
"""Seconds after which the producer gives a batch up."""
AGAIN = 0.3
LOST_REQUEST = LOST_ACKNOWLEDGEMENT = GIVEN_UP = 0.02
LATE = 0.02
"""Share of batches answered before they stand on the topic, so that later ones stand before them.

No Kafka does it; the consumers promise to hold what comes early all the same."""
GHOST = 3.0
"""Seconds within which a request that was given up may still arrive."""
FULL = 4
"""Records in a batch: so few that a page makes several batches of one partition."""

Place: TypeAlias = tuple[str, int]
"""Topic, partition."""


@dataclass(frozen=True, slots=True)
class Record:
    """A record as a poll brings it."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = tuple(HEADERS)


class Broker:
    """What stands on the topics, and the groups' committed offsets."""

    def __init__(self, weather: Weather) -> None:
        self.weather = weather
        self.logs: dict[Place, list[Record]] = {}
        self.groups: dict[str, Group] = {}
        self.up = True

    def log(self, place: Place) -> list[Record]:
        return self.logs.setdefault(place, [])

    def group(self, name: str, topics: Sequence[str]) -> Group:
        if name not in self.groups:
            self.groups[name] = Group(self, name, tuple(topics))
        return self.groups[name]

    def reaches(self, process: Process) -> bool:
        return self.up and not self.weather.is_cut(process, NAME)

    def write(self, place: Place, batch: Batch) -> None:
        """Append a batch; one of the same producer that is there already is passed over."""
        if batch.written:
            return
        batch.written = True
        log = self.log(place)
        for key, value in batch.records:
            log.append(Record(*place, len(log), key, value))


@dataclass
class Batch:
    """aiokafka's BatchBuilder, as far as the relay uses it."""

    most: int
    records: list[tuple[bytes, bytes]] = field(default_factory=list)
    written: bool = False

    def append(self, *, key: bytes, value: bytes, timestamp: None, headers: Any) -> object | None:
        """None when the batch is full."""
        if len(self.records) >= self.most:
            return None
        self.records.append((key, value))
        return self

    def record_count(self) -> int:
        return len(self.records)

    def size(self) -> int:
        return sum(len(value) for _, value in self.records)

    def close(self) -> None:
        """Nothing more comes."""


class Producer:
    """One life of an idempotent producer: per partition one batch after another."""

    def __init__(self, broker: Broker, process: Process, weather: Weather) -> None:
        self._broker = broker
        self._process = process
        self._weather = weather
        self._queues: dict[Place, deque[tuple[Batch, asyncio.Future[None]]]] = {}

    async def start(self) -> None:
        await self._weather.pass_by(self._process)
        if not self._broker.reaches(self._process):
            await asyncio.sleep(TIMEOUT)
            raise KafkaConnectionError("no broker answers")

    async def stop(self) -> None:
        """Waits for what is on its way; if it is cut short, that still leaves by itself."""
        while any(self._queues.values()):
            self._process.check()
            await asyncio.sleep(AGAIN)
        self._process.check()

    async def partitions_for(self, topic: str) -> set[int]:
        return set(range(PARTITIONS))

    def create_batch(self) -> Batch:
        return Batch(FULL)

    async def send_batch(self, batch: Batch, topic: str, *, partition: int) -> asyncio.Future[None]:
        self._process.check()
        place = (topic, partition)
        acknowledged: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queue = self._queues.get(place)
        if queue is None:
            queue = self._queues[place] = deque()
        queue.append((batch, acknowledged))
        if len(queue) == 1:
            self._process.begin(self._send_all(place, queue))
        return acknowledged

    async def _send_all(
        self, place: Place, queue: deque[tuple[Batch, asyncio.Future[None]]]
    ) -> None:
        while queue:
            batch, acknowledged = queue[0]
            try:
                await self._send(place, batch)
            except KafkaTimeoutError as error:
                if not acknowledged.done():
                    acknowledged.set_exception(error)
                    acknowledged.exception()
            else:
                if not acknowledged.done():
                    acknowledged.set_result(None)
            queue.popleft()

    async def _send(self, place: Place, batch: Batch) -> None:
        """Until it is acknowledged or given up; then nobody knows whether it was written."""
        weather, until = self._weather, asyncio.get_running_loop().time() + EXPIRY
        while True:
            await weather.pass_by(self._process)
            late = asyncio.get_running_loop().time() > until
            if late or weather.strikes(GIVEN_UP):
                self._note(f"gives up a batch for {place}, written: {batch.written}")
                if weather.strikes(0.5):
                    self._write_later(place, batch)
                raise KafkaTimeoutError
            if self._broker.reaches(self._process) and not weather.strikes(LOST_REQUEST):
                self._note(f"writes {len(batch.records)} to {place}")
                if weather.strikes(LATE):
                    self._write_later(place, batch)
                else:
                    self._broker.write(place, batch)
                await weather.pass_by(self._process)
                if not weather.strikes(LOST_ACKNOWLEDGEMENT):
                    return
            await asyncio.sleep(AGAIN)

    def _write_later(self, place: Place, batch: Batch) -> None:
        seconds = self._weather.chance.uniform(0, GHOST)
        self._note(f"a batch for {place} stands there in {seconds:.3f}")
        asyncio.get_running_loop().call_later(seconds, self._broker.write, place, batch)

    def _note(self, what: str) -> None:
        self._weather.trace(self._process.name, f"{NAME} {what}")


class Group:
    """Members that share partitions by range, so that a village's topics land on one of them."""

    def __init__(self, broker: Broker, name: str, topics: tuple[str, ...]) -> None:
        self.broker = broker
        self.name = name
        self.topics = topics
        self.members: list[Member] = []
        self.committed: dict[Place, int] = {}

    def join(self, member: Member) -> None:
        self.members.append(member)
        self._rebalance(f"{member.name} joins")

    def expel(self, member: Member) -> None:
        """It has said nothing for too long, or has left."""
        if member in self.members:
            self.members.remove(member)
            self._rebalance(f"{member.name} is out")

    def _rebalance(self, why: str) -> None:
        self.broker.weather.trace(self.name, f"rebalance: {why}")
        for member in self.members:
            member.positions = {}
        for partition in range(PARTITIONS) if self.members else ():
            member = self.members[partition * len(self.members) // PARTITIONS]
            for topic in self.topics:
                member.positions[topic, partition] = self.committed.get((topic, partition), 0)


class Member:
    """One consumer of a group, as FastStream drives it: poll, handle, acknowledge or go back."""

    def __init__(self, group: Group, name: str, process: Process) -> None:
        self.group = group
        self.name = name
        self.process = process
        self.positions: dict[Place, int] = {}
        self._weather = group.broker.weather
        process.ends.append(self._end)

    async def poll(self, most: int) -> list[Record]:
        """Some records of some of its partitions; it joins again when it was thought dead."""
        group, weather = self.group, self._weather
        await weather.pass_by(self.process)
        if not group.broker.reaches(self.process):
            await asyncio.sleep(TIMEOUT)
            self.process.check()
            if not group.broker.up:
                return []
            group.expel(self)
            return []
        if self not in group.members:
            group.join(self)
        polled: list[Record] = []
        places = sorted(self.positions)
        weather.chance.shuffle(places)
        for place in places:
            log, position = group.broker.log(place), self.positions[place]
            if position < len(log) and len(polled) < most:
                page = log[position : position + weather.chance.randint(1, most - len(polled))]
                self.positions[place] += len(page)
                polled += page
        if polled:
            weather.trace(self.process.name, f"{group.name} polls {len(polled)}")
        return polled

    async def acknowledge(self) -> None:
        """Commit the positions; raises KafkaError when it is no member any more or Kafka away."""
        await self._weather.pass_by(self.process)
        if not self.group.broker.reaches(self.process):
            await asyncio.sleep(TIMEOUT)
            self.process.check()
            raise KafkaTimeoutError
        if self not in self.group.members:
            raise CommitFailedError("it is not a member any more")
        self.group.committed.update(self.positions)
        self._weather.trace(self.process.name, f"{self.group.name} commits")
        await self._weather.pass_by(self.process)

    def go_back(self, records: Sequence[Record]) -> None:
        """NACK_ON_ERROR: fetch a failed batch again, as far as its partitions are still ours."""
        for record in reversed(records):
            if (place := (record.topic, record.partition)) in self.positions:
                self.positions[place] = min(self.positions[place], record.offset)

    def _end(self) -> None:
        loop = asyncio.get_running_loop()
        loop.call_later(SESSION, self.group.expel, self)


Receive: TypeAlias = Callable[[Sequence[Record]], Any]


async def consume(member: Member, receive: Receive, *, most: int, idle: float) -> None:
    """The loop that stands in for FastStream's batch subscriber with NACK_ON_ERROR.

    FastStream polls, calls the handler, and commits the positions if it returned; on an error it
    seeks back to the batch. A commit that fails is logged, and the records come again.
    """
    while True:
        records = await member.poll(most)
        if not records:
            await asyncio.sleep(idle)
            continue
        try:
            await receive(records)
        except Exception as error:  # noqa: BLE001  # FastStream catches all as well
            member.go_back(records)
            why = f"{type(error).__name__}: {error}"
            member._weather.trace(member.process.name, f"{member.group.name} goes back: {why}")
            continue
        try:
            await member.acknowledge()
        except (KafkaTimeoutError, CommitFailedError):
            member._weather.trace(member.process.name, f"{member.group.name} commit refused")
