"""The topics, declared in one place; created explicitly, never by use."""

from __future__ import annotations

from dataclasses import dataclass, field

REGISTRY_VILLAGES = "registry.villages"
REGISTRY_ENROLLMENTS = "registry.enrollments"
REGISTRY_OFFICIALS = "registry.officials"
REGISTRY_OUTREACH = "registry.outreach"
REGISTRY_NOTICES = "registry.notices"
REGISTRY_WATERMARKS = "registry.watermarks"
ELIGIBILITY_CERTIFICATIONS = "eligibility.certifications"
NOTIFICATIONS_DELIVERIES = "notifications.deliveries"

RESTRICTED = frozenset({REGISTRY_ENROLLMENTS, REGISTRY_OFFICIALS})
"""Topics whose facts, in a named village, still point at a person."""

SETTINGS = {"cleanup.policy": "delete", "retention.ms": "-1", "max.message.bytes": "1048588"}

WEEK = {"retention.ms": "604800000"}
"""Only the last watermark is ever needed."""


@dataclass(frozen=True, slots=True)
class Topic:
    name: str
    partitions: int | None = None
    """None: as many as `TOPIC_PARTITIONS` says, the same for all."""
    settings: dict[str, str] = field(default_factory=lambda: dict(SETTINGS))


TOPICS = (
    Topic(REGISTRY_VILLAGES),
    Topic(REGISTRY_ENROLLMENTS),
    Topic(REGISTRY_OFFICIALS),
    Topic(REGISTRY_OUTREACH),
    Topic(REGISTRY_NOTICES),
    Topic(REGISTRY_WATERMARKS, partitions=1, settings=SETTINGS | WEEK),
    Topic(ELIGIBILITY_CERTIFICATIONS),
    Topic(NOTIFICATIONS_DELIVERIES),
)


def prefixed(prefix: str, name: str) -> str:
    """The name on the broker: tests put one prefix per worker before it."""
    return f"{prefix}{name}"
