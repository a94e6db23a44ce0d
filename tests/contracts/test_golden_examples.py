"""Golden examples: valid by schema and by CloudEvents, read alike by all, made by the outbox."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import jsonschema_rs
import pytest
from common.clock import Clock
from common.database import Connection, Database
from common.events import EVENT_TYPES
from common.events.envelope import Envelope, schema_of
from common.ids import Ids
from common.outbox import Outbox, lock_villages
from common.received import Received, decode_one, parse
from support.databases import ServiceUrls

from contracts.generator.example import Example
from contracts.generator.examples import EXAMPLES
from contracts.generator.paths import CONTRACTS

VENDOR = Path(__file__).parent / "vendor"
CLOUDEVENTS = jsonschema_rs.Draft7Validator(
    json.loads((VENDOR / "cloudevents-1.0.json").read_bytes()), validate_formats=True
)
ATTRIBUTE = re.compile(r"[a-z0-9]{1,20}")
RELEASED = sorted(CONTRACTS.glob("released/*/examples/*/*.json"))
PUBLISHED = sorted(CONTRACTS.glob("examples/*/*.json")) + RELEASED

every_published = pytest.mark.parametrize(
    "path", PUBLISHED, ids=lambda path: str(path.relative_to(CONTRACTS))
)
every_declared = pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.path)


def schema_file(event_type: str) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads((CONTRACTS / f"schemas/{event_type}.json").read_bytes())
    return schema


def read(value: bytes) -> Received:
    """The event as a consumer of today takes it from its topic."""
    event = json.loads(value)
    topic = EVENT_TYPES[event["type"]].topic
    received = decode_one(value, key=event["subject"], topic=topic, partition=0, offset=0)
    assert isinstance(received, Received), received
    return received


@every_published
def test_an_example_keeps_its_schema(path: Path) -> None:
    """Everything ever published is valid by today's schema, in both dialects that tools speak."""
    event = json.loads(path.read_bytes())
    schema = schema_file(event["type"])

    jsonschema_rs.Draft202012Validator(schema, validate_formats=True).validate(event)
    jsonschema_rs.Draft7Validator(schema, validate_formats=True).validate(event)


@every_published
def test_an_example_is_a_cloudevent(path: Path) -> None:
    """The envelope keeps CloudEvents 1.0, with the attributes that the design promises."""
    event = json.loads(path.read_bytes())
    CLOUDEVENTS.validate(event)

    assert event["specversion"] == "1.0"
    assert all(ATTRIBUTE.fullmatch(name) for name in event)
    assert all(isinstance(value, str) for name, value in event.items() if name != "data")
    assert re.fullmatch("[0-9]{10}", event["sequence"])
    assert event["partitionkey"] == event["subject"]
    assert event["source"].endswith(f"/{event['subject']}")
    assert schema_of(event["type"]) == schema_file(event["type"])["$id"] == event["dataschema"]
    assert UUID(event["id"]).version == 7
    assert datetime.fromisoformat(event["time"]).utcoffset() is not None


@every_published
def test_both_readers_read_the_same(path: Path) -> None:
    """The envelope by pydantic and by the fast reader, the data by its contract: equal values."""
    value = path.read_bytes()
    envelope, received = Envelope.model_validate_json(value), read(value)

    assert (
        envelope.id,
        envelope.type,
        envelope.subject,
        envelope.time,
        int(envelope.sequence),
        envelope.origin,
        envelope.batchid,
        envelope.traceparent,
    ) == (
        received.id,
        received.type,
        received.subject,
        received.time,
        received.sequence,
        received.origin,
        received.batchid,
        received.traceparent,
    )
    data = parse(received)
    assert data == EVENT_TYPES[envelope.type].model_validate_json(json.dumps(envelope.data))
    assert_kept(envelope.data, json.loads(data.model_dump_json()))


def assert_kept(published: Any, today: Any) -> None:
    """What was published is still there; a later release may have added optional fields."""
    if isinstance(published, dict):
        for name, value in published.items():
            assert_kept(value, today[name])
    elif isinstance(published, list):
        assert len(published) == len(today)
        for one, other in zip(published, today, strict=True):
            assert_kept(one, other)
    else:
        assert published == today


@every_declared
def test_an_example_is_read_as_it_was_declared(example: Example) -> None:
    """From the declared value to bytes and back nothing is lost."""
    received = read((CONTRACTS / example.path).read_bytes())

    assert example.data == parse(received)
    assert (example.id, example.subject, example.time, example.sequence, example.origin) == (
        received.id,
        received.subject,
        received.time,
        received.sequence,
        received.origin,
    )
    assert (example.batch_id, example.traceparent) == (received.batchid, received.traceparent)


class FixedIds(Ids):
    def __init__(self, id: UUID) -> None:  # noqa: A002
        self._id = id

    def event(self, at: datetime) -> UUID:
        return self._id


class FixedClock(Clock):
    def __init__(self, at: datetime) -> None:
        super().__init__()
        self._at = at

    def now(self) -> datetime:
        return self._at


@pytest.fixture
async def database(common_urls: ServiceUrls) -> AsyncIterator[Database]:
    opened = await Database.open(common_urls.work, name="golden")
    yield opened
    await opened.close()


async def test_the_outbox_stores_exactly_these_bytes(database: Database) -> None:
    """In Postgres, behind a real append, stands what is published as the golden example."""
    for example in (example for example in EXAMPLES if example.traceparent is None):
        async with database.transaction() as connection:
            undo = connection.transaction()
            await undo.start()
            assert (CONTRACTS / example.path).read_bytes() == await stored(connection, example)
            await undo.rollback()


async def stored(connection: Connection, example: Example) -> bytes:
    """What the outbox keeps of an example that comes next in its stream."""
    await connection.execute(
        "INSERT INTO streams VALUES ($1, $2, $3, '2020-01-01Z')",
        example.subject,
        example.data.topic,
        example.sequence - 1,
    )
    locks = await lock_villages(
        connection, [example.subject], "SELECT unnest($1::text[]) AS village_key"
    )
    outbox = Outbox(clock=FixedClock(example.time), ids=FixedIds(example.id))
    await outbox.append(connection, locks, [example.draft])
    value: bytes = await connection.fetchval("SELECT value FROM events WHERE id = $1", example.id)
    return value


@every_declared
def test_a_field_of_a_later_release_is_passed_over(example: Example) -> None:
    """A consumer that is upgraded after its producer goes on reading, at every depth."""
    event = json.loads((CONTRACTS / example.path).read_bytes())
    event["data"] = with_later_fields(event["data"])
    event["laterattribute"] = "x"

    assert example.data == parse(read(json.dumps(event).encode()))


def with_later_fields(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: with_later_fields(part) for name, part in value.items()} | {"later": 1}
    if isinstance(value, list):
        return [with_later_fields(part) for part in value]
    return value
