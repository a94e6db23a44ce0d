"""What the registry compares: its counters and its record with its topics."""

from __future__ import annotations

from common.database import Database
from common.events import topics
from common.reconcile_published import Published
from common.reconciling import Reconciler, topics_of

from registry.settings import Settings

SERVICE = "registry"
TOPICS = (
    topics.REGISTRY_VILLAGES,
    topics.REGISTRY_ENROLLMENTS,
    topics.REGISTRY_OFFICIALS,
    topics.REGISTRY_OUTREACH,
    topics.REGISTRY_NOTICES,
)
"""What the registry publishes, and consumers have effects of."""


def reconciler_of(settings: Settings, work: Database) -> Reconciler:
    return Reconciler(SERVICE, Published(SERVICE, work, TOPICS, topics_of(settings, SERVICE)))
