"""What eligibility compares: what it published, its marks with the registry's, its messages."""

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

from eligibility.consumers import GROUP, INPUTS
from eligibility.messages import MessagesWhole
from eligibility.settings import Settings

SERVICE = "eligibility"
TOPICS = (topics.ELIGIBILITY_CERTIFICATIONS,)
"""What eligibility publishes."""


def reconciler_of(settings: Settings, work: Database) -> Reconciler:
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
    return Reconciler(
        SERVICE, Published(SERVICE, work, TOPICS, open_topics), (marks, MessagesWhole(work))
    )


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
