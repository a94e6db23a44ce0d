"""Create the topics, and check at each start that they still are as declared."""

from __future__ import annotations

from typing import Any

from aiokafka.admin import NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import for_code

from common.events.topics import TOPICS, Topic, prefixed
from common.kafka import build_admin

_EXISTS = 36


class TopicsDiffer(RuntimeError):
    """A topic is missing or not as declared."""


async def ensure_topics(
    bootstrap: str, *, prefix: str, partitions: int, replication: int = 1
) -> list[str]:
    """Create the topics that are missing, then check all; raises TopicsDiffer."""
    admin = build_admin(bootstrap, client="topics")
    await admin.start()
    try:
        response: Any = await admin.create_topics(
            [
                NewTopic(
                    prefixed(prefix, topic.name),
                    topic.partitions or partitions,
                    replication,
                    topic_configs=topic.settings,
                )
                for topic in TOPICS
            ],
            timeout_ms=10_000,
        )
        created = []
        for name, code, *_ in response.topic_errors:
            if code == 0:
                created.append(name)
            elif code != _EXISTS:
                raise TopicsDiffer(f"topic {name} cannot be created: {for_code(code).__name__}")
    finally:
        await admin.close()
    await check_topics(bootstrap, prefix=prefix, partitions=partitions)
    return created


async def check_topics(bootstrap: str, *, prefix: str, partitions: int) -> None:
    """Raise TopicsDiffer naming every topic that is missing or differs, and how."""
    admin = build_admin(bootstrap, client="topics")
    await admin.start()
    try:
        names = [prefixed(prefix, topic.name) for topic in TOPICS]
        described = {t["topic"]: t for t in await admin.describe_topics(names)}
        responses: Any = await admin.describe_configs(
            [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
        )
        settings: dict[str, dict[str, str]] = {}
        for response in responses:
            for _, _, _, name, entries in response.resources:
                settings[name] = {entry[0]: entry[1] for entry in entries}
    finally:
        await admin.close()
    wrong: list[str] = []
    for topic in TOPICS:
        name = prefixed(prefix, topic.name)
        wrong += _differences(
            topic,
            name,
            len(described[name]["partitions"]) if name in described else 0,
            partitions,
            settings.get(name, {}),
        )
    if wrong:
        raise TopicsDiffer("; ".join(wrong))


def _differences(
    topic: Topic, name: str, found: int, partitions: int, settings: dict[str, str]
) -> list[str]:
    if not found:
        return [f"{name} is missing: run the service's `topics` command"]
    expected = topic.partitions or partitions
    wrong = [
        f"{name} has {key}={settings.get(key)}, declared {value}"
        for key, value in topic.settings.items()
        if settings.get(key) != value
    ]
    if found != expected:
        wrong.append(f"{name} has {found} partitions, declared {expected} (TOPIC_PARTITIONS)")
    return wrong
