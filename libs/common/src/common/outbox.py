"""The memory of what is to be published: events with their sequence, in the deed's transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from common.clock import Clock
from common.database import Connection, Queries
from common.events.envelope import MAX_EVENT_BYTES, AnyEventData, Origin, schema_of, sequence_text
from common.ids import Ids
from common.telemetry import current_traceparent

QUERIES = Queries.of("common", "outbox.sql")

_TICK = timedelta(microseconds=1)


class OutboxError(Exception):
    """An event cannot be appended.

    OutboxError
    ├── NotLocked
    └── EventTooLarge
    """


class NotLocked(OutboxError):
    """An event was appended for a village whose lock this transaction does not hold."""


class EventTooLarge(OutboxError):
    """An event is larger than 256 KiB."""


@dataclass(frozen=True, slots=True)
class VillageLocks:
    """The villages whose rows this transaction holds; made by `lock_villages` only."""

    keys: frozenset[str]


async def lock_villages(
    connection: Connection, keys: Iterable[str], statement: str
) -> VillageLocks:
    """Lock villages in key order, all of a transaction's at once and before anything else.

    `statement` takes the sorted keys as $1::text[] and returns the village_key of each row locked.
    """
    rows = await connection.fetch(statement, sorted(set(keys)))
    return VillageLocks(frozenset(row["village_key"] for row in rows))


@dataclass(frozen=True, slots=True)
class Draft:
    """An event before it has its sequence and time."""

    village_key: str
    """The stream's subject: a village_key, or an area's code."""
    data: AnyEventData
    origin: Origin = Origin.LIVE
    batch_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Appended:
    """An event as it was recorded."""

    id: UUID
    village_key: str
    topic: str
    sequence: int
    time: datetime

    @property
    def position(self) -> str:
        """What `Event-Position` says and `wait_for` takes."""
        return f"{self.topic}/{self.village_key}/{self.sequence}"


class Outbox:
    """Appends events to `events` and `unpublished`; the relay carries them from there."""

    def __init__(self, *, clock: Clock, ids: Ids) -> None:
        self._clock = clock
        self._ids = ids

    async def append(
        self, connection: Connection, locks: VillageLocks, drafts: Sequence[Draft]
    ) -> list[Appended]:
        """Record the drafts in their order; nothing leaves unless the transaction commits.

        Raises NotLocked and EventTooLarge.
        """
        if not drafts:
            return []
        keys = {draft.village_key for draft in drafts}
        if not keys <= locks.keys:
            raise NotLocked(f"not locked: {', '.join(sorted(keys - locks.keys)[:5])}")
        sequences, times = await self._last(connection, keys)
        appended: list[Appended] = []
        values: list[bytes] = []
        now = self._clock.now()
        for draft in drafts:
            stream = (draft.village_key, draft.data.topic)
            sequences[stream] += 1
            last = times.get(draft.village_key)
            time = now if last is None or now > last else last + _TICK
            times[draft.village_key] = time
            event = Appended(self._ids.event(time), *stream, sequences[stream], time)
            appended.append(event)
            values.append(event_bytes(draft, event))
        await connection.execute(
            QUERIES["append"],
            [event.id for event in appended],
            [event.village_key for event in appended],
            [event.topic for event in appended],
            [event.sequence for event in appended],
            [event.time for event in appended],
            values,
        )
        return appended

    async def _last(
        self, connection: Connection, keys: set[str]
    ) -> tuple[defaultdict[tuple[str, str], int], dict[str, datetime]]:
        """The streams' last sequences and each village's last time over all its streams."""
        sequences: defaultdict[tuple[str, str], int] = defaultdict(int)
        times: dict[str, datetime] = {}
        for row in await connection.fetch(QUERIES["last_of_villages"], list(keys)):
            sequences[row["village_key"], row["topic"]] = row["last_sequence"]
            last = times.get(row["village_key"])
            if last is None or row["last_time"] > last:
                times[row["village_key"]] = row["last_time"]
        return sequences, times


def event_bytes(draft: Draft, event: Appended) -> bytes:
    """The event as it stands on the topic for ever; raises EventTooLarge."""
    kind = draft.data.type
    envelope: dict[str, object] = {
        "specversion": "1.0",
        "id": event.id,
        "type": kind,
        "source": f"/{event.topic.replace('.', '/')}/{event.village_key}",
        "subject": event.village_key,
        "time": event.time,
        "datacontenttype": "application/json",
        "dataschema": schema_of(kind),
        "sequence": sequence_text(event.sequence),
        "partitionkey": event.village_key,
    }
    if (traceparent := current_traceparent()) is not None:
        envelope["traceparent"] = traceparent
    envelope["origin"] = draft.origin
    if draft.batch_id is not None:
        envelope["batchid"] = draft.batch_id
    envelope["data"] = msgspec.Raw(draft.data.model_dump_json().encode())
    value = msgspec.json.encode(envelope)
    if len(value) > MAX_EVENT_BYTES:
        raise EventTooLarge(
            f"{kind} for {event.village_key} has {len(value)} bytes, "
            f"{MAX_EVENT_BYTES} are allowed; split it"
        )
    return value
