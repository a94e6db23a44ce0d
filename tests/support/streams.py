"""Events made by hand, and what stands on a topic."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
from aiokafka import TopicPartition
from common.events.envelope import AnyEventData, EventData, Origin, schema_of, sequence_text
from common.events.registry import SosialisasiHeld
from common.kafka import HEADERS, build_consumer, build_producer

KETANON = "33.26.10.2001"
WONOPRINGGO = "33.26.12.2008"
SUKOSEWU = "35.05.15.2004"
START = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)


def fresh_prefix() -> str:
    return f"t{secrets.token_hex(4)}."


@dataclass(frozen=True, slots=True)
class Record:
    """A record as a poll would bring it."""

    topic: str
    key: bytes | None
    value: bytes | None
    partition: int = 0
    offset: int = 0
    headers: tuple[tuple[str, bytes | None], ...] = field(default=tuple(HEADERS))


def sosialisasi(village: str = KETANON, *, on: date = date(2026, 1, 5)) -> SosialisasiHeld:
    return SosialisasiHeld(
        effective_on=on, village_code=village, sosialisasi_id=uuid4(), organiser="BRANCH_OFFICE"
    )


def value_of(
    data: AnyEventData,
    *,
    village: str,
    sequence: int,
    time: datetime | None = None,
    id: UUID | None = None,  # noqa: A002
    origin: Origin = Origin.LIVE,
    **changes: Any,
) -> bytes:
    """The bytes of an event, as the outbox would make them."""
    envelope = {
        "specversion": "1.0",
        "id": id or uuid4(),
        "type": data.type,
        "source": f"/{data.topic.replace('.', '/')}/{village}",
        "subject": village,
        "time": time or START + timedelta(seconds=sequence),
        "datacontenttype": "application/json",
        "dataschema": schema_of(data.type),
        "sequence": sequence_text(sequence),
        "partitionkey": village,
        "origin": origin,
        "data": msgspec.Raw(data.model_dump_json().encode()),
    }
    return msgspec.json.encode(envelope | changes)


class Offsets:
    """Counts offsets per topic, so that hand-made records have places of their own."""

    def __init__(self) -> None:
        self._next: dict[str, int] = {}

    def record(self, data: EventData, *, village: str, sequence: int, **changes: Any) -> Record:
        value = value_of(data, village=village, sequence=sequence, **changes)
        return self.raw(data.topic, village.encode(), value)

    def raw(self, topic: str, key: bytes | None, value: bytes | None) -> Record:
        offset = self._next[topic] = self._next.get(topic, -1) + 1
        return Record(topic, key, value, 0, offset)


async def all_records(kafka: str, topics: Sequence[str], *, partitions: int) -> list[Any]:
    """Everything that stands on some topics at this moment."""
    places = [TopicPartition(topic, p) for topic in topics for p in range(partitions)]
    async with build_consumer(kafka, client="tests") as consumer:
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        await consumer.seek_to_beginning(*places)
        records: list[Any] = []
        while [place for place in places if await consumer.position(place) < ends[place]]:
            for some in (await consumer.getmany(timeout_ms=500)).values():
                records += some
    return records


async def publish(kafka: str, topic: str, *messages: tuple[bytes | None, bytes | None]) -> None:
    """Put records on a topic past our outbox, as a stranger would."""
    async with build_producer(kafka, client="tests") as producer:
        for key, value in messages:
            await producer.send_and_wait(topic, value, key=key, headers=list(HEADERS))
