"""AsyncAPI 3.0 of each service, from the event types, the topics and what the services hear."""

from __future__ import annotations

from inspect import cleandoc
from typing import Any

import msgspec
from common.events import EVENT_TYPES, topics
from common.events.envelope import CONTENT_TYPE, AnyEventData, AreaEventData
from common.events.topics import RESTRICTED, TOPICS, Topic
from common.settings import ServiceSettings
from common.watermarks import Watermark

from contracts.generator.paths import RELEASE
from contracts.generator.services import TOPIC_DESCRIPTIONS, Described, Hearing

BINDING = "0.5.0"
PARTITIONS = ServiceSettings.model_fields["topic_partitions"].default
WATERMARK = "registry.watermark"


def asyncapi(service: Described) -> dict[str, Any]:
    """The AsyncAPI 3.0 document of a service; its messages refer to `schemas/`."""
    heard = [topic for topic in TOPICS if topic.name in {one.topic for one in service.hears}]
    channels = [*service.sends, *heard]
    return {
        "asyncapi": "3.0.0",
        "id": f"urn:desa-sadar:{service.name}",
        "info": {
            "title": f"Desa Sadar: {service.name}",
            "version": RELEASE,
            "description": f"{service.description} Rules for readers: docs/integrators.md.",
        },
        "defaultContentType": CONTENT_TYPE,
        "servers": {"kafka": _server()},
        "channels": {topic.name: _channel(topic) for topic in channels},
        "operations": {
            **{_id("send", topic.name): _send(topic.name) for topic in service.sends},
            **{_id("receive", one.topic): _receive(one) for one in service.hears},
        },
        "components": {
            "messages": {
                name: message for topic in channels for name, message in _messages(topic).items()
            }
        },
    }


def _server() -> dict[str, Any]:
    return {
        "host": "{bootstrap}",
        "protocol": "kafka",
        "description": "The cluster of the installation.",
        "variables": {
            "bootstrap": {"default": "localhost:9092", "description": "A bootstrap server."}
        },
    }


def types_of(topic: str) -> list[type[AnyEventData]]:
    return [data for data in EVENT_TYPES.values() if data.topic == topic]


def _channel(topic: Topic) -> dict[str, Any]:
    channel = {
        "address": topic.name,
        "description": TOPIC_DESCRIPTIONS[topic.name],
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in _messages(topic)},
        "bindings": {"kafka": _topic_binding(topic)},
    }
    if topic.name in RESTRICTED:
        channel["x-restricted"] = (
            "In a named village these facts still point at a person: "
            "a reader needs a purpose and leave of the operator."
        )
    return channel


def _topic_binding(topic: Topic) -> dict[str, Any]:
    settings = topic.settings
    return {
        "topic": topic.name,
        "partitions": topic.partitions or PARTITIONS,
        "topicConfiguration": {
            "cleanup.policy": settings["cleanup.policy"].split(","),
            "retention.ms": int(settings["retention.ms"]),
            "max.message.bytes": int(settings["max.message.bytes"]),
        },
        "bindingVersion": BINDING,
    }


def _messages(topic: Topic) -> dict[str, dict[str, Any]]:
    if topic.name == topics.REGISTRY_WATERMARKS:
        return {WATERMARK: _watermark()}
    return {data.type: _message(data) for data in types_of(topic.name)}


def _message(data: type[AnyEventData]) -> dict[str, Any]:
    return {
        "name": data.type,
        "title": data.__name__,
        "summary": cleandoc(data.__doc__ or ""),
        "contentType": CONTENT_TYPE,
        "headers": {
            "type": "object",
            "properties": {"content-type": {"type": "string", "const": CONTENT_TYPE}},
            "required": ["content-type"],
        },
        "payload": {"$ref": f"../schemas/{data.type}.json"},
        "correlationId": {
            "description": "W3C Trace Context of the request that caused it, if there was one.",
            "location": "$message.payload#/traceparent",
        },
        "bindings": {
            "kafka": {
                "key": {
                    "type": "string",
                    "pattern": f"^{data.subject_pattern}$",
                    "description": f"The subject: the {_subject(data)}.",
                },
                "bindingVersion": BINDING,
            }
        },
    }


def _subject(data: type[AnyEventData]) -> str:
    return "area's code" if issubclass(data, AreaEventData) else "village_key"


def _watermark() -> dict[str, Any]:
    (schema,), definitions = msgspec.json.schema_components(
        [Watermark], ref_template="#/components/schemas/{name}"
    )
    del schema
    return {
        "name": WATERMARK,
        "title": Watermark.__name__,
        "summary": "Every event with a time before `time` stands before `ends` on its topic.",
        "contentType": "application/json",
        "payload": definitions[Watermark.__name__],
        "bindings": {
            "kafka": {"key": {"type": "string", "const": "registry"}, "bindingVersion": BINDING}
        },
        "x-internal": True,
    }


def _id(action: str, topic: str) -> str:
    return f"{action}.{topic}"


def _send(topic: str) -> dict[str, Any]:
    return {"action": "send", **_operation(topic)}


def _receive(hearing: Hearing) -> dict[str, Any]:
    kafka: dict[str, Any] = {"bindingVersion": BINDING}
    if hearing.group is not None:
        kafka["groupId"] = {"type": "string", "const": hearing.group}
    return {"action": "receive", **_operation(hearing.topic), "bindings": {"kafka": kafka}}


def _operation(topic: str) -> dict[str, Any]:
    return {"channel": {"$ref": f"#/channels/{topic}"}}
