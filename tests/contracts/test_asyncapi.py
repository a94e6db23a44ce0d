"""The AsyncAPI documents are valid and say what the code and the schemas say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from common.events import EVENT_TYPES
from common.events.topics import TOPICS
from common.kafka import HEADERS

from contracts.generator.asyncapi import types_of
from contracts.generator.paths import CONTRACTS
from contracts.generator.services import SERVICES, TOPIC_DESCRIPTIONS, Described

FOLDER = CONTRACTS / "asyncapi"
OFFICIAL = jsonschema_rs.Draft7Validator(
    json.loads((Path(__file__).parent / "vendor" / "asyncapi-3.0.0.json").read_bytes())
)
every_service = pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)


def document(service: Described) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((FOLDER / f"{service.name}.json").read_bytes())
    return read


def resolve(document: dict[str, Any], reference: str) -> Any:
    found: Any = document
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    return found


@every_service
def test_the_document_is_asyncapi_3(service: Described) -> None:
    """It is valid by the official schema, bindings included."""
    OFFICIAL.validate(document(service))


@every_service
def test_every_reference_leads_somewhere(service: Described) -> None:
    """Channels, messages and schema files that are named exist."""
    described = document(service)

    for operation in described["operations"].values():
        assert resolve(described, operation["channel"]["$ref"])
    for channel in described["channels"].values():
        for name, message in channel["messages"].items():
            assert resolve(described, message["$ref"])["name"] == name
    for message in described["components"]["messages"].values():
        if "$ref" in message["payload"]:
            assert (FOLDER / message["payload"]["$ref"]).resolve().is_file()


@every_service
def test_messages_and_schemas_say_the_same(service: Described) -> None:
    """A channel has the types of its topic, and each message its own schema, key and header."""
    described = document(service)
    header = {name: value.decode() for name, value in HEADERS}

    for name, channel in described["channels"].items():
        types = types_of(name)
        if not types:
            continue
        assert list(channel["messages"]) == [data.type for data in types]
        for data in types:
            message = described["components"]["messages"][data.type]
            schema = json.loads((FOLDER / message["payload"]["$ref"]).read_bytes())
            assert schema["properties"]["type"]["const"] == message["name"] == data.type
            key = message["bindings"]["kafka"]["key"]
            assert key["pattern"] == schema["properties"]["partitionkey"]["pattern"]
            constants = message["headers"]["properties"]
            assert {name: each["const"] for name, each in constants.items()} == header


def test_every_topic_has_one_sender_and_is_described() -> None:
    """What is declared is published by exactly one service, and nothing else is."""
    sent = [topic.name for service in SERVICES for topic in service.sends]

    assert sorted(sent) == sorted(topic.name for topic in TOPICS) == sorted(TOPIC_DESCRIPTIONS)


def test_the_topics_of_all_types_are_declared() -> None:
    """No event is written to a topic that nobody creates."""
    assert {data.topic for data in EVENT_TYPES.values()} <= {topic.name for topic in TOPICS}


@every_service
def test_what_is_heard_is_sent_by_someone_else(service: Described) -> None:
    """A service receives topics of the others, in groups of its own, and never its own."""
    heard = {hearing.topic for hearing in service.hears}

    assert not heard & {topic.name for topic in service.sends}
    assert heard <= {topic.name for topic in TOPICS}
    groups = {hearing.group for hearing in service.hears if hearing.group}
    assert [] == [group for group in groups if group.split("-")[0] != service.name]
