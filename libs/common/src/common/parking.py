"""The parked list: see it, retry it in order, discard from it, resume after a systemic stop."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from common.clock import Clock
from common.database import Connection, Database
from common.ids import Ids
from common.inbox import QUERIES, Inbox
from common.received import Broken, ImpossibleEvent, Received, decode_one
from common.road import Mark, Village, Way, route
from common.sealing import Sealer

Stored = Callable[[str, str, int], Awaitable[bytes | None]]
"""(topic, village_key, sequence) -> the producer's stored bytes, None if it has no such event."""


class ParkingError(Exception):
    """What was asked of the parked list cannot be done."""


@dataclass(frozen=True, slots=True)
class Drained:
    """What a retry did with one village."""

    village_key: str
    applied: int
    left: int
    reason: str | None = None
    """Why the first event left is still parked."""


class Parking:
    """Works on one service's parked villages, one event a transaction, under the village's lock."""

    def __init__(
        self,
        database: Database,
        inbox: Inbox,
        *,
        sealer: Sealer,
        clock: Clock,
        ids: Ids,
        stored: Stored | None = None,
    ) -> None:
        self._database = database
        self._inbox = inbox
        self._sealer = sealer
        self._clock = clock
        self._ids = ids
        self._stored = stored

    async def villages(self, limit: int = 100) -> Sequence[Any]:
        """The parked villages with the first reason of each."""
        async with self._database.transaction() as connection:
            return await connection.fetch(QUERIES["parked_villages"], limit)

    async def retry(self, key: str) -> Drained:
        """Drain a village in order while new events queue behind; ends at the first that fails."""
        applied = 0
        while True:
            try:
                more = await self._retry_front(key)
            except ImpossibleEvent as error:
                return await self._still_parked(key, applied, error.code, error.reason)
            except _StillBrokenError as error:
                return await self._still_parked(key, applied, error.reason, error.detail)
            if not more:
                await self._inbox.take_village(key, ())
                return Drained(key, applied, 0)
            applied += 1

    async def _retry_front(self, key: str) -> bool:
        """Have the effect of the first parked event; False when none is left."""
        async with self._database.transaction() as connection:
            village = await self._locked(connection, key)
            row = await connection.fetchrow(QUERIES["parked_front"], key)
            if row is None:
                for topic in self._inbox.inputs:
                    await self._pass_discarded(connection, village, topic)
                return False
            await self._pass_discarded(connection, village, row["topic"])
            item = await self._readable(village, row)
            village.parked = 0
            way = route(village, [item], most=1)
            if way.parked:
                raise _StillBrokenError(way.parked[0].reason, way.parked[0].detail)
            await self._unpark(connection, row)
            await self._inbox.write(connection, {key: village}, {key: way})
            await self._pass_discarded(connection, village, row["topic"])
            return True

    async def _unpark(self, connection: Connection, row: Any) -> None:
        await connection.execute(QUERIES["unpark"], row["parked_id"])
        await connection.execute(QUERIES["waits"], [row["village_key"]], [-1], [0])
        if row["sequence"] is None:
            await connection.execute(
                QUERIES["settle_record"],
                row["topic"],
                row["kafka_partition"],
                row["kafka_offset"],
                self._clock.now(),
            )

    async def _readable(self, village: Village, row: Any) -> Received | Broken:
        """The parked event, from the producer's stored bytes where the topic's are broken."""
        value = None if row["value"] is None else self._sealer.open(row["value"])
        item = decode_one(
            value,
            key=village.key,
            topic=row["topic"],
            partition=row["kafka_partition"],
            offset=row["kafka_offset"],
        )
        if isinstance(item, Received) or self._stored is None:
            return item
        following = village.marks.get(row["topic"], Mark()).sequence + 1
        stored = await self._stored(row["topic"], village.key, following)
        if stored is None:
            detail = f"{item.detail}; the producer has no event {following} in this stream"
            raise _StillBrokenError(item.reason, detail)
        return decode_one(
            stored,
            key=village.key,
            topic=row["topic"],
            partition=row["kafka_partition"],
            offset=row["kafka_offset"],
        )

    async def _still_parked(self, key: str, applied: int, reason: str, detail: str) -> Drained:
        async with self._database.transaction() as connection:
            village = await self._locked(connection, key)
            row = await connection.fetchrow(QUERIES["parked_front"], key)
            if row is not None:
                await connection.execute(QUERIES["failed_again"], row["parked_id"], reason, detail)
        return Drained(key, applied, village.parked, f"{reason}: {detail}")

    async def discard(
        self,
        key: str,
        *,
        reason: str,
        actor: str,
        parked_id: int | None = None,
        topic: str | None = None,
        sequence: int | None = None,
    ) -> None:
        """Decide that an event has no effect here: a fact of its own, which a rebuild obeys.

        Names a parked event by its id, or an event of a stream by topic and sequence (parked or
        missing). Raises ParkingError when there is none such.
        """
        async with self._database.transaction() as connection:
            village = await self._locked(connection, key)
            row = await connection.fetchrow(
                QUERIES["parked_named"], key, parked_id, topic, sequence
            )
            if row is None and (topic is None or sequence is None):
                raise ParkingError(f"{key} has no parked event with the id {parked_id}")
            if row is not None:
                topic, sequence = row["topic"], row["sequence"]
                await self._unpark(connection, row)
            mark = village.marks.get(topic or "", Mark())
            if row is None and sequence is not None and sequence <= mark.sequence:
                raise ParkingError(f"{topic} of {key} has passed {sequence} already")
            await connection.execute(
                QUERIES["discard"],
                self._ids.random(),
                key,
                topic,
                sequence,
                self._time_of(key, row),
                None if row is None else row["kafka_partition"],
                None if row is None else row["kafka_offset"],
                reason,
                actor,
                self._clock.now(),
            )
            await self._pass_discarded(connection, village, topic or "")
        await self._inbox.take_village(key, ())

    def _time_of(self, key: str, row: Any) -> Any:
        """The discarded event's time, so that its return is known as a duplicate."""
        if row is None or row["value"] is None:
            return None
        item = decode_one(
            self._sealer.open(row["value"]), key=key, topic=row["topic"], partition=0, offset=0
        )
        return item.time if isinstance(item, Received) else None

    async def _pass_discarded(self, connection: Connection, village: Village, topic: str) -> None:
        """Advance the mark over events that a person discarded."""
        while topic in self._inbox.inputs:
            mark = village.marks.get(topic, Mark())
            row = await connection.fetchrow(
                QUERIES["discarded"], village.key, topic, mark.sequence + 1
            )
            if row is None:
                return
            village.marks[topic] = Mark(mark.sequence + 1, row["time"] or mark.time)
            way = Way(moved={topic})
            await self._inbox.write(connection, {village.key: village}, {village.key: way})

    async def resume(self, *, park_for: timedelta | None = None) -> str | None:
        """End a systemic stop; why it was, or None when consuming was not stopped.

        With `park_for` every village that fails within that time is parked, however many: a person
        has seen that the records are broken and will not mend.
        """
        async with self._database.transaction() as connection:
            if park_for is not None:
                await connection.execute(QUERIES["allow_parking"], self._clock.now() + park_for)
            row = await connection.fetchrow(QUERIES["resume"])
        return None if row is None else row["reason"]

    async def _locked(self, connection: Connection, key: str) -> Village:
        states = await self._inbox.lock(connection, [key])
        if key not in states:
            raise ParkingError(f"{key} is not known to this service")
        return states[key]


class _StillBrokenError(Exception):
    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail
