"""How deliveries end, written down: each outcome with its news, in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import assert_never

import structlog
from common.clock import Clock
from common.database import Database, is_transient
from common.events.words import DeliveryState
from common.inbox import MARKS_LOCK
from common.outbox import lock_villages
from common.process import Backoff

from notifications.announcing import Announcer
from notifications.domain.deliveries import NotSent, Outcome, Sent, Unknown, next_step
from notifications.storage import deliveries, local_days
from notifications.storage.claims import Due, Intent
from notifications.telemetry import ATTEMPTS

RECORD_ATTEMPTS = 6
"""How often the outcome of a call is tried to be recorded before the row is left to its lease."""

log = structlog.get_logger(__name__)


class Outcomes:
    """Ends attempts and deliveries. Locks: a village's row of marks, then its deliveries."""

    def __init__(
        self,
        database: Database,
        announcer: Announcer,
        *,
        clock: Clock,
        back_off: Sequence[timedelta],
    ) -> None:
        self._database = database
        self._announcer = announcer
        self._clock = clock
        self._back_off = back_off

    async def keep(self, intent: Intent, outcome: Outcome) -> None:
        """Record an outcome even if the database is away for a moment.

        One that the database refuses leaves the row to its lease: it stops no other. Raises the
        transient error that lasted.
        """
        backoff = Backoff(first=0.2)
        for attempt in range(1, RECORD_ATTEMPTS + 1):
            try:
                await self.record(intent, outcome)
            except Exception as error:
                if not is_transient(error):
                    delivery_id = str(intent.due.delivery_id)
                    log.exception("outcome_not_recorded", delivery_id=delivery_id)
                    return
                if attempt == RECORD_ATTEMPTS:
                    raise
                log.warning("outcome_not_yet_recorded", reason=type(error).__name__)
                await asyncio.sleep(backoff.next())
            else:
                return

    async def record(self, intent: Intent, outcome: Outcome) -> None:
        """The outcome, and in the same transaction the news of it if it is final."""
        due = intent.due
        step = next_step(
            outcome, attempt=intent.attempt, failures=due.failures, back_off=self._back_off
        )
        name, among = _meaning(outcome)
        counts = isinstance(outcome, NotSent) and not outcome.unreachable
        async with self._database.transaction() as connection:
            locks = await lock_villages(connection, [due.village_key], MARKS_LOCK)
            settled = await deliveries.end_attempt(
                connection,
                intent,
                name,
                step,
                failures=due.failures + counts,
                among=among,
                now=self._clock.now(),
            )
            if settled and step.final:
                await self._announcer.announce(connection, locks, [due.delivery_id])
        ATTEMPTS.labels(name).inc()
        log.info(
            "delivery_attempted",
            delivery_id=str(due.delivery_id),
            alert=due.kind,
            attempt=intent.attempt,
            outcome=name,
        )

    async def conclude(self, some: Sequence[Due], state: DeliveryState, reason: str) -> None:
        """End deliveries without an attempt, and tell it."""
        if not some:
            return
        async with self._database.transaction() as connection:
            keys = {due.village_key for due in some}
            locks = await lock_villages(connection, keys, MARKS_LOCK)
            ids = [due.delivery_id for due in some]
            now = self._clock.now()
            done = await deliveries.conclude(connection, ids, state, reason, now)
            await self._announcer.announce(connection, locks, done)

    async def sweep(self) -> None:
        """Call lost what outlived its lease, and look again at what waited for something."""
        async with self._database.transaction() as connection:
            lost = await deliveries.expired(connection, limit=100)
            await deliveries.wake_lacking(connection, local_days(self._clock), self._clock.now())
        if not lost:
            return
        async with self._database.transaction() as connection:
            locks = await lock_villages(connection, set(lost.values()), MARKS_LOCK)
            unknown = await deliveries.expire(connection, list(lost), self._clock.now())
            await self._announcer.announce(connection, locks, unknown)
        for delivery_id in unknown:
            log.error("delivery_unknown", delivery_id=str(delivery_id), reason="COURIER_LOST")


def _meaning(outcome: Outcome) -> tuple[str, tuple[DeliveryState, ...]]:
    """The outcome's name in the ledger, and the states in which it still decides.

    A courier that was thought lost may come back with the truth: that it was sent also
    corrects a person's belief that it was not.
    """
    sending = (DeliveryState.SENDING,)
    match outcome:
        case Sent():
            undecided = (DeliveryState.UNKNOWN, DeliveryState.WAITING, DeliveryState.FAILED)
            return "sent", sending + undecided
        case NotSent():
            return "not_sent", sending
        case Unknown():
            return "unknown", sending
        case never:
            assert_never(never)
