"""Events as they come from a topic: decoded one by one, the unreadable told apart.

Joining a batch and decoding its lines costs more than it saves: whole events are copied for it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal
from uuid import UUID

import msgspec
from pydantic import ValidationError

from common.events import EVENT_TYPES
from common.events.envelope import MAX_EVENT_BYTES, SEQUENCE_DIGITS, AnyEventData, Origin

_KEY = re.compile(r"[1-9][0-9](\.[0-9]{2}(\.[0-9]{2}(\.[123][0-9]{3})?)?)?")


class Received(msgspec.Struct, gc=False, kw_only=True):
    """An event whose envelope could be read; its data is parsed by who needs it."""

    specversion: Literal["1.0"]
    id: UUID
    type: str
    subject: str
    time: datetime
    number: str = msgspec.field(name="sequence")
    data: msgspec.Raw
    origin: Origin = Origin.LIVE
    batchid: UUID | None = None
    traceparent: str | None = None
    # Where it came from; set after decoding, never read from the bytes.
    sequence: int = msgspec.field(default=0, name="_sequence")
    topic: str = msgspec.field(default="", name="_topic")
    partition: int = msgspec.field(default=0, name="_partition")
    offset: int = msgspec.field(default=0, name="_offset")
    value: bytes = msgspec.field(default=b"", name="_value")


@dataclass(frozen=True, slots=True)
class Broken:
    """A record that has a village but no readable event."""

    subject: str
    topic: str
    partition: int
    offset: int
    value: bytes | None
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Unroutable:
    """A record without a usable key: it belongs to no village."""

    topic: str
    partition: int
    offset: int
    value: bytes | None
    reason: str


@dataclass(frozen=True, slots=True)
class Batch:
    """What a poll brought, in order of arrival per village."""

    villages: dict[str, list[Received | Broken]]
    unroutable: list[Unroutable]


class ImpossibleEvent(Exception):  # it is the event that is impossible
    """An event that cannot have happened as it says; its village is parked there."""

    def __init__(self, event: Received, reason: str, *, code: str = "IMPOSSIBLE") -> None:
        super().__init__(f"{event.type} {event.subject}/{event.sequence}: {reason}")
        self.event = event
        self.reason = reason
        self.code = code

    @property
    def found(self) -> Sequence[ImpossibleEvent]:
        """All that were found at once."""
        return (self,)


class UnreadableEvents(ImpossibleEvent):
    """All events of a batch whose data cannot be, found before anything was written for it."""

    def __init__(self, found: Sequence[ImpossibleEvent]) -> None:
        first = found[0]
        super().__init__(first.event, first.reason, code=first.code)
        self._found = tuple(found)

    @property
    def found(self) -> Sequence[ImpossibleEvent]:
        return self._found


_TOPIC_OF = {name: data.topic for name, data in EVENT_TYPES.items()}
_TYPE = re.compile(r"[a-z0-9_.]{1,200}")
_FIRST_YEAR, _LAST_YEAR = 2000, 2199
"""What Postgres can store and a clock can have said."""
_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_decoder = msgspec.json.Decoder(Received)


def parse(event: Received) -> AnyEventData:
    """The event's data by its contract; raises ImpossibleEvent.

    A field that this release does not know is no fault: a newer producer may add one.
    """
    try:
        return EVENT_TYPES[event.type].model_validate_json(bytes(event.data), extra="ignore")
    except ValidationError as error:
        where = ", ".join(
            ".".join(map(str, e["loc"])) + f" {e['type']}" for e in error.errors()[:5]
        )
        raise ImpossibleEvent(event, f"data breaks its schema: {where}") from error


def decode(records: Sequence[Any], *, prefix: str = "") -> Batch:
    """Decode Kafka records; any one that cannot be read harms no other."""
    batch = Batch({}, [])
    villages = batch.villages
    names: dict[str, str] = {}
    for record in records:
        if (topic := names.get(record.topic)) is None:
            topic = names[record.topic] = record.topic.removeprefix(prefix)
        key = _key(record.key)
        if key is None:
            batch.unroutable.append(
                Unroutable(topic, record.partition, record.offset, record.value, "NO_USABLE_KEY")
            )
            continue
        item = _placed(_decode_value(record.value), record, topic, key)
        if (items := villages.get(key)) is None:
            villages[key] = [item]
        else:
            items.append(item)
    return batch


def decode_one(
    value: bytes | None, *, key: str, topic: str, partition: int, offset: int
) -> Received | Broken:
    """Decode one stored value, with the same checks as a record of a poll."""
    record = _Stored(topic, partition, offset, key.encode(), value)
    return _placed(_decode_value(value), record, topic, key)


@dataclass(frozen=True, slots=True)
class _Stored:
    topic: str
    partition: int
    offset: int
    key: bytes
    value: bytes | None


def _decode_value(value: bytes | None) -> Received | str:
    if value is None:
        return "no value"
    try:
        return _decoder.decode(value)
    except _UNREADABLE as error:
        return _without_content(error)


def _without_content(error: Exception) -> str:
    """Why decoding failed: msgspec names the place and the expected type, never the value."""
    if isinstance(error, RecursionError):
        return "nested too deep"
    return str(error)[:200] if isinstance(error, msgspec.MsgspecError) else "not UTF-8"


@lru_cache(maxsize=200_000)
def _key(key: bytes | None) -> str | None:
    """The village or area code that a record's key is; the same few come over and over."""
    try:
        text = key.decode() if key else ""
    except UnicodeDecodeError:
        return None
    return text if _KEY.fullmatch(text) else None


def _placed(event: Received | str, record: Any, topic: str, key: str) -> Received | Broken:
    """The event with its place, or why it cannot be used."""
    if isinstance(event, str):
        return _broken(record, topic, key, "UNDECODABLE", event)
    time, value = event.time, record.value
    sequence = _sequence(event.number)
    if (
        event.subject != key
        or _TOPIC_OF.get(event.type) != topic
        or not sequence
        or time.tzinfo is None
        or not _FIRST_YEAR <= time.year <= _LAST_YEAR
        or len(value) > MAX_EVENT_BYTES
    ):
        fault = _fault(event, record, topic, key)
        if fault is not None:
            return fault
    event.sequence = sequence or 0
    event.topic = topic
    event.partition = record.partition
    event.offset = record.offset
    event.value = value
    return event


@lru_cache(maxsize=50_000)
def _sequence(number: str) -> int | None:
    """The number that the digits are; short ones come over and over, in every village."""
    digits = len(number) == SEQUENCE_DIGITS and number.isascii() and number.isdecimal()
    return int(number) if digits else None


def _fault(event: Received, record: Any, topic: str, key: str) -> Broken | None:
    """What makes an event unusable; a type that this release does not know is no fault."""
    if len(record.value) > MAX_EVENT_BYTES:
        return _broken(record, topic, key, "TOO_LARGE", f"{len(record.value)} bytes")
    if event.subject != key:
        return _broken(record, topic, key, "SUBJECT_DIFFERS", "subject is not the record's key")
    belongs = _TOPIC_OF.get(event.type)
    if belongs is None and not _TYPE.fullmatch(event.type):
        return _broken(record, topic, key, "BAD_ENVELOPE", "type is malformed")
    if belongs is not None and belongs != topic:
        detail = f"{event.type} belongs to {belongs}"
        return _broken(record, topic, key, "WRONG_TOPIC", detail)
    year_known = _FIRST_YEAR <= event.time.year <= _LAST_YEAR
    if not _sequence(event.number) or event.time.tzinfo is None or not year_known:
        return _broken(record, topic, key, "BAD_ENVELOPE", "sequence or time is malformed")
    return None


def _broken(record: Any, topic: str, key: str, reason: str, detail: str) -> Broken:
    return Broken(key, topic, record.partition, record.offset, record.value, reason, detail)
