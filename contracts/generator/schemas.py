"""The JSON Schema of each event type: the whole event, envelope and data."""

from __future__ import annotations

from typing import Any, Literal

from common.events.envelope import AnyEventData, AreaEventData, Envelope, schema_of
from pydantic import Field, create_model
from pydantic.json_schema import GenerateJsonSchema

AREA_STREAM = "The stream: topic and area."
AREA_SUBJECT = "The code of the province or regency."
DIALECT = "https://json-schema.org/draft/2020-12/schema"


class WithoutFieldTitles(GenerateJsonSchema):
    """A field's title would only be its name again."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        del schema
        return False


def event_schema(data: type[AnyEventData]) -> dict[str, Any]:
    """The schema of one event type.

    Fields that it does not know are allowed: a later release may add optional ones.
    """
    described = _event(data).model_json_schema(schema_generator=WithoutFieldTitles)
    for attribute in ("traceparent", "batchid"):
        _left_out_when_none(described["properties"][attribute])
    _open(described)
    del described["title"]
    definitions = {"$defs": described.pop("$defs")}
    head = {"$schema": DIALECT, "$id": schema_of(data.type), "title": data.__name__}
    return head | described | definitions


def _event(data: type[AnyEventData]) -> type[Envelope]:
    """The envelope with what is fixed for this type."""
    stream = f"^/{data.topic.replace('.', '/')}/{data.subject_pattern}$"
    subject = f"^{data.subject_pattern}$"
    narrowed: dict[str, Any] = {
        "type": (Literal[data.type], _described("type")),
        "source": (str, _described("source", pattern=stream)),
        "subject": (str, _described("subject", pattern=subject)),
        "partitionkey": (str, _described("partitionkey", pattern=subject)),
        "dataschema": (Literal[schema_of(data.type)], _described("dataschema")),
        "data": (data, ...),
    }
    if issubclass(data, AreaEventData):
        narrowed["source"] = (str, Field(description=AREA_STREAM, pattern=stream))
        narrowed["subject"] = (str, Field(description=AREA_SUBJECT, pattern=subject))
    return create_model(
        f"{data.__name__}Event", __base__=Envelope, __doc__=data.__doc__, **narrowed
    )


def _described(attribute: str, **constraints: Any) -> Any:
    return Field(description=Envelope.model_fields[attribute].description, **constraints)


def _left_out_when_none(attribute: dict[str, Any]) -> None:
    """The outbox leaves the attribute out; it never writes null."""
    del attribute["default"]
    (present,) = (some for some in attribute.pop("anyOf") if some != {"type": "null"})
    attribute.update(present)


def _open(schema: Any) -> None:
    """Drop `additionalProperties: false`: a producer must not add fields, a reader lets them be."""
    if isinstance(schema, dict):
        if schema.get("additionalProperties") is False:
            del schema["additionalProperties"]
        for part in schema.values():
            _open(part)
    elif isinstance(schema, list):
        for part in schema:
            _open(part)
