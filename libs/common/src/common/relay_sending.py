"""A page of the queue on its way: batches per partition that leave one after the other."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from aiokafka import AIOKafkaProducer
from aiokafka.partitioner import murmur2
from aiokafka.producer.message_accumulator import BatchBuilder

from common.events.topics import prefixed
from common.kafka import HEADERS, is_kafka_down
from common.outbox_queue import Row

SEND_SECONDS = 20.0
RECORD_BYTES = 128
"""More than a record takes beside its value."""

Place = tuple[str, int]


@dataclass(slots=True)
class Lane:
    """What a page holds for one partition, in the order of the rows, and how far it came."""

    place: Place
    rows: list[Row] = field(default_factory=list)
    batches: list[BatchBuilder] = field(default_factory=list)
    room: int = 0
    acknowledged: int = 0
    error: Exception | None = None
    failed: BatchBuilder | None = None

    @property
    def refused(self) -> Sequence[Row]:
        """The rows of the batch that failed."""
        count = self.failed.record_count() if self.failed else 0
        return self.rows[self.acknowledged : self.acknowledged + count]


class PageSender:
    """Sends pages through one producer; a batch leaves only after the one before it has arrived.

    So of a partition nothing is sent behind a batch that failed.
    """

    def __init__(self, producer: AIOKafkaProducer, *, prefix: str, batch_bytes: int) -> None:
        self._producer = producer
        self._prefix = prefix
        self._batch_bytes = batch_bytes
        self._counts: dict[str, int] = {}
        self._places: dict[tuple[str, str], Place] = {}

    async def send(self, rows: Sequence[Row]) -> Sequence[Lane]:
        """Send all rows; where the broker failed or refused, the lane says so."""
        for topic in {row["topic"] for row in rows} - self._counts.keys():
            found = await self._producer.partitions_for(prefixed(self._prefix, topic))
            self._counts[topic] = len(found)
        lanes = list(self._lanes(rows))
        await asyncio.gather(*map(self._leave, lanes))
        return lanes

    async def _leave(self, lane: Lane) -> None:
        topic, partition = prefixed(self._prefix, lane.place[0]), lane.place[1]
        for batch in lane.batches:
            try:
                async with asyncio.timeout(SEND_SECONDS):
                    await (await self._producer.send_batch(batch, topic, partition=partition))
            except Exception as error:
                if not is_kafka_down(error):
                    raise
                lane.error, lane.failed = error, batch
                return
            lane.acknowledged += batch.record_count()

    def _lanes(self, rows: Sequence[Row]) -> Iterable[Lane]:
        lanes: dict[Place, Lane] = {}
        places = self._places
        for row in rows:
            _, key, topic, value = row[:4]
            place = places.get((topic, key)) or self._place(topic, key)
            lane = lanes.get(place)
            if lane is None:
                lane = lanes[place] = Lane(place)
            lane.rows.append(row)
            encoded, size = key.encode(), len(value) + RECORD_BYTES
            if lane.room < size or not _append(lane.batches[-1], encoded, value):
                batch = self._producer.create_batch()
                _append(batch, encoded, value)
                lane.batches.append(batch)
                lane.room = self._batch_bytes
            lane.room -= size
        return lanes.values()

    def _place(self, topic: str, key: str) -> Place:
        """Kafka's default partitioner, each key hashed once."""
        place = (topic, (murmur2(key.encode()) & 0x7FFFFFFF) % self._counts[topic])
        self._places[topic, key] = place
        return place


def _append(batch: BatchBuilder, key: bytes, value: bytes) -> bool:
    added = batch.append(key=key, value=value, timestamp=None, headers=HEADERS)
    return added is not None
