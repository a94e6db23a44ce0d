"""Rows of what does not have its effect now: held, parked, skipped, unroutable."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from common.clock import Clock
from common.database import Connection, Queries
from common.received import Received, Unroutable, decode_one
from common.road import Park, Way
from common.sealing import Sealer

QUERIES = Queries.of("common", "inbox.sql")

log = logging.getLogger(__name__)


class Aside:
    """Writes them in the batch's transaction, before its offsets are committed."""

    def __init__(self, clock: Clock, sealer: Sealer) -> None:
        self._clock = clock
        self._sealer = sealer

    async def write(self, connection: Connection, ways: Mapping[str, Way]) -> None:
        """Parked, held and skipped rows, and how many each village has of the first two."""
        await self._skip(connection, [event for way in ways.values() for event in way.skipped])
        held = [event for way in ways.values() for event in way.held]
        parked = [park for way in ways.values() for park in way.parked]
        drained = [event for way in ways.values() for event in way.drained]
        if not (held or parked or drained):
            return
        change = {key: [0, 0] for key in ways}
        for key in await self._park(connection, parked):
            change[key][0] += 1
        for key in await self._hold(connection, held):
            change[key][1] += 1
        for key in await self._unhold(connection, drained):
            change[key][1] -= 1
        keys = [key for key, counts in change.items() if any(counts)]
        await connection.execute(
            QUERIES["waits"],
            keys,
            [change[key][0] for key in keys],
            [change[key][1] for key in keys],
        )

    async def _park(self, connection: Connection, parked: Sequence[Park]) -> list[str]:
        """The village of each row that is new: one delivered again is parked once."""
        if not parked:
            return []
        items = [park.item for park in parked]
        rows = await connection.fetch(
            QUERIES["park"],
            [i.subject for i in items],
            [i.topic for i in items],
            [i.partition for i in items],
            [i.offset for i in items],
            [i.sequence if isinstance(i, Received) else None for i in items],
            [park.reason for park in parked],
            [park.detail for park in parked],
            [None if i.value is None else self._sealer.seal(i.value) for i in items],
            self._clock.now(),
        )
        return [row["village_key"] for row in rows]

    async def _hold(self, connection: Connection, held: Sequence[Received]) -> list[str]:
        if not held:
            return []
        rows = await connection.fetch(
            QUERIES["hold"],
            [e.subject for e in held],
            [e.topic for e in held],
            [e.sequence for e in held],
            [e.partition for e in held],
            [e.offset for e in held],
            [e.value for e in held],
            self._clock.now(),
        )
        return [row["village_key"] for row in rows]

    async def _unhold(self, connection: Connection, drained: Sequence[Received]) -> list[str]:
        if not drained:
            return []
        villages = [e.subject for e in drained]
        await connection.execute(
            QUERIES["unhold"],
            villages,
            [e.topic for e in drained],
            [e.sequence for e in drained],
        )
        return villages

    async def _skip(self, connection: Connection, skipped: Sequence[Received]) -> None:
        if not skipped:
            return
        await connection.execute(
            QUERIES["skip"],
            [e.subject for e in skipped],
            [e.topic for e in skipped],
            [e.sequence for e in skipped],
            [e.type for e in skipped],
            [e.value for e in skipped],
            self._clock.now(),
        )

    async def unroutable(self, connection: Connection, records: Sequence[Unroutable]) -> None:
        """Keep records that belong to no village; an operator must look at their producer."""
        log.error("%d records without a usable key set aside", len(records))
        await connection.execute(
            QUERIES["set_aside"],
            [r.topic for r in records],
            [r.partition for r in records],
            [r.offset for r in records],
            [r.reason for r in records],
            [r.value for r in records],
            self._clock.now(),
        )


async def held_events(connection: Connection, keys: Sequence[str]) -> dict[str, list[Received]]:
    """The held events of villages, decoded again."""
    waiting: dict[str, list[Received]] = {}
    for row in await connection.fetch(QUERIES["held_of"], list(keys)):
        event = decode_one(
            row["value"],
            key=row["village_key"],
            topic=row["topic"],
            partition=row["kafka_partition"],
            offset=row["kafka_offset"],
        )
        if isinstance(event, Received):
            waiting.setdefault(row["village_key"], []).append(event)
    return waiting
