"""Each event has its effect once: marks, effect and outbox rows commit in one transaction.

The offsets follow the commit, so a crash delivers again and the marks pass over what was done.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from prometheus_client import Counter, Gauge

from common.clock import Clock
from common.database import Connection, Database, Queries, is_transient
from common.outbox import VillageLocks
from common.process import Backoff
from common.received import (
    Batch,
    Broken,
    ImpossibleEvent,
    Received,
    Unroutable,
    decode,
    decode_one,
)
from common.road import BEHIND, Mark, Village, Way, route
from common.sealing import Sealer
from common.telemetry import trace

QUERIES = Queries.of("common", "inbox.sql")
MARKS_LOCK = QUERIES["lock_only"]
"""Statement for `lock_villages` when a service's own deed concerns villages it consumes."""

PATIENCE_SECONDS = 60.0
"""How long a batch waits for the infrastructure before it is fetched anew."""
LATELY = timedelta(minutes=1)
PARKED_FLOOR, PARKED_SHARE = 20, 0.02
HELD_PER_VILLAGE, HELD_SHARE = 1_000, 0.01
GATE_SECONDS = 1.0

EVENTS = Counter("inbox_events_total", "Events by what became of them", ["way"])
BATCHES = Counter("inbox_batches_total", "Transactions of the inbox")
STOPPED = Gauge("inbox_stopped", "1 while consuming is stopped for a systemic failure")

log = logging.getLogger(__name__)


class StillStopped(OSError):
    """Consuming is stopped until a person resumes; the batch stays where it is."""


class Systemic(Exception):  # the failure is systemic
    """So many villages would park for one reason that the reason is not theirs."""


class Effect(Protocol):
    """What a service does with events next in their streams, in the batch's transaction."""

    async def apply(
        self,
        connection: Connection,
        locks: VillageLocks,
        accepted: Mapping[str, Sequence[Received]],
    ) -> None:
        """Have the effect of these events; raises ImpossibleEvent for one that cannot be."""


Poison = dict[tuple[str, int, int], tuple[str, str]]


class Inbox:
    """The road between a poll and its commit."""

    def __init__(
        self,
        database: Database,
        *,
        inputs: Sequence[str],
        effect: Effect,
        clock: Clock,
        sealer: Sealer,
        prefix: str = "",
    ) -> None:
        self._database = database
        self._index = {topic: i for i, topic in enumerate(inputs)}
        self._effect = effect
        self._clock = clock
        self._sealer = sealer
        self.prefix = prefix
        self._known: set[str] = set()
        self._touched: deque[tuple[float, int]] = deque()
        self._gate_at = 0.0

    @property
    def inputs(self) -> tuple[str, ...]:
        return tuple(self._index)

    async def receive(self, records: Sequence[Any]) -> None:
        """Have the effect of a poll's records; returns when all is committed.

        Raises only when the infrastructure stayed away for a minute: the batch is fetched anew.
        """
        batch = decode(records, prefix=self.prefix)
        backoff, deadline = Backoff(), time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                await self._gate()
                await self._take(batch)
            except Systemic as error:
                await self._stop(str(error))
            except Exception as error:
                if not is_transient(error) or time.monotonic() > deadline:
                    raise
                log.warning("inbox waits: %s: %s", type(error).__name__, error)
                await asyncio.sleep(backoff.next())
            else:
                return

    async def _take(self, batch: Batch) -> None:
        """The batch in one transaction, or village by village when one of them cannot be."""
        self._touched.append((time.monotonic(), len(batch.villages)))
        try:
            await self.commit(batch.villages, unroutable=batch.unroutable)
        except Systemic:
            raise
        except Exception as error:
            if is_transient(error):
                raise
            log.warning("batch falls back to single villages: %s", type(error).__name__)
        else:
            return
        await self.commit({}, unroutable=batch.unroutable)
        for key, items in sorted(batch.villages.items()):
            await self.take_village(key, items)

    async def take_village(self, key: str, items: Sequence[Received | Broken]) -> None:
        """One village's events in transactions of its own; the first that cannot be is parked."""
        poison: Poison = {}
        single = False
        while True:
            try:
                more = await self.commit({key: items}, poison=poison, single=single)
            except ImpossibleEvent as error:
                poison[_place(error.event)] = (error.code, error.reason)
            except Systemic:
                raise
            except Exception as error:
                if single or is_transient(error):
                    raise
                log.warning("one event at a time: %s", type(error).__name__)
                single = True
            else:
                if not more:
                    return

    async def commit(
        self,
        villages: Mapping[str, Sequence[Received | Broken]],
        *,
        unroutable: Sequence[Unroutable] = (),
        poison: Poison | None = None,
        single: bool = False,
    ) -> bool:
        """One transaction: locks, marks read again, ways, effect, marks written.

        With `single` at most one event of each village has its effect; True when more may follow.
        """
        await self._ensure(villages.keys())
        async with self._database.transaction() as connection:
            if unroutable:
                await self._set_aside(connection, unroutable)
            if not villages:
                return False
            states = await self.lock(connection, villages.keys())
            waiting = await self._waiting(connection, states)
            ways = {
                key: route(
                    states[key],
                    items,
                    waiting=waiting.get(key, ()),
                    poison=poison,
                    single=single,
                )
                for key, items in villages.items()
            }
            if any(way.parked for way in ways.values()):
                await self._refuse_systemic(connection, ways)
            await self.write(connection, states, ways)
        BATCHES.inc()
        self._count(ways)
        return single and any(way.accepted or way.skipped for way in ways.values())

    async def write(
        self, connection: Connection, states: Mapping[str, Village], ways: Mapping[str, Way]
    ) -> None:
        """Effect and marks of routed events; the villages are locked by this transaction."""
        accepted = {key: way.accepted for key, way in ways.items() if way.accepted}
        if accepted:
            with trace(_only_trace(accepted)):
                await self._apply(connection, VillageLocks(frozenset(states)), accepted)
        await self._advance(connection, states, ways)
        await self._write_waits(connection, ways)
        skipped = [event for way in ways.values() for event in way.skipped]
        if skipped:
            await connection.execute(
                QUERIES["skip"],
                [e.subject for e in skipped],
                [e.topic for e in skipped],
                [e.sequence for e in skipped],
                [e.type for e in skipped],
                [e.value for e in skipped],
                self._clock.now(),
            )

    async def _apply(
        self,
        connection: Connection,
        locks: VillageLocks,
        accepted: Mapping[str, Sequence[Received]],
    ) -> None:
        """The effect; a single event that fails for an unknown reason is named."""
        try:
            await self._effect.apply(connection, locks, accepted)
        except ImpossibleEvent:
            raise
        except Exception as error:
            events = [event for some in accepted.values() for event in some]
            if is_transient(error) or len(events) > 1:
                raise
            log.exception("the effect of %s failed", events[0].type)
            raise ImpossibleEvent(events[0], type(error).__name__, code="EFFECT_FAILED") from error

    async def lock(self, connection: Connection, keys: Any) -> dict[str, Village]:
        """Lock villages in key order and read their marks."""
        return {
            row["village_key"]: self._village(row)
            for row in await connection.fetch(QUERIES["lock"], sorted(keys))
        }

    def _village(self, row: Any) -> Village:
        key, sequences, times, parked, held = row
        marks = dict(zip(self._index, map(Mark, sequences, times), strict=False))
        return Village(key, marks, parked, held)

    async def _ensure(self, keys: Any) -> None:
        """Marks rows for new villages, in a transaction of their own and before any lock."""
        missing = [key for key in keys if key not in self._known]
        if missing:
            async with self._database.transaction() as connection:
                await connection.execute(QUERIES["ensure"], sorted(missing), len(self._index))
            self._known.update(missing)

    async def _waiting(
        self, connection: Connection, states: Mapping[str, Village]
    ) -> dict[str, list[Received]]:
        holding = [key for key, village in states.items() if village.held]
        if not holding:
            return {}
        return await held_events(connection, holding)

    async def _advance(
        self, connection: Connection, states: Mapping[str, Village], ways: Mapping[str, Way]
    ) -> None:
        for topic, i in self._index.items():
            keys = [key for key, way in ways.items() if topic in way.moved]
            if keys:
                marks = [states[key].marks[topic] for key in keys]
                await connection.execute(
                    QUERIES["advance_one"],
                    literal(keys),
                    i + 1,
                    literal(str(mark.sequence) for mark in marks),
                    literal(_time_text(mark.time) for mark in marks),
                )

    async def _write_waits(self, connection: Connection, ways: Mapping[str, Way]) -> None:
        """Parked and held rows, and how many of them each village has."""
        held = [event for way in ways.values() for event in way.held]
        parked = [park for way in ways.values() for park in way.parked]
        drained = [event for way in ways.values() for event in way.drained]
        if not (held or parked or drained):
            return
        change: dict[str, list[int]] = {key: [0, 0] for key in ways}
        if parked:
            for row in await self._park(connection, parked):
                change[row["village_key"]][0] += 1
        if held:
            for row in await self._hold(connection, held):
                change[row["village_key"]][1] += 1
        if drained:
            await connection.execute(
                QUERIES["unhold"],
                [e.subject for e in drained],
                [e.topic for e in drained],
                [e.sequence for e in drained],
            )
            for event in drained:
                change[event.subject][1] -= 1
        keys = [key for key, counts in change.items() if any(counts)]
        await connection.execute(
            QUERIES["waits"],
            keys,
            [change[key][0] for key in keys],
            [change[key][1] for key in keys],
        )

    async def _park(self, connection: Connection, parked: Sequence[Any]) -> Sequence[Any]:
        items = [park.item for park in parked]
        return await connection.fetch(
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

    async def _hold(self, connection: Connection, held: Sequence[Received]) -> Sequence[Any]:
        return await connection.fetch(
            QUERIES["hold"],
            [e.subject for e in held],
            [e.topic for e in held],
            [e.sequence for e in held],
            [e.partition for e in held],
            [e.offset for e in held],
            [e.value for e in held],
            self._clock.now(),
        )

    async def _set_aside(self, connection: Connection, records: Sequence[Unroutable]) -> None:
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
        EVENTS.labels("unroutable").inc(len(records))

    async def _refuse_systemic(self, connection: Connection, ways: Mapping[str, Way]) -> None:
        """Raise Systemic when one class of error parks more villages than is their own trouble."""
        since = self._clock.now() - LATELY
        counts = {
            row["reason"]: row["villages"]
            for row in await connection.fetch(QUERIES["parked_lately"], since)
        }
        for way in ways.values():
            for reason in {park.reason for park in way.parked} - {BEHIND}:
                counts[reason] = counts.get(reason, 0) + 1
        while self._touched and self._touched[0][0] < time.monotonic() - LATELY.total_seconds():
            self._touched.popleft()
        limit = max(PARKED_FLOOR, PARKED_SHARE * sum(n for _, n in self._touched))
        for reason, villages in counts.items():
            if villages > limit:
                raise Systemic(
                    f"{reason}: {villages} villages within a minute, {limit:.0f} allowed"
                )

    async def _gate(self) -> None:
        """Wait while consuming is stopped; asks at most once a second."""
        if time.monotonic() < self._gate_at:
            return
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (reason := await self.stopped()) is not None:
            STOPPED.set(1)
            if time.monotonic() > deadline:
                raise StillStopped(reason)
            await asyncio.sleep(GATE_SECONDS)
        STOPPED.set(0)
        self._gate_at = time.monotonic() + GATE_SECONDS

    async def stopped(self) -> str | None:
        """Why consuming is stopped, or None."""
        async with self._database.transaction() as connection:
            row = await connection.fetchrow(QUERIES["stopped"])
        return None if row is None else row["reason"]

    async def _stop(self, reason: str) -> None:
        log.error("consuming stopped, until `parked resume`: %s", reason)
        async with self._database.transaction() as connection:
            await connection.execute(QUERIES["stop"], reason, self._clock.now())
        self._gate_at = 0.0

    def _count(self, ways: Mapping[str, Way]) -> None:
        for name, number in (
            ("applied", sum(len(way.accepted) for way in ways.values())),
            ("duplicate", sum(way.duplicates for way in ways.values())),
            ("skipped", sum(len(way.skipped) for way in ways.values())),
            ("held", sum(len(way.held) for way in ways.values())),
            ("parked", sum(len(way.parked) for way in ways.values())),
        ):
            if number:
                EVENTS.labels(name).inc(number)


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


def literal(values: Iterable[str]) -> str:
    """A Postgres array of values without quotes, commas or braces: keys, numbers, times."""
    return "{" + ",".join(values) + "}"


def _time_text(moment: datetime | None) -> str:
    return "NULL" if moment is None else f'"{moment.isoformat()}"'


def _place(event: Received) -> tuple[str, int, int]:
    return (event.topic, event.partition, event.offset)


def _only_trace(accepted: Mapping[str, Sequence[Received]]) -> str | None:
    """A batch is many requests: what it decides is traced to one only when it is of one."""
    traces = {event.traceparent for events in accepted.values() for event in events}
    return traces.pop() if len(traces) == 1 else None
