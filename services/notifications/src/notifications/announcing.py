"""Tells the other services how deliveries ended, in the transaction that ended them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from common.clock import Clock
from common.database import Connection
from common.outbox import Draft, Outbox, VillageLocks

from notifications.storage import deliveries, local_days


class Announcer:
    """Appends `DeliverySettled` to the outbox."""

    def __init__(self, outbox: Outbox, clock: Clock) -> None:
        self._outbox = outbox
        self._clock = clock

    async def announce(
        self, connection: Connection, locks: VillageLocks, delivery_ids: Sequence[UUID]
    ) -> tuple[str, ...]:
        """Announce the present state of deliveries; their villages are locked. The positions."""
        if not delivery_ids:
            return ()
        settled = await deliveries.settled_facts(connection, delivery_ids, local_days(self._clock))
        drafts = [Draft(village_key, fact) for village_key, fact in settled]
        return tuple(
            event.position for event in await self._outbox.append(connection, locks, drafts)
        )
