"""The courier: brings what is due, after looking again whether it is still true and to whom.

The intent is committed before the call and the outcome after it, so a crash between the two
leaves a row in `sending`, which becomes `unknown` when its lease is over; it is never sent again
by itself. Locks: a village's row of marks before its deliveries, as the consumer does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import assert_never

import structlog
from common import idempotency
from common.clock import Clock
from common.database import Database, is_transient
from common.events.words import DeliveryState
from common.ids import Ids
from common.inbox import MARKS_LOCK
from common.outbox import lock_villages
from common.process import Backoff
from common.waiting import first_set

from notifications.announcing import Announcer
from notifications.channels import Channel
from notifications.claiming import Claims
from notifications.directory import Directory
from notifications.domain.alerts import Suppression
from notifications.domain.deliveries import (
    BACK_OFF,
    ChannelKind,
    NotSent,
    Outcome,
    Sent,
    Unknown,
    next_step,
)
from notifications.storage import deliveries, housekeeping, local_days
from notifications.storage.deliveries import Due, Intent
from notifications.telemetry import ATTEMPTS
from notifications.templates import Templates

RECORD_ATTEMPTS = 6
"""How often the outcome of a call is tried to be recorded before the row is left to its lease."""
UNWRITABLE = "UNWRITABLE"
"""Reason of a delivery whose message could not be made; the log says why."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Pace:
    """How the courier paces itself; real time, in seconds."""

    at_once: int = 8
    """Messages claimed and on their way at once."""
    idle: float = 0.25
    """Between two looks when nothing was due."""
    sweep: float = 5.0
    """Between two looks for expired leases and for what waits."""
    purge: float = 3600.0
    spare: float = 30.0
    """Of a lease beyond the longest call of a channel."""
    back_off: Sequence[timedelta] = BACK_OFF


class Courier:
    """Brings messages; several may run side by side."""

    def __init__(
        self,
        database: Database,
        *,
        channels: Mapping[ChannelKind, Channel],
        directory: Directory,
        announcer: Announcer,
        templates: Templates,
        clock: Clock,
        ids: Ids,
        pace: Pace | None = None,
    ) -> None:
        self._database = database
        self._channels = channels
        self._announcer = announcer
        self._clock = clock
        self._pace = pace or Pace()
        longest = max(channel.longest for channel in channels.values())
        self._claims = Claims(
            database,
            directory=directory,
            templates=templates,
            clock=clock,
            courier=ids.random(),
            lease=timedelta(seconds=longest + self._pace.spare),
        )
        self._woken = asyncio.Event()
        self._unreachable: dict[ChannelKind, str] = {}

    def wake(self) -> None:
        """Call it after another pool's commit: something may be due."""
        self._woken.set()

    async def probe(self) -> str | None:
        """Why nothing can be sent at present by some channel: it could not even be tried."""
        return next(iter(self._unreachable.values()), None)

    async def run(self, stop: asyncio.Event) -> None:
        """Bring until `stop`; infrastructure failures are waited out with back-off."""
        time = asyncio.get_running_loop().time
        backoff, sweep_at, purge_at = Backoff(cap=30.0), 0.0, time() + self._pace.purge
        while not stop.is_set():
            self._woken.clear()
            try:
                if time() >= sweep_at:
                    await self.sweep()
                    sweep_at = time() + self._pace.sweep
                if time() >= purge_at:
                    await self.purge()
                    purge_at = time() + self._pace.purge
                moved = await self.round()
                if not moved:
                    await self._look_again()
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("courier_waits", reason=type(error).__name__)
                await backoff.wait(stop)
                continue
            if self._unreachable:
                await backoff.wait(stop)
                continue
            backoff.reset()
            if not moved:
                await first_set(self._pace.idle, stop, self._woken)

    async def round(self) -> bool:
        """Claim what is due, bring it, record how it went; whether there was anything."""
        claimed = await self._claims.take(self._pace.at_once)
        await self._conclude(claimed.superseded, DeliveryState.SUPPRESSED, Suppression.SUPERSEDED)
        await self._conclude(claimed.unwritable, DeliveryState.FAILED, UNWRITABLE)
        results = await asyncio.gather(
            *(self._bring(intent) for intent in claimed.intents), return_exceptions=True
        )
        for result in results:
            if isinstance(result, BaseException):
                raise result
        return claimed.any

    async def _conclude(self, some: Sequence[Due], state: DeliveryState, reason: str) -> None:
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

    async def _bring(self, intent: Intent) -> None:
        """Send, and record the outcome even if the database is away for a moment.

        An outcome that the database refuses leaves the row to its lease: it stops no other.
        """
        outcome = await self._send(intent)
        backoff = Backoff(first=0.2)
        for attempt in range(1, RECORD_ATTEMPTS + 1):
            try:
                await self._record(intent, outcome)
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

    async def _send(self, intent: Intent) -> Outcome:
        channel = self._channels[intent.due.channel]
        try:
            outcome = await channel.send(intent.due.delivery_id, intent.letter, intent.address)
        except Exception as error:
            # A channel that breaks its promise cannot say how far it came.
            log.exception("channel_failed", delivery_id=str(intent.due.delivery_id))
            return Unknown(type(error).__name__)
        stuck = outcome.reason if isinstance(outcome, NotSent) and outcome.unreachable else None
        self._note(intent.due.channel, stuck)
        return outcome

    async def _look_again(self) -> None:
        """Ask the channels that were out of reach, as their messages may pause for long."""
        for kind in list(self._unreachable):
            self._note(kind, await self._channels[kind].unreachable())

    def _note(self, kind: ChannelKind, unreachable: str | None) -> None:
        if unreachable is None:
            self._unreachable.pop(kind, None)
        else:
            self._unreachable[kind] = unreachable

    async def _record(self, intent: Intent, outcome: Outcome) -> None:
        """The outcome, and in the same transaction the news of it if it is final."""
        due = intent.due
        step = next_step(
            outcome,
            attempt=intent.attempt,
            failures=due.failures,
            back_off=self._pace.back_off,
        )
        name, among = _meaning(outcome)
        async with self._database.transaction() as connection:
            locks = await lock_villages(connection, [due.village_key], MARKS_LOCK)
            now = self._clock.now()
            await deliveries.end_attempt(connection, intent, name, step.reason, now)
            settled = await deliveries.settle(
                connection,
                intent,
                step,
                failures=due.failures + (isinstance(outcome, NotSent) and not outcome.unreachable),
                among=among,
                now=now,
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

    async def purge(self) -> None:
        """Delete one batch of what is past its keeping."""
        now = self._clock.now()
        async with self._database.transaction() as connection:
            await housekeeping.purge(connection, now)
            await idempotency.purge(connection, now)


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
