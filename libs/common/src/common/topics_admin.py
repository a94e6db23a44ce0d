"""Create the topics, and check at each start that they still are as declared."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

from aiokafka.admin import NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, for_code

from common.events.topics import TOPICS, Topic, prefixed
from common.kafka import build_admin
from common.process import Backoff
from common.waiting import set_within

_EXISTS = 36
CHECK_SECONDS = 5.0
SEEN_SECONDS = 10.0

log = logging.getLogger(__name__)


class TopicsDiffer(RuntimeError):
    """A topic is missing or not as declared."""

    def __init__(self, differences: str, *, missing: bool = False) -> None:
        super().__init__(differences)
        self.missing = missing


async def ensure_topics(
    bootstrap: str, *, prefix: str, partitions: int, replication: int = 1
) -> list[str]:
    """Create the topics that are missing, then check all; raises TopicsDiffer."""
    admin = build_admin(bootstrap, client="topics")
    try:
        await admin.start()
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
    await seen(bootstrap, prefix=prefix, partitions=partitions)
    return created


async def seen(bootstrap: str, *, prefix: str, partitions: int, grown: bool = False) -> None:
    """Check until what was created is seen: the broker's metadata follows a moment later.

    Topics that differ are waited for only when they have just `grown`; raises TopicsDiffer.
    """
    backoff, deadline = Backoff(first=0.05, cap=0.5), time.monotonic() + SEEN_SECONDS
    while True:
        try:
            return await check_topics(bootstrap, prefix=prefix, partitions=partitions)
        except TopicsDiffer as error:
            if not (error.missing or grown) or time.monotonic() > deadline:
                raise
        await asyncio.sleep(backoff.next())


async def check_topics(bootstrap: str, *, prefix: str, partitions: int) -> None:
    """Raise TopicsDiffer naming every topic that is missing or differs, and how."""
    admin = build_admin(bootstrap, client="topics")
    try:
        await admin.start()
        names = [prefixed(prefix, topic.name) for topic in TOPICS]
        found = {
            topic["topic"]: len(topic["partitions"]) for topic in await admin.describe_topics(names)
        }
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
            found.get(name, 0),
            partitions,
            settings.get(name, {}),
        )
    if wrong:
        missing = not all(found.get(name) for name in names)
        raise TopicsDiffer("; ".join(wrong), missing=missing)


class TopicsCheck:
    """Looks at the topics until they are as declared; a part, and a probe of readiness.

    Kafka that is away is no reason of this probe: the registry works without it.
    """

    def __init__(
        self, bootstrap: str, *, prefix: str, partitions: int, every: float = CHECK_SECONDS
    ) -> None:
        self._bootstrap = bootstrap
        self._prefix = prefix
        self._partitions = partitions
        self._every = every
        self._differ: str | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Check until all is well once, then rest until `stop`."""
        while not stop.is_set():
            try:
                await check_topics(
                    self._bootstrap, prefix=self._prefix, partitions=self._partitions
                )
            except TopicsDiffer as error:
                if str(error) != self._differ:
                    log.error("topics differ: %s", error)  # noqa: TRY400  # the text says it all
                self._differ = str(error)
            except (KafkaError, OSError) as error:
                log.debug("topics cannot be checked yet: %s", type(error).__name__)
            else:
                self._differ = None
                await stop.wait()
            await set_within(stop, self._every)

    async def probe(self) -> str | None:
        """What differs, or None."""
        return self._differ


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
