"""The options that must never be forgotten: a service with others refuses to start."""

from __future__ import annotations

import pytest
from common.kafka import UnsafeOptions, assert_safe, build_broker, service_router, subscribe
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage, KafkaRouter

NOWHERE = "127.0.0.1:1"


async def handle(message: KafkaMessage) -> None:
    """Never called."""


def test_our_own_subscribers_are_safe() -> None:
    """What the services declare passes, however many there are."""
    router = service_router()
    for number in (1, 2):
        subscribe(router, ["a", "b"], group="g", title=f"s{number}")(handle)

    assert 2 == len(build_broker(NOWHERE, service="test", routers=[router]).subscribers)


def test_a_policy_of_the_broker_does_not_reach_its_routers() -> None:
    """Why the policy stands on the router: FastStream leaves such a subscriber at auto-commit."""
    router = KafkaRouter()
    router.subscriber("a", group_id="g", auto_offset_reset="earliest")(handle)
    broker = KafkaBroker(NOWHERE, ack_policy=AckPolicy.NACK_ON_ERROR)
    broker.include_router(router)

    with pytest.raises(UnsafeOptions, match=r"ack_policy=.*auto-commit"):
        assert_safe(broker)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"group_id": None}, "no group_id"),
        ({"auto_offset_reset": "latest"}, "auto_offset_reset"),
        ({"ack_policy": AckPolicy.ACK}, "ack_policy"),
    ],
)
def test_each_unsafe_option_is_named(options: dict[str, object], named: str) -> None:
    """A subscriber built by hand is found at start."""
    router = service_router()
    safe = {"group_id": "g", "auto_offset_reset": "earliest"}
    router.subscriber("a", **(safe | options))(handle)

    with pytest.raises(UnsafeOptions, match=named):
        build_broker(NOWHERE, service="test", routers=[router])
