"""What eligibility hears: the registry's topics, and how far each of them has been told."""

from __future__ import annotations

from common.events import topics
from common.events.topics import prefixed
from common.inbox import Inbox
from common.kafka import service_router, subscribe
from faststream.kafka import KafkaRouter
from faststream.kafka.annotations import KafkaMessage

GROUP = "eligibility"
INPUTS = (
    topics.REGISTRY_VILLAGES,
    topics.REGISTRY_ENROLLMENTS,
    topics.REGISTRY_OFFICIALS,
    topics.REGISTRY_OUTREACH,
)
"""All inputs stand in every subscriber, so that a village's topics land on one member."""
