"""Rows of what does not have its effect now: held, parked, skipped, unroutable."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from cryptography.exceptions import InvalidTag

from common.clock import Clock
from common.database import Connection, Queries
from common.received import Broken, Received, Unroutable, decode_one
from common.road import Discarded, Park, Way
from common.sealing import Sealer, place_of

QUERIES = Queries.of("common", "inbox.sql")

log = logging.getLogger(__name__)

Item = Received | Broken | Unroutable


class Aside:
    """Writes them in the batch's transaction, before its offsets are committed."""

    def __init__(self, clock: Clock, sealer: Sealer) -> None:
        self._clock = clock
        self._sealer = sealer

    async def write(self, connection: Connection, ways: Mapping[str, Way]) -> None:
        """Parked, held and skipped rows, and how many each village has of the first two."""
        await self._skip(connection, [event for way in ways.values() for event in way.skipped])
        await self._count_discards(connection, ways)
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
            [self._sealed("parked", i) for i in items],
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
            [self._sealed("held", e) for e in held],
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
            [e.partition for e in skipped],
            [e.offset for e in skipped],
            [self._sealed("skipped", e) for e in skipped],
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
            [self._sealed("unroutable", r) for r in records],
            self._clock.now(),
        )

    async def _count_discards(self, connection: Connection, ways: Mapping[str, Way]) -> None:
        left = {key: way.discards for key, way in ways.items() if way.discards is not None}
        if left:
            await connection.execute(QUERIES["discards_left"], list(left), list(left.values()))

    async def held(self, connection: Connection, keys: Sequence[str]) -> dict[str, list[Received]]:
        """The held events of villages, decoded again; one that does not open is left lying."""
        waiting: dict[str, list[Received]] = {}
        for row in await connection.fetch(QUERIES["held_of"], keys):
            try:
                event = reread(row, self.opened("held", row))
            except InvalidTag:
                log.error("alarm: %s of %s does not open", row["topic"], row["village_key"])  # noqa: TRY400  # the trace says nothing
                continue
            if isinstance(event, Received):
                waiting.setdefault(row["village_key"], []).append(event)
        return waiting

    async def discarded(self, connection: Connection, keys: Sequence[str]) -> dict[str, Discarded]:
        """What persons have discarded of villages."""
        found: dict[str, dict[tuple[str, int], Any]] = {}
        for row in await connection.fetch(QUERIES["discarded"], keys):
            found.setdefault(row["village_key"], {})[row["topic"], row["sequence"]] = row["until"]
        return dict(found)

    def _sealed(self, table: str, item: Item) -> bytes | None:
        if item.value is None:
            return None
        place = place_of(table, item.topic, item.partition, item.offset)
        return self._sealer.seal(item.value, context=place)

    def opened(self, table: str, row: Any) -> bytes | None:
        """A row's bytes, whichever release wrote them; raises InvalidTag."""
        value: bytes | None = row["value"]
        if value is None:
            return None
        if row["sealing"]:
            place = place_of(table, row["topic"], row["kafka_partition"], row["kafka_offset"])
            return self._sealer.open(value, context=place)
        return self._sealer.open(value) if table == "parked" else value


def reread(row: Any, value: bytes | None) -> Received | Broken:
    """A kept record decoded again, with the checks of this release."""
    return decode_one(
        value,
        key=row["village_key"],
        topic=row["topic"],
        partition=row["kafka_partition"],
        offset=row["kafka_offset"],
    )
