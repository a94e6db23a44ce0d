"""The parked list: see it, retry it in order, discard from it, resume after a systemic stop."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from cryptography.exceptions import InvalidTag

from common.clock import Clock
from common.database import Connection, Database
from common.ids import Ids
from common.inbox import QUERIES, Inbox
from common.received import Broken, ImpossibleEvent, Received
from common.road import NO_MARK, Village, route
from common.sealing import Sealer
from common.setting_aside import Aside, reread

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
        self._aside = Aside(clock, sealer)
        self._clock = clock
        self._ids = ids
        self._stored = stored

    async def villages(self, limit: int = 100) -> Sequence[Any]:
        """The parked villages with the first reason of each."""
        async with self._database.transaction() as connection:
            return await connection.fetch(QUERIES["parked_villages"], limit)

    async def retry(self, key: str) -> Drained:
        """Drain a village in order while new events queue behind; ends at the first that fails."""
        applied, found = 0, None
        while True:
            try:
                more = await self._retry_front(key, found)
            except _AskProducerError as ask:
                found = ask.question, await ask.stored(*ask.question.event)
                continue
            except _StillBrokenError as error:
                return await self._still_parked(key, applied, error)
            if not more:
                await self._inbox.take_village(key, ())
                return Drained(key, applied, 0)
            applied += 1

    async def _retry_front(self, key: str, found: _Answered | None) -> bool:
        """Have the effect of the first parked event; False when none is left."""
        async with self._database.transaction() as connection:
            village = await self._locked(connection, key)
            row = await connection.fetchrow(QUERIES["parked_front"], key)
            if row is None:
                return False
            discarded = (await self._aside.discarded(connection, [key])).get(key)
            village.parked = 0
            first = route(village, (), discarded=discarded)
            item = self._readable(village, row, found)
            way = route(village, [item], discarded=discarded, most=1)
            if way.parked:
                raise _StillBrokenError(row, way.parked[0].reason, way.parked[0].detail)
            way.moved |= first.moved
            await self._unpark(connection, row)
            try:
                await self._inbox.write(connection, {key: village}, {key: way})
            except ImpossibleEvent as error:
                raise _StillBrokenError(row, error.code, error.reason) from error
            return True

    async def _unpark(self, connection: Connection, row: Any) -> None:
        await connection.execute(QUERIES["unpark"], row["parked_id"])
        await connection.execute(QUERIES["waits"], [row["village_key"]], [-1], [0])
        if row["sequence"] is None or row["reason"] == "SEQUENCE_REUSED":
            await self._settle(connection, row)

    async def _settle(self, connection: Connection, row: Any) -> None:
        place = row["topic"], row["kafka_partition"], row["kafka_offset"]
        await connection.execute(QUERIES["settle_record"], *place, self._clock.now())

    def _readable(self, village: Village, row: Any, found: _Answered | None) -> Received | Broken:
        """The parked event, from the producer's stored bytes where the topic's are broken.

        Raises what to ask the producer, which is done without a lock and then looked at again.
        """
        try:
            item = reread(row, self._aside.opened("parked", row))
        except InvalidTag:
            item = reread(row, None)
        if isinstance(item, Received) or self._stored is None:
            return item
        following = village.marks.get(row["topic"], NO_MARK).sequence + 1
        question = _Question(row["parked_id"], (row["topic"], village.key, following))
        if found is None or found[0] != question:
            raise _AskProducerError(question, self._stored)
        if found[1] is None:
            detail = f"{item.detail}; the producer has no event {following} in this stream"
            raise _StillBrokenError(row, item.reason, detail)
        return reread(row, found[1])

    async def _still_parked(self, key: str, applied: int, error: _StillBrokenError) -> Drained:
        """Note it at the event that failed, which another person may have dealt with meanwhile."""
        async with self._database.transaction() as connection:
            village = await self._locked(connection, key)
            await connection.execute(
                QUERIES["failed_again"], error.parked_id, error.reason, error.detail
            )
        return Drained(key, applied, village.parked, f"{error.reason}: {error.detail}")

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
            mark = village.marks.get(topic or "", NO_MARK)
            if row is not None:
                await self._unpark(connection, row)
                if sequence is not None and sequence <= mark.sequence:
                    # Another event has this number, and had its effect: the record is discarded.
                    await self._settle(connection, row)
                    sequence = None
            if row is None and sequence is not None and sequence <= mark.sequence:
                raise ParkingError(f"{topic} of {key} has passed {sequence} already")
            discarded = await self._aside.discarded(connection, [key])
            if row is None and (topic, sequence) in discarded.get(key, {}):
                raise ParkingError(f"{topic} {sequence} of {key} is discarded already")
            await connection.execute(
                QUERIES["discard"],
                self._ids.random(),
                key,
                topic,
                sequence,
                self._time_of(row),
                None if row is None else row["kafka_partition"],
                None if row is None else row["kafka_offset"],
                reason,
                actor,
                self._clock.now(),
            )
            if sequence is not None and sequence > mark.sequence:
                await connection.execute(QUERIES["discard_ahead"], key)
        await self._inbox.take_village(key, ())

    def _time_of(self, row: Any) -> Any:
        """The discarded event's time, so that its return is known as a duplicate."""
        try:
            item = None if row is None else reread(row, self._aside.opened("parked", row))
        except InvalidTag:
            return None
        return item.time if isinstance(item, Received) else None

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


@dataclass(frozen=True, slots=True)
class _Question:
    parked_id: int
    event: tuple[str, str, int]
    """Topic, village_key and sequence of the event whose bytes are broken here."""


_Answered = tuple[_Question, bytes | None]


class _AskProducerError(Exception):
    def __init__(self, question: _Question, stored: Stored) -> None:
        super().__init__(question)
        self.question = question
        self.stored = stored


class _StillBrokenError(Exception):
    def __init__(self, row: Any, reason: str, detail: str) -> None:
        super().__init__(reason)
        self.parked_id: int = row["parked_id"]
        self.reason = reason
        self.detail = detail
