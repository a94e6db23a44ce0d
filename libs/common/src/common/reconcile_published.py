"""A producer compared with itself: counters, record and topic.

A live system stays silent by the order of reading. Counters first, then what waits to leave, then
the topics up to ends taken after both: what was recorded by then and no longer waited stands below
those ends. The record is read last: an event is committed before it is sent.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from hashlib import sha256
from uuid import UUID

from common.database import Database
from common.differences import Difference, Differences, Place, holes, stretches
from common.reconcile_counters import PAGE, Counters, damaged, rows_text, stream_of
from common.stream_counters import QUERIES
from common.topic_streams import ID_BYTES, StreamIds, Telling, TopicReader, each_event, silent

AT_ONCE = 20_000
"""Events whose ids one statement digests, or that one statement queues."""

OpenTopics = Callable[[], AbstractAsyncContextManager[TopicReader]]
Spans = list[tuple[int, int]]
Stretch = tuple[str, int, bytes]
"""Village, first sequence, and the ids of an unbroken run on a topic."""


@dataclass(frozen=True, slots=True)
class Missing:
    """A stretch of a stream that the topic lacks and that is not on its way."""

    village_key: str
    topic: str
    first: int
    last: int


@dataclass(slots=True)
class Published:
    """What one service has published, compared at its counters, its record and its topics."""

    service: str
    database: Database
    topics: Sequence[str]
    open_topics: OpenTopics
    missing: list[Missing] = field(default_factory=list)
    """What the last check found to be lacking on the topics."""
    differing: dict[tuple[str, str], int] = field(default_factory=dict)
    """(village_key, topic) -> the first sequence at which topic and record differ."""

    async def check(self, found: Differences, tell: Telling = silent) -> None:
        """Compare all streams; differences go to `found`."""
        counters = Counters(self.service, self.database, self.topics)
        promised = await counters.promised(found)
        self.missing, self.differing = [], dict(counters.behind)
        withdrawn = await self._withdrawn()
        async with self.open_topics() as reader:
            for topic in self.topics:
                ends = await reader.ends(topic)
                covered: defaultdict[str, Spans] = defaultdict(list)
                for partition, end in ends.items():
                    streams: defaultdict[str, StreamIds] = defaultdict(StreamIds)
                    read = 0
                    async for key, event in each_event(reader, topic, partition, end):
                        streams[key].add(event.sequence, event.id.bytes)
                        read += 1
                        if not read % PAGE:
                            tell(topic, PAGE, sum(ends.values()))
                    tell(topic, read % PAGE, sum(ends.values()))
                    await self._compare(topic, streams, covered, found)
                    self._others(topic, streams, withdrawn, found)
                await self._uncounted(topic, covered, promised[topic], found)
                self._lacking(topic, covered, promised[topic], found)

    async def republish(self) -> int:
        """Put what the last check found missing back into the queue; how many events.

        What waits is looked through once, not at each stretch: after a lost topic both are many.
        """
        waiting = await self._waiting()
        queued = 0
        for some in _portions(_pieces(self.missing, waiting)):
            async with self.database.transaction() as connection:
                queued += await connection.fetchval(
                    QUERIES["queue_again"],
                    [one.village_key for one in some],
                    [one.topic for one in some],
                    [one.first for one in some],
                    [one.last for one in some],
                )
        return queued

    async def _waiting(self) -> set[tuple[str, str, int]]:
        """What waits to leave though it was found missing: it was queued since."""
        lasts: dict[tuple[str, str], int] = {}
        for one in self.missing:
            stream = one.village_key, one.topic
            lasts[stream] = max(one.last, lasts.get(stream, 0))
        waiting: set[tuple[str, str, int]] = set()
        after = 0
        while lasts:
            async with self.database.transaction() as connection:
                rows = await connection.fetch(QUERIES["waiting_page"], after, AT_ONCE)
            waiting |= {
                (*stream_of(row), row["sequence"])
                for row in rows
                if row["sequence"] <= lasts.get(stream_of(row), 0)
            }
            if len(rows) < AT_ONCE:
                break
            after = rows[-1]["event_id"]
        return waiting

    async def _withdrawn(self) -> set[tuple[str, str, int, bytes]]:
        """Records that stand a second time at their sequence, known and told to consumers."""
        withdrawn: set[tuple[str, str, int, bytes]] = set()
        after: tuple[str, str, int, UUID] = ("", "", 0, UUID(int=0))
        while True:
            async with self.database.transaction() as connection:
                rows = await connection.fetch(QUERIES["withdrawn"], *after, PAGE)
            withdrawn |= {(*stream_of(row), row["sequence"], row["id"].bytes) for row in rows}
            if len(rows) < PAGE:
                return withdrawn
            after = (*stream_of(rows[-1]), rows[-1]["sequence"], rows[-1]["id"])

    async def _compare(
        self,
        topic: str,
        streams: Mapping[str, StreamIds],
        covered: defaultdict[str, Spans],
        found: Differences,
    ) -> None:
        """Hold the runs of one partition against the record, some thousand events a statement."""
        some: list[Stretch] = []
        events = 0
        for key, stream in streams.items():
            for first, ids in stream.runs():
                count = len(ids) // ID_BYTES
                covered[key].append((first, first + count - 1))
                some.append((key, first, ids))
                events += count
                if events >= AT_ONCE:
                    await self._digest(topic, some, found)
                    some, events = [], 0
        if some:
            await self._digest(topic, some, found)

    async def _digest(self, topic: str, some: Sequence[Stretch], found: Differences) -> None:
        async with self.database.transaction() as connection:
            rows = await connection.fetch(
                QUERIES["digests"],
                [key for key, _, _ in some],
                [topic] * len(some),
                [first for _, first, _ in some],
                [first + len(ids) // ID_BYTES - 1 for _, first, ids in some],
            )
        for (key, first, ids), row in zip(some, rows, strict=True):
            if row["digest"] != sha256(ids).digest():
                await self._name(topic, key, first, ids, found)

    async def _name(self, topic: str, key: str, first: int, ids: bytes, found: Differences) -> None:
        """Name the sequences at which a run and the record differ."""
        last = first + len(ids) // ID_BYTES - 1
        async with self.database.transaction() as connection:
            counter = await connection.fetchval(QUERIES["last_sequence"], key, topic) or 0
            rows = await connection.fetch(QUERIES["ids"], key, topic, first, last)
        recorded: defaultdict[int, list[bytes]] = defaultdict(list)
        for row in rows:
            recorded[row["sequence"]].append(row["id"].bytes)
        unlike: dict[tuple[Place, str, str], list[int]] = defaultdict(list)
        for place in range(len(ids) // ID_BYTES):
            sequence = first + place
            on_topic = ids[place * ID_BYTES : (place + 1) * ID_BYTES]
            if recorded[sequence] == [on_topic]:
                continue
            if not recorded[sequence] and sequence > counter:
                words = (
                    Place.COUNTER,
                    "an event that was recorded",
                    f"one after the last, {counter}",
                )
            elif on_topic not in recorded[sequence] and recorded[sequence]:
                words = Place.TOPIC, "the event of the record", "another"
            else:
                words = Place.EVENTS, "one row", rows_text(len(recorded[sequence]))
            unlike[words].append(sequence)
            self.differing[key, topic] = min(sequence, self.differing.get((key, topic), sequence))
        stream = {"village_key": key, "topic": topic}
        for (where, expected, there), sequences in unlike.items():
            for begin, end in stretches(sequences):
                damaged(self.service, found, where, stream, begin, expected, there, last=end)

    def _others(
        self,
        topic: str,
        streams: Mapping[str, StreamIds],
        withdrawn: set[tuple[str, str, int, bytes]],
        found: Differences,
    ) -> None:
        for key, stream in streams.items():
            for sequence, event_id in stream.others:
                if (key, topic, sequence, event_id) in withdrawn:
                    continue
                self.differing[key, topic] = min(
                    sequence, self.differing.get((key, topic), sequence)
                )
                where = {"village_key": key, "topic": topic}
                there = f"another too ({UUID(bytes=event_id)})"
                damaged(self.service, found, Place.TOPIC, where, sequence, "one event", there)

    async def _uncounted(
        self,
        topic: str,
        covered: Mapping[str, Spans],
        counted: Mapping[str, int],
        found: Differences,
    ) -> None:
        """Streams on the topic without a counter; one that began after the counters has one now."""
        for key in covered.keys() - counted.keys():
            if (key, topic) in self.differing:
                continue
            async with self.database.transaction() as connection:
                counter = await connection.fetchval(QUERIES["last_sequence"], key, topic)
            if counter is None:
                last = max(end for _, end in covered[key])
                stream = {"village_key": key, "topic": topic}
                self.differing.setdefault((key, topic), last)
                damaged(self.service, found, Place.COUNTER, stream, last, str(last), "none")

    def _lacking(
        self,
        topic: str,
        covered: Mapping[str, Spans],
        promised: Mapping[str, int],
        found: Differences,
    ) -> None:
        for key, last in promised.items():
            for first, end in holes(covered.get(key, ()), last):
                self.missing.append(Missing(key, topic, first, end))
                found.add(
                    Difference(
                        place=Place.TOPIC,
                        village_key=key,
                        topic=topic,
                        first=first,
                        last=end,
                        expected="a record",
                        found="none",
                        do=f"python -m {self.service} republish --missing",
                    )
                )


def _pieces(missing: Iterable[Missing], waiting: set[tuple[str, str, int]]) -> Iterator[Missing]:
    """Stretches of at most `AT_ONCE` events, without those that wait."""
    for one in missing:
        for first in range(one.first, one.last + 1, AT_ONCE):
            last = min(first + AT_ONCE - 1, one.last)
            lacking = [
                sequence
                for sequence in range(first, last + 1)
                if (one.village_key, one.topic, sequence) not in waiting
            ]
            for begin, end in stretches(lacking):
                yield Missing(one.village_key, one.topic, begin, end)


def _portions(pieces: Iterable[Missing]) -> Iterator[list[Missing]]:
    """As many pieces at a time as one statement queues within its time."""
    some: list[Missing] = []
    events = 0
    for one in pieces:
        count = one.last - one.first + 1
        if some and events + count > AT_ONCE:
            yield some
            some, events = [], 0
        some.append(one)
        events += count
    if some:
        yield some
