"""A Kafka in memory: logs, and an idempotent producer.

The producer loses requests and acknowledgements, and gives batches up, as aiokafka's does; what it
gave up may still arrive.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from aiokafka.errors import KafkaConnectionError, KafkaTimeoutError
from common.kafka import HEADERS

from support.simulated.processes import Process
from support.simulated.weather import TIMEOUT, Weather

PARTITIONS = 3
NAME = "kafka"
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
    """What stands on the topics."""

    def __init__(self, weather: Weather) -> None:
        self.weather = weather
        self.logs: dict[Place, list[Record]] = {}
        self.up = True
        self.on_the_way = 0
        """Batches that will stand on a topic later than anybody expects."""

    def log(self, place: Place) -> list[Record]:
        return self.logs.setdefault(place, [])

    def reaches(self, process: Process) -> bool:
        return self.up and not self.weather.is_cut(process, NAME)

    def arrive(self, place: Place, batch: Batch) -> None:
        self.on_the_way -= 1
        self.write(place, batch)

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
        self._broker.on_the_way += 1
        asyncio.get_running_loop().call_later(seconds, self._broker.arrive, place, batch)

    def _note(self, what: str) -> None:
        self._weather.trace(self._process.name, f"{NAME} {what}")
