"""What notifications compares: what it published, its marks, and its ledger with the decisions."""

from __future__ import annotations

from common.clock import Clock
from common.database import Database
from common.events import topics
from common.events.topics import prefixed
from common.ids import Ids
from common.parking import Parking
from common.reconcile_marks import Marks
from common.reconcile_published import Published
from common.reconciling import Reconciler, topics_of
from common.withdrawals import Withdrawals

from notifications.application import INPUTS
from notifications.consumers import GROUP
from notifications.ledger import Ledger
from notifications.settings import Settings

SERVICE = "notifications"
TOPICS = (topics.NOTIFICATIONS_DELIVERIES,)
"""What notifications publishes."""


def reconciler_of(settings: Settings, work: Database, clock: Clock) -> Reconciler:
    open_topics = topics_of(settings, SERVICE)
    marks = Marks(
        service=SERVICE,
        database=work,
        inputs=INPUTS,
        producers=settings.producers(),
        open_topics=open_topics,
        bootstrap=settings.kafka,
        group=prefixed(settings.topic_prefix, GROUP),
        prefix=settings.topic_prefix,
    )
    ledger = Ledger(work, clock, open_topics)
    return Reconciler(SERVICE, Published(SERVICE, work, TOPICS, open_topics), (marks, ledger))


def withdrawals_of(
    settings: Settings, work: Database, parking: Parking, clock: Clock, ids: Ids
) -> Withdrawals:
    """What clears the parked list after a restore of the registry."""
    return Withdrawals(
        work,
        parking,
        producer=settings.producers().get("registry"),
        open_topics=topics_of(settings, SERVICE),
        clock=clock,
        ids=ids,
    )
