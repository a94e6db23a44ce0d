"""What notifications hears: villages and decisions; a batch is one transaction."""

from __future__ import annotations

from common.events.topics import prefixed
from common.inbox import Inbox
from common.kafka import service_router, subscribe
from faststream.kafka import KafkaRouter
from faststream.kafka.annotations import KafkaMessage

from notifications.application import INPUTS

GROUP = "notifications"


def router_of(inbox: Inbox, *, prefix: str = "") -> KafkaRouter:
    """The router with the one subscriber of all inputs, handing batches to `inbox`."""
    router = service_router()
    inputs = [prefixed(prefix, topic) for topic in INPUTS]

    @subscribe(router, inputs, group=f"{prefix}{GROUP}", title="villages and decisions")
    async def on_events(message: KafkaMessage) -> None:
        """Note villages and address the alerts of decisions; nothing is sent from here."""
        await inbox.receive(message.raw_message)  # type: ignore[arg-type]  # a batch is a tuple

    return router
