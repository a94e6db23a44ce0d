"""After a registry's restore: parked copies of what it has withdrawn are discarded, no others."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from common import inbox
from common.clock import Clock
from common.database import Database
from common.ids import Ids
from common.parking import Parking
from common.received import Received
from common.reconcile_published import OpenTopics
from common.stored_events import StoredEventsUnavailable
from common.stream_counters import QUERIES, Producer
from common.topic_streams import TopicReader

REASON = "withdrawn by its producer after a restore; published again as {sequence}"
PAGE = 10_000
"""Parked villages of one run; again takes the next."""

Withdrawn = dict[tuple[str, str, int, UUID], int]
"""village_key, topic, sequence and id -> the sequence of the fact published again."""


@dataclass(slots=True)
class Cleared:
    """What became of the parked villages."""

    discarded: int = 0
    applied: int = 0
    left: int = 0
    """Villages that wait still, for another reason."""


class Withdrawals:
    """Works on the parked villages of one consuming service."""

    def __init__(
        self,
        database: Database,
        parking: Parking,
        *,
        producer: Producer | None,
        open_topics: OpenTopics,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._database = database
        self._parking = parking
        self._producer = producer
        self._open_topics = open_topics
        self._clock = clock
        self._ids = ids

    async def discard(self, actor: str) -> Cleared:
        """Discard withdrawn copies at the front of each parked village, and retry what follows.

        Raises StoredEventsUnavailable when the producer's address is not set or nobody answers.
        """
        if self._producer is None:
            raise StoredEventsUnavailable("the registry's address is not set (…_REGISTRY_URL)")
        withdrawn: Withdrawn = {}
        async for one in self._producer.withdrawn():
            withdrawn[one.village_key, one.topic, one.sequence, one.id] = one.replaced_by
        cleared = Cleared()
        async with self._open_topics() as reader:
            for row in await self._parking.villages(PAGE):
                await self._clear(reader, row["village_key"], withdrawn, actor, cleared)
        return cleared

    async def _clear(
        self, reader: TopicReader, key: str, withdrawn: Withdrawn, actor: str, cleared: Cleared
    ) -> None:
        while True:
            drained = await self._parking.retry(key)
            cleared.applied += drained.applied
            if not drained.left:
                return
            if (drained.reason or "").startswith("SEQUENCE_REUSED"):
                if (front := await self._front(key)) is None:
                    continue
                again = withdrawn.get((key, *await _event_of(reader, front)))
                if again is not None:
                    reason = REASON.format(sequence=again)
                    cleared.discarded += await self._unpark(front, actor, reason)
                    continue
            cleared.left += 1
            return

    async def _front(self, key: str) -> Any:
        async with self._database.transaction() as connection:
            return await connection.fetchrow(QUERIES["front_place"], key)

    async def _unpark(self, front: Any, actor: str, reason: str) -> bool:
        """Discard the record and not its sequence: the event that stands there had its effect.

        False when somebody else has taken it from the front meanwhile.
        """
        place = front["topic"], front["kafka_partition"], front["kafka_offset"]
        async with self._database.transaction() as connection:
            key, now = front["village_key"], self._clock.now()
            await connection.fetch(inbox.MARKS_LOCK, [key])
            # It was read without the lock: counted twice, the village would never be free again.
            now_first = await connection.fetchrow(QUERIES["front_place"], key)
            if now_first is None or now_first["parked_id"] != front["parked_id"]:
                return False
            await connection.execute(inbox.QUERIES["unpark"], front["parked_id"])
            await connection.execute(inbox.QUERIES["waits"], [key], [-1], [0])
            await connection.execute(inbox.QUERIES["settle_record"], *place, now)
            await connection.execute(
                QUERIES["discard_record"], self._ids.random(), key, *place, reason, actor, now
            )
            return True


async def _event_of(reader: TopicReader, front: Any) -> tuple[str, int, UUID]:
    """The topic, sequence and id of the event that stands at a parked row's place."""
    offset = front["kafka_offset"]
    async with aclosing(
        reader.partition(front["topic"], front["kafka_partition"], offset + 1, begin=offset)
    ) as batches:
        async for batch in batches:
            for item in batch.villages.get(front["village_key"], ()):
                if isinstance(item, Received):
                    return item.topic, item.sequence, item.id
    return front["topic"], 0, UUID(int=0)
