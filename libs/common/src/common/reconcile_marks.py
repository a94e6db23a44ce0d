"""A consumer's marks compared with the counters of the services that publish.

Counters first, then the ends of the topics, then a wait until the consumer's committed offsets have
passed those ends, then the marks: what the counters called published has had its effect by then,
or is held or parked, which is named as such.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from common.database import Database
from common.differences import Difference, Differences, Place
from common.events.topics import prefixed
from common.kafka import build_admin
from common.reconcile_published import OpenTopics
from common.stream_counters import QUERIES, Producer
from common.topic_streams import Telling, silent
from common.waiting import stop_within

PAGE = 1_000
LOOK_SECONDS = 0.5
KAFKA_SECONDS = 20.0
STOP_SECONDS = 5.0

Stream = tuple[str, str]
"""village_key, topic."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What a producer says of one stream."""

    published: int
    last: int


@dataclass(frozen=True, slots=True)
class Marks:
    """The marks of one consuming service, compared with what its producers have published."""

    service: str
    database: Database
    inputs: Sequence[str]
    producers: Mapping[str, Producer]
    """By the service's name, the first word of its topics."""
    open_topics: OpenTopics
    bootstrap: str
    group: str
    """With its prefix."""
    prefix: str = ""
    patience: float = 60.0
    """Seconds to wait for the consumer to pass what is on the topics now."""

    async def check(self, found: Differences, tell: Telling = silent) -> None:
        """Compare all marks; differences go to `found`, and what is too far behind is said."""
        del tell
        known = [topic for topic in self.inputs if _service(topic) in self.producers]
        for service in sorted({_service(topic) for topic in self.inputs} - self.producers.keys()):
            found.undone.append(
                f"marks of {service}.* not compared: "
                f"{self.service.upper()}_{service.upper()}_URL is not set"
            )
        counted = await self._counted(known)
        if (behind := await self._behind(known)) > 0:
            found.undone.append(
                f"marks not compared: {self.service} is {behind:,} records behind; "
                "docs/runbook.md, Not ready"
            )
            found.again = True
            return
        ahead = await self._compare(known, counted, found)
        for (key, topic), counter in counted.items():
            if counter.published:
                self._note(found, Place.MARK, key, topic, counter.published, "no mark")
        if ahead:
            await self._ahead(known, ahead, found)
        await self._skipped(found)

    async def _counted(self, topics: Sequence[str]) -> dict[Stream, Counted]:
        """What each producer says of the streams that are heard here."""
        counted: dict[Stream, Counted] = {}
        for service in sorted({_service(topic) for topic in topics}):
            async for one in self.producers[service].counters():
                if one.topic in topics:
                    counted[one.village_key, one.topic] = Counted(one.published, one.last_sequence)
        return counted

    async def _behind(self, topics: Sequence[str]) -> int:
        """How many records the group has not passed, after waiting for it; 0 is none."""
        if not topics:
            return 0
        ends: dict[TopicPartition, int] = {}
        async with self.open_topics() as reader:
            for topic in topics:
                name = prefixed(self.prefix, topic)
                ends |= {
                    TopicPartition(name, partition): end
                    for partition, end in (await reader.ends(topic)).items()
                }
        admin = build_admin(self.bootstrap, client=f"{self.group}-reconcile")
        try:
            async with asyncio.timeout(KAFKA_SECONDS):
                await admin.start()
            return await self._passing(admin, ends)
        finally:
            await stop_within(STOP_SECONDS, admin.close())

    async def _passing(self, admin: AIOKafkaAdminClient, ends: dict[TopicPartition, int]) -> int:
        clock = asyncio.get_running_loop().time
        deadline = clock() + self.patience
        while True:
            async with asyncio.timeout(KAFKA_SECONDS):
                offsets = await admin.list_consumer_group_offsets(self.group)
            at = {place: max(0, found.offset) for place, found in offsets.items()}
            behind = sum(max(0, end - at.get(place, 0)) for place, end in ends.items())
            if not behind or clock() > deadline:
                return behind
            await asyncio.sleep(LOOK_SECONDS)

    async def _compare(
        self, topics: Sequence[str], counted: dict[Stream, Counted], found: Differences
    ) -> dict[Stream, int]:
        """Hold each mark to its counter, taken out of `counted`; the marks that are ahead of it."""
        ahead: dict[Stream, int] = {}
        after = ""
        while True:
            async with self.database.transaction() as connection:
                rows = await connection.fetch(QUERIES["marks_of"], after, PAGE)
                waiting = [row["village_key"] for row in rows if row["parked"]]
                fronts = await connection.fetch(QUERIES["front_parked"], waiting)
            parked = {front["village_key"]: front for front in fronts}
            for row, following in pairwise([*rows, None]):
                key = row["village_key"]
                if following and following["village_key"] == key:
                    self._note(found, Place.MARK, key, topics[0], row["sequences"][0], "two rows")
                    continue
                self._parked(found, row, parked)
                self._miscounted(found, row)
                for topic in topics:
                    mark = _mark(row["sequences"], self.inputs.index(topic))
                    counter = counted.pop((key, topic), Counted(0, 0))
                    if mark < counter.published and not row["parked"]:
                        place = Place.HELD if row["held"] else Place.MARK
                        self._note(
                            found, place, key, topic, mark + 1, f"none, the mark is at {mark}",
                            last=counter.published,
                        )  # fmt: skip
                    elif mark > counter.last:
                        ahead[key, topic] = mark
            if len(rows) < PAGE:
                return ahead
            after = rows[-1]["village_key"]

    def _parked(self, found: Differences, row: Any, parked: Mapping[str, Any]) -> None:
        if (front := parked.get(row["village_key"])) is None:
            return
        self._add(
            found,
            Place.PARKED,
            (row["village_key"], front["topic"]),
            (front["sequence"] or 0, front["sequence"] or 0),
            ("nothing that waits", f"{row['parked']} parked, the first for {front['reason']}"),
            f"python -m {self.service} parked list",
        )

    def _miscounted(self, found: Differences, row: Any) -> None:
        """A count of what waits that is wrong parks a village for ever, or lets events overtake."""
        for place in (Place.PARKED, Place.HELD):
            if (counted := row[place]) != (waiting := row[f"{place}_rows"]):
                self._add(
                    found,
                    place,
                    (row["village_key"], self.inputs[0]),
                    (0, 0),
                    (f"a count of {waiting}, as many as wait", str(counted)),
                    "docs/runbook.md, Reconcile",
                )

    async def _ahead(
        self, topics: Sequence[str], ahead: Mapping[Stream, int], found: Differences
    ) -> None:
        """Marks ahead of the counters read before: the producer may have gone on meanwhile."""
        now = await self._counted(topics)
        for (key, topic), mark in ahead.items():
            last = now[key, topic].last if (key, topic) in now else 0
            if mark > last:
                self._add(
                    found,
                    Place.MARK,
                    (key, topic),
                    (last + 1, mark),
                    (f"at most {last}, the producer's last", str(mark)),
                    f"python -m {_service(topic)} streams advance --dry-run",
                )

    async def _skipped(self, found: Differences) -> None:
        async with self.database.transaction() as connection:
            rows = await connection.fetch(QUERIES["skipped"])
        for row in rows:
            self._add(
                found,
                Place.SKIPPED,
                (row["village_key"], row["topic"]),
                (row["first"], row["first"]),
                ("an effect", f"{row['events']} events of unknown types"),
                "docs/runbook.md, Skipped",
            )

    def _note(  # noqa: PLR0917  # the columns of a line
        self,
        found: Differences,
        place: Place,
        key: str,
        topic: str,
        first: int,
        there: str,
        *,
        last: int | None = None,
    ) -> None:
        do = (
            f"python -m {_service(topic)} republish --missing"
            if place is Place.HELD
            else "docs/runbook.md, Reconcile"
        )
        places = (first, last or first)
        self._add(found, place, (key, topic), places, ("one mark that has passed it", there), do)

    def _add(  # noqa: PLR0917  # same
        self,
        found: Differences,
        place: Place,
        stream: Stream,
        places: tuple[int, int],
        words: tuple[str, str],
        do: str,
    ) -> None:
        found.add(Difference(place, *stream, *places, *words, do))


def _service(topic: str) -> str:
    return topic.split(".", maxsplit=1)[0]


def _mark(sequences: Sequence[int | None], index: int) -> int:
    return (sequences[index] or 0) if index < len(sequences) else 0
