"""What eligibility hears: the registry's topics, and what became of messages to offices."""

from __future__ import annotations

from common.events import topics
from common.events.topics import prefixed
from common.inbox import Inbox
from common.kafka import service_router, subscribe
from faststream.kafka import KafkaRouter
from faststream.kafka.annotations import KafkaMessage

from eligibility.messages import Messages

GROUP = "eligibility"
MESSAGES_GROUP = "eligibility-messages"
"""A group of its own: what became of messages delays no decision."""
INPUTS = (
    topics.REGISTRY_VILLAGES,
    topics.REGISTRY_ENROLLMENTS,
    topics.REGISTRY_OFFICIALS,
    topics.REGISTRY_OUTREACH,
    topics.REGISTRY_NOTICES,
)
"""All inputs stand in every subscriber, so that a village's topics land on one member.

The marks are arrays in this order: a new topic goes to the end.
"""


def registry_router(inbox: Inbox, *, prefix: str = "") -> KafkaRouter:
    """Two subscribers in one group: one batch is decoded while Postgres works on the other."""
    router = service_router()
    inputs = [prefixed(prefix, topic) for topic in INPUTS]
    for number in (1, 2):

        async def on_registry_events(message: KafkaMessage) -> None:
            """Note what the registry's events are about; a batch is one transaction."""
            await inbox.receive(message.raw_message)  # type: ignore[arg-type]  # a batch is a tuple

        subscribe(router, inputs, group=prefixed(prefix, GROUP), title=f"registry events {number}")(
            on_registry_events
        )
    return router


def messages_router(messages: Messages, *, prefix: str = "") -> KafkaRouter:
    """The one subscriber of what notifications tells of its messages."""
    router = service_router()

    async def on_messages_told(message: KafkaMessage) -> None:
        """Keep what became of messages; it decides nothing."""
        await messages.receive(message.raw_message)  # type: ignore[arg-type]  # a batch is a tuple

    subscribe(
        router,
        [prefixed(prefix, topics.NOTIFICATIONS_DELIVERIES)],
        group=prefixed(prefix, MESSAGES_GROUP),
        title="messages",
    )(on_messages_told)
    return router
