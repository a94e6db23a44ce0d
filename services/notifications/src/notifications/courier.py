"""The courier: brings what is due, after looking again whether it is still true and to whom.

The intent is committed before the call and the outcome after it, so a crash between the two
leaves a row in `sending`, which becomes `unknown` when its lease is over; it is never sent again
by itself. A message that is slow holds up no other: whenever one has arrived the next is claimed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from common import idempotency
from common.clock import Clock
from common.database import Database, is_transient
from common.events.words import DeliveryState
from common.ids import Ids
from common.process import Backoff
from common.waiting import first_set

from notifications.announcing import Announcer
from notifications.channels import Channel
from notifications.claiming import Claims
from notifications.directory import Directory
from notifications.domain.alerts import Suppression
from notifications.domain.deliveries import BACK_OFF, ChannelKind, NotSent, Outcome, Unknown
from notifications.outcomes import Outcomes
from notifications.storage import claims, housekeeping
from notifications.storage.claims import Intent
from notifications.templates import Templates

UNWRITABLE = "UNWRITABLE"
"""Reason of a delivery whose message could not be made; the log says why."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Pace:
    """How the courier paces itself; real time, in seconds."""

    at_once: int = 8
    """Messages on their way at once."""
    idle: float = 0.25
    """Between two looks when nothing was due."""
    sweep: float = 5.0
    """Between two looks for expired leases and for what waits."""
    purge: float = 3600.0
    keys: float = 600.0
    """Between two looks at what waits because its address could not be opened."""
    stop: float = 6.0
    """For what is on its way when the courier is asked to stop; its process has 8 s."""
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
        pages: str = "",
    ) -> None:
        self._database = database
        self._channels = channels
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
            pages=pages,
        )
        self._outcomes = Outcomes(database, announcer, clock=clock, back_off=self._pace.back_off)
        self._on_the_way: set[asyncio.Task[None]] = set()
        self._failed: BaseException | None = None
        self._woken = asyncio.Event()
        self._arrived = asyncio.Event()
        self._unreachable: dict[ChannelKind, str] = {}
        self._sweep_at = 0.0
        self._purge_at = 0.0
        self._keys_at = 0.0
        self._sealed = 0

    def wake(self) -> None:
        """Call it after another pool's commit: something may be due."""
        self._woken.set()

    async def probe(self) -> str | None:
        """Why nothing can be sent at present by some channel, or not to some holders."""
        if self._sealed:
            return (
                f"{self._sealed} messages wait: NOTIFICATIONS_DIRECTORY_KEY does not open "
                "their holders' addresses"
            )
        return next(iter(self._unreachable.values()), None)

    async def run(self, stop: asyncio.Event) -> None:
        """Bring until `stop`; what is on its way then is waited for, but not for long."""
        self._purge_at = asyncio.get_running_loop().time() + self._pace.purge
        try:
            await self._go_on(stop)
            for channel in self._channels.values():
                channel.hurry(self._pace.stop)
            await self.rest()
        except Exception:
            await self.rest()
            raise
        finally:
            for task in self._on_the_way:
                task.cancel()
            for channel in self._channels.values():
                channel.close()

    async def _go_on(self, stop: asyncio.Event) -> None:
        """Infrastructure failures, and a server out of reach, are waited out with back-off."""
        backoff = Backoff(cap=30.0)
        while not stop.is_set():
            self._woken.clear()
            self._arrived.clear()
            try:
                await self._keep_house()
                await self._ask_the_unreachable()
                more = not self._unreachable and await self.look()
                self._raise_failed()
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
            if not more:
                await first_set(self._pace.idle, stop, self._woken)
            elif not self._room():
                await first_set(self._pace.idle, stop, self._arrived)

    async def look(self) -> bool:
        """Claim what is due and there is room for, and set out with it; whether more may be due."""
        room = self._room()
        if not room:
            return True
        claimed = await self._claims.take(room)
        for intent in claimed.intents:
            task = asyncio.create_task(self._bring(intent), name="message")
            self._on_the_way.add(task)
            task.add_done_callback(self._came_back)
        for reason in Suppression:
            some = [due for due, why in claimed.suppressed if why is reason]
            await self._outcomes.conclude(some, DeliveryState.SUPPRESSED, reason)
        await self._outcomes.conclude(claimed.unwritable, DeliveryState.FAILED, UNWRITABLE)
        return claimed.any

    async def rest(self) -> None:
        """Until nothing is on its way; raises what went wrong with one of them."""
        while self._on_the_way:
            await asyncio.wait(self._on_the_way)
        self._raise_failed()

    async def sweep(self) -> None:
        """Call lost what outlived its lease, and look again at what waited for something."""
        await self._outcomes.sweep()
        time = asyncio.get_running_loop().time()
        async with self._database.transaction() as connection:
            self._sealed = await claims.count_sealed(connection)
            if time >= self._keys_at:
                await claims.wake_sealed(connection, self._clock.now())
                self._keys_at = time + self._pace.keys

    async def purge(self) -> None:
        """Delete one batch of what is past its keeping."""
        now = self._clock.now()
        async with self._database.transaction() as connection:
            await housekeeping.purge(connection, now)
            await idempotency.purge(connection, now)

    def _room(self) -> int:
        return self._pace.at_once - len(self._on_the_way)

    async def _bring(self, intent: Intent) -> None:
        await self._outcomes.keep(intent, await self._send(intent))

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

    def _came_back(self, task: asyncio.Task[None]) -> None:
        self._on_the_way.discard(task)
        self._arrived.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failed = self._failed or error

    def _raise_failed(self) -> None:
        failed, self._failed = self._failed, None
        if failed is not None:
            raise failed

    async def _keep_house(self) -> None:
        time = asyncio.get_running_loop().time
        if time() >= self._sweep_at:
            await self.sweep()
            self._sweep_at = time() + self._pace.sweep
        if time() >= self._purge_at:
            await self.purge()
            self._purge_at = time() + self._pace.purge

    async def _ask_the_unreachable(self) -> None:
        """Without a message: theirs may pause for long, and no other needs to be tried in vain."""
        for kind in list(self._unreachable):
            self._note(kind, await self._channels[kind].unreachable())

    def _note(self, kind: ChannelKind, unreachable: str | None) -> None:
        if unreachable is None:
            self._unreachable.pop(kind, None)
        else:
            self._unreachable[kind] = unreachable
