"""What stands on a topic: read once from the beginning to an end, and the ids by stream."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaTimeoutError

from common.events.topics import prefixed
from common.kafka import build_consumer
from common.received import Batch, Received, decode
from common.waiting import stop_within

ID_BYTES = 16
POLL_MS = 1_000
POLL_RECORDS = 1_000
"""Records decoded at once: what else the process does waits about 2 ms for them."""
STALLED_SECONDS = 30.0
ASKED_AGAIN = 2
"""A busy broker may not tell its offsets within the 10 s of one request."""
START_SECONDS = 20.0
STOP_SECONDS = 5.0

Telling = Callable[[str, int, int], None]
"""(topic, records read since the last call, records in all): for progress on a terminal."""


def silent(topic: str, read: int, total: int) -> None:
    """Tell nobody."""


class TopicStalled(TimeoutError):
    """Kafka gave none of the records that stand before an end that it had named itself."""


class TopicReader:
    """Reads topics without a group, partition by partition; made by `open_topics`."""

    def __init__(self, consumer: AIOKafkaConsumer, *, partitions: int, prefix: str) -> None:
        self._consumer = consumer
        self._partitions = partitions
        self._prefix = prefix

    async def ends(self, topic: str) -> dict[int, int]:
        """The end offset of each partition at this moment: what came before stands below it."""
        places = [
            TopicPartition(prefixed(self._prefix, topic), partition)
            for partition in range(self._partitions)
        ]
        for _ in range(ASKED_AGAIN):
            with contextlib.suppress(KafkaTimeoutError):
                ends = await self._consumer.end_offsets(places)
                break
        else:
            ends = await self._consumer.end_offsets(places)
        return {place.partition: ends[place] for place in places}

    async def partition(
        self, topic: str, partition: int, end: int, *, begin: int = 0
    ) -> AsyncGenerator[Batch, None]:
        """The records of one partition from `begin` to below `end`; raises TopicStalled."""
        place = TopicPartition(prefixed(self._prefix, topic), partition)
        self._consumer.assign([place])
        kept_from = (await self._consumer.beginning_offsets([place]))[place]
        self._consumer.seek(place, max(begin, kept_from))
        clock = asyncio.get_running_loop().time
        moved = clock()
        while (at := await self._consumer.position(place)) < end:
            found = await self._consumer.getmany(timeout_ms=POLL_MS, max_records=POLL_RECORDS)
            if records := [record for record in found.get(place, ()) if record.offset < end]:
                yield decode(records, prefix=self._prefix)
            if await self._consumer.position(place) > at:
                moved = clock()
            elif clock() - moved > STALLED_SECONDS:
                raise TopicStalled(f"{topic} [{partition}] gives nothing from {at} on")


@asynccontextmanager
async def open_topics(
    bootstrap: str, *, partitions: int, prefix: str = "", client: str
) -> AsyncIterator[TopicReader]:
    """A reader of all topics with `partitions` each; Kafka that is away is an error at once."""
    consumer = build_consumer(bootstrap, client=client)
    try:
        async with asyncio.timeout(START_SECONDS):
            await consumer.start()
        yield TopicReader(consumer, partitions=partitions, prefix=prefix)
    finally:
        await stop_within(STOP_SECONDS, consumer.stop())


async def each_event(
    reader: TopicReader, topic: str, partition: int, end: int
) -> AsyncIterator[tuple[str, Received]]:
    """Village and event of each readable record; consumers park the others by themselves."""
    async with contextlib.aclosing(reader.partition(topic, partition, end)) as batches:
        async for batch in batches:
            for key, items in batch.villages.items():
                for item in items:
                    if isinstance(item, Received):
                        yield key, item


class StreamIds:
    """The ids of one stream in one partition: 16 bytes an event, whatever order they came in.

    The first record at a sequence is the one that consumers apply; another id that comes after it
    is in `others`. A copy with the same id is nothing new.
    """

    __slots__ = ("_apart", "_first", "_ids", "others")

    def __init__(self) -> None:
        self._first = 0
        self._ids = bytearray()
        self._apart: dict[int, bytes] = {}
        self.others: list[tuple[int, bytes]] = []

    def add(self, sequence: int, event_id: bytes) -> bool:
        """Take the next record; whether it is the first at its sequence."""
        if not self._ids:
            self._first = sequence
        place = sequence - self._first
        held = len(self._ids) // ID_BYTES
        if place == held:
            self._ids += event_id
            self._drain(sequence + 1)
            return True
        if not 0 <= place < held and sequence not in self._apart:
            self._apart[sequence] = event_id
            return True
        known = self._apart.get(sequence) or self._ids[place * ID_BYTES : (place + 1) * ID_BYTES]
        if known != event_id:
            self.others.append((sequence, event_id))
        return False

    def _drain(self, sequence: int) -> None:
        while (event_id := self._apart.pop(sequence, None)) is not None:
            self._ids += event_id
            sequence += 1

    def runs(self) -> Iterator[tuple[int, bytes]]:
        """Unbroken runs in order: the first sequence, and the ids one after the other."""
        pieces = [(sequence, bytes(self._apart[sequence])) for sequence in self._apart]
        if self._ids:
            pieces.append((self._first, bytes(self._ids)))
        run_first, run = 0, bytearray()
        for sequence, ids in sorted(pieces):
            if run and sequence == run_first + len(run) // ID_BYTES:
                run += ids
                continue
            if run:
                yield run_first, bytes(run)
            run_first, run = sequence, bytearray(ids)
        if run:
            yield run_first, bytes(run)
