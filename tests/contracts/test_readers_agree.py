"""Pydantic is the contract, msgspec the fast reader: whatever the schema allows, they agree."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import jsonschema_rs
import pytest
from common.events import EVENT_TYPES
from common.events.envelope import AnyEventData, Origin
from common.events.registry import EnrollmentFact
from common.outbox import Appended, Draft, event_bytes
from common.received import Received, decode_one, parse
from eligibility.counts import DECODER
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from msgspec.structs import asdict

from contracts.generator.schemas import event_schema

CHARACTERS = st.characters(codec="utf-8")
FORMATS = {
    "uuid": st.uuids().map(str),
    "date": st.dates().map(str),
    "date-time": st.datetimes(timezones=st.just(UTC)).map(datetime.isoformat),
}


def allowed(schema: dict[str, Any], definitions: dict[str, Any]) -> st.SearchStrategy[Any]:
    """JSON that a schema of ours allows."""
    match schema:
        case {"$ref": reference}:
            return allowed(definitions[reference.removeprefix("#/$defs/")], definitions)
        case {"anyOf": alternatives}:
            return st.one_of([allowed(one, definitions) for one in alternatives])
        case {"type": "array", "items": items}:
            least, most = schema.get("minItems", 0), min(schema.get("maxItems", 5), 5)
            return st.lists(allowed(items, definitions), min_size=least, max_size=most)
        case {"type": "object", "properties": properties}:
            return an_object(properties, set(schema.get("required", ())), definitions)
        case _:
            return a_scalar(schema)


def a_scalar(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    made: st.SearchStrategy[Any]
    match schema:
        case {"enum": values}:
            made = st.sampled_from(values)
        case {"format": name}:
            made = FORMATS[name]
        case {"pattern": pattern}:
            made = st.from_regex(pattern, fullmatch=True)
        case {"type": "string", "minLength": least, "maxLength": most}:
            made = st.text(CHARACTERS, min_size=least, max_size=most)
        case {"type": "integer"}:
            made = st.integers(schema.get("minimum", -(2**53)), schema.get("maximum", 2**53))
        case {"type": "boolean"}:
            made = st.booleans()
        case {"type": "null"}:
            made = st.none()
        case _:
            raise AssertionError(f"the contract has a new kind of schema: {schema}")
    return made


def an_object(
    properties: dict[str, Any], required: set[str], definitions: dict[str, Any]
) -> st.SearchStrategy[dict[str, Any]]:
    made = {name: allowed(schema, definitions) for name, schema in properties.items()}
    return st.fixed_dictionaries(
        {name: some for name, some in made.items() if name in required},
        optional={name: some for name, some in made.items() if name not in required},
    )


QUICK = settings(
    max_examples=40,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
)

SCHEMAS = {name: event_schema(data) for name, data in EVENT_TYPES.items()}
VALIDATORS = {
    name: jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
    for name, schema in SCHEMAS.items()
}
DATA = {
    name: allowed(schema["properties"]["data"], schema["$defs"]) for name, schema in SCHEMAS.items()
}


def published(
    data: AnyEventData, appended: Appended, origin: Origin, batch_id: UUID | None
) -> tuple[bytes, Received]:
    """The outbox's bytes, and what a consumer reads of them."""
    value = event_bytes(Draft(appended.village_key, data, origin, batch_id), appended)
    received = decode_one(value, key=appended.village_key, topic=data.topic, partition=0, offset=0)
    assert isinstance(received, Received), received
    return value, received


@pytest.mark.parametrize("event_type", sorted(EVENT_TYPES))
@given(values=st.data())
@QUICK
def test_what_the_schema_allows_travels_unchanged(event_type: str, values: st.DataObject) -> None:
    """Schema -> model -> outbox bytes -> schema and fast reader -> the same model."""
    draw = values.draw
    data = EVENT_TYPES[event_type].model_validate_json(json.dumps(draw(DATA[event_type])))
    appended = Appended(
        draw(st.uuids()),
        data.code,
        data.topic,
        draw(st.integers(1, 9_999_999_999)),
        # The years that a reader takes for a time a clock can have said.
        draw(st.datetimes(datetime(2014, 1, 1), datetime(2199, 12, 31), timezones=st.just(UTC))),  # noqa: DTZ001
    )
    origin, batch_id = draw(st.sampled_from(Origin)), draw(st.none() | st.uuids())

    value, received = published(data, appended, origin, batch_id)

    VALIDATORS[event_type].validate(json.loads(value))
    assert data == parse(received)
    assert (appended.id, appended.time, appended.sequence, origin, batch_id) == (
        received.id,
        received.time,
        received.sequence,
        received.origin,
        received.batchid,
    )


ENROLLMENTS = sorted(name for name, data in EVENT_TYPES.items() if issubclass(data, EnrollmentFact))


@pytest.mark.parametrize("event_type", ENROLLMENTS)
@given(values=st.data())
@QUICK
def test_counting_reads_the_same_effect(event_type: str, values: st.DataObject) -> None:
    """Eligibility's hot path counts what the contract says, within the same bounds."""
    model = EVENT_TYPES[event_type].model_validate_json(json.dumps(values.draw(DATA[event_type])))
    assert isinstance(model, EnrollmentFact)

    counted = DECODER.decode(model.model_dump_json())

    assert model.effective_on == counted.effective_on
    assert [(one.effective_on, one.deltas.model_dump()) for one in model.effect] == [
        (one.effective_on, asdict(one.deltas)) for one in counted.effect
    ]
