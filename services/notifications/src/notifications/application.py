"""The deeds of notifications: hear and address, and what persons decide on deliveries.

The directory of offices is in `directory`, the sending in `courier`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from common.clock import Clock
from common.database import Connection, Database
from common.events import topics
from common.events.words import DeliveryState
from common.idempotency import Answer, Once, claim, store
from common.ids import Ids
from common.inbox import MARKS_LOCK
from common.outbox import VillageLocks, lock_villages
from common.received import Received
from common.security import Caller

from notifications.announcing import Announcer
from notifications.domain.deliveries import given_up, may_retry
from notifications.domain.offices import covers
from notifications.news import Heard, Newsroom, sort_out
from notifications.refusals import DeliveryNotFound, NotInState
from notifications.storage import desk, hearings, news
from notifications.storage.hearings import HeardAlert

INPUTS = (
    topics.REGISTRY_VILLAGES,
    topics.ELIGIBILITY_CERTIFICATIONS,
    topics.REGISTRY_OFFICIALS,
)
"""The topics heard, in the order of their marks: a further one comes at the end."""


class Hearing:
    """The Effect of notifications: what is known of villages, alerts and their deliveries."""

    def __init__(
        self, announcer: Announcer, *, clock: Clock, ids: Ids, settled: bool = False
    ) -> None:
        self._announcer = announcer
        self._clock = clock
        self._newsroom = Newsroom(clock=clock, ids=ids, settled=settled)

    async def apply(
        self,
        connection: Connection,
        locks: VillageLocks,
        accepted: Mapping[str, Sequence[Received]],
    ) -> None:
        """Note the latest of each village and address the alerts that its news makes."""
        heard = sort_out(accepted)
        if heard.villages:
            await hearings.note_villages(connection, heard.villages)
        if heard.merged:
            await hearings.close_villages(connection, heard.merged)
        alerts = [
            *await self._decisions(connection, heard),
            *await self._ceremonies(connection, heard),
            *await self._heads(connection, heard),
        ]
        if alerts:
            await self._address(connection, locks, alerts)

    async def _decisions(self, connection: Connection, heard: Heard) -> list[HeardAlert]:
        latest = {told.key: told.data for told in heard.decisions}
        if not latest:
            return []
        kept = await news.facts_before(connection, latest)
        await hearings.note_certifications(connection, latest)
        return self._newsroom.of_decisions(heard.decisions, kept)

    async def _ceremonies(self, connection: Connection, heard: Heard) -> list[HeardAlert]:
        if not heard.ceremonies:
            return []
        alerts, planned = self._newsroom.of_ceremonies(heard.ceremonies)
        await news.note_ceremonies(connection, planned)
        return alerts

    async def _heads(self, connection: Connection, heard: Heard) -> list[HeardAlert]:
        if not heard.heads:
            return []
        before = await news.heads_of(connection, {told.key for told in heard.heads})
        kept = dict(before)
        alerts = self._newsroom.of_heads(heard.heads, kept)
        others = {key: head for key, head in kept.items() if head != before.get(key)}
        if others:
            await news.note_heads(connection, others)
        return alerts

    async def _address(
        self, connection: Connection, locks: VillageLocks, heard: Sequence[HeardAlert]
    ) -> None:
        new = await hearings.note_alerts(connection, heard, self._clock.now())
        suppressed = [
            item.delivery_id
            for item in heard
            if item.alert.suppressed is not None and item.delivery_id in new
        ]
        await self._announcer.announce(connection, locks, suppressed)


@dataclass(frozen=True, slots=True)
class DeliveryRecord:
    """All of one delivery: its row, its attempts, and what persons decided on it."""

    delivery: Mapping[str, Any]
    attempts: Sequence[Mapping[str, Any]]
    acts: Sequence[Mapping[str, Any]]


class Desk:
    """What persons see of deliveries and decide on them."""

    def __init__(self, database: Database, announcer: Announcer, *, clock: Clock, ids: Ids) -> None:
        self._database = database
        self._announcer = announcer
        self._clock = clock
        self._ids = ids

    async def deliveries(
        self,
        area: str,
        *,
        state: DeliveryState | None = None,
        before: tuple[datetime, UUID] | None = None,
        limit: int = 100,
    ) -> Sequence[Mapping[str, Any]]:
        """Deliveries to the offices of an area and of those inside it, the latest change first."""
        async with self._database.transaction() as connection:
            return await desk.find(connection, area, state, before or desk.LATEST, limit)

    async def delivery(self, delivery_id: UUID, *, areas: frozenset[str]) -> DeliveryRecord:
        """One delivery to an office in the caller's areas; raises DeliveryNotFound."""
        async with self._database.transaction() as connection:
            row = await desk.one(connection, delivery_id)
            if row is None or not covers(areas, row["area_code"]):
                raise DeliveryNotFound(delivery_id)
            return DeliveryRecord(row, *await desk.history(connection, delivery_id))

    async def retry(
        self, delivery_id: UUID, *, caller: Caller, note: str, once: Once | None = None
    ) -> Answer:
        """Have a failed or unknown delivery sent again: a person answers for a second message.

        Raises DeliveryNotFound and NotInState.
        """

        def next_state(state: DeliveryState) -> DeliveryState:
            if not may_retry(state):
                raise NotInState(state, "failed dan unknown")
            return DeliveryState.WAITING

        return await self._decide(
            delivery_id, "RETRY", next_state, caller=caller, note=note, once=once
        )

    async def give_up(
        self, delivery_id: UUID, *, caller: Caller, note: str, once: Once | None = None
    ) -> Answer:
        """End a waiting or unknown delivery without a further attempt.

        Raises DeliveryNotFound and NotInState.
        """

        def next_state(state: DeliveryState) -> DeliveryState:
            ended = given_up(state)
            if ended is None:
                raise NotInState(state, "waiting dan unknown")
            return ended

        return await self._decide(
            delivery_id, "GIVE_UP", next_state, caller=caller, note=note, once=once
        )

    async def _decide(
        self,
        delivery_id: UUID,
        act: str,
        next_state: Callable[[DeliveryState], DeliveryState],
        *,
        caller: Caller,
        note: str,
        once: Once | None,
    ) -> Answer:
        async with self._database.transaction() as connection:
            now = self._clock.now()
            if once and (answer := await claim(connection, once, now)):
                return answer
            row = await desk.one(connection, delivery_id)
            if row is None or not covers(caller.areas, row["area_code"]):
                raise DeliveryNotFound(delivery_id)
            locks = await lock_villages(connection, [row["village_key"]], MARKS_LOCK)
            state = DeliveryState(row["state"])
            after = next_state(state)
            decision = desk.Decision(self._ids.random(), act, caller.identity, note, state, after)
            if not await desk.decide(connection, delivery_id, decision, now):
                raise NotInState(state, "keadaan yang tidak sedang berubah; coba lagi")
            ended = [] if after is DeliveryState.WAITING else [delivery_id]
            positions = await self._announcer.announce(connection, locks, ended)
            answer = Answer(200, {"delivery_id": str(delivery_id), "state": after}, positions)
            if once:
                await store(connection, once, answer, now)
            return answer
