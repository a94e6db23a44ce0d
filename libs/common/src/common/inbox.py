"""Each event has its effect once: marks, effect and outbox rows commit in one transaction.

The offsets follow the commit, so a crash delivers again and the marks pass over what was done.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from prometheus_client import Counter

from common.clock import Clock
from common.database import Connection, Database, Queries, is_cut, is_transient
from common.outbox import VillageLocks
from common.process import Backoff
from common.received import (
    Batch,
    Broken,
    ImpossibleEvent,
    Received,
    UnreadableEvents,
    Unroutable,
    decode,
)
from common.road import BEHIND, Mark, Village, Way, route
from common.sealing import Sealer
from common.setting_aside import Aside
from common.systemic import Systemic, SystemicStop
from common.telemetry import trace

QUERIES = Queries.of("common", "inbox.sql")
MARKS_LOCK = QUERIES["lock_only"]
"""Statement for `lock_villages` when a service's own deed concerns villages it consumes."""

PATIENCE_SECONDS = 60.0
"""How long a batch waits for the infrastructure before it is fetched anew."""
ATTEMPTS_TOGETHER = 3
"""How often a batch is tried, each time without the event that failed, before it is halved."""

EVENTS = Counter("inbox_events_total", "Events by what became of them", ["way"])
BATCHES = Counter("inbox_batches_total", "Transactions of the inbox")

log = logging.getLogger(__name__)

Items = Sequence[Received | Broken]
Poisoned = dict[str, dict[tuple[str, int, int], tuple[str, str]]]
"""Of each village the events (topic, partition, offset) that failed: reason and detail."""


class Effect(Protocol):
    """What a service does with events next in their streams, in the batch's transaction."""

    async def apply(
        self,
        connection: Connection,
        locks: VillageLocks,
        accepted: Mapping[str, Sequence[Received]],
    ) -> None:
        """Have the effect of these events; raises ImpossibleEvent for one that cannot be.

        UnreadableEvents, raised before anything is written, spare the others a second transaction.
        """


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
        self._aside = Aside(clock, sealer)
        self._systemic = SystemicStop(database, clock)
        self._known: set[str] = set()
        self._closing = asyncio.Event()
        self.prefix = prefix

    @property
    def inputs(self) -> tuple[str, ...]:
        return tuple(self._index)

    async def stopped(self) -> str | None:
        """Why consuming is stopped, or None: a probe of readiness."""
        return await self._systemic.reason()

    def close(self) -> None:
        """End all waiting: the process stops, and what was not committed is delivered again."""
        self._closing.set()

    async def receive(self, records: Sequence[Any]) -> None:
        """Have the effect of a poll's records; returns when all is committed.

        Raises only when the infrastructure stayed away for a minute: the batch is fetched anew.
        """
        batch = decode(records, prefix=self.prefix)
        self._systemic.touched(batch.villages)
        backoff, deadline = Backoff(), time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                await self._systemic.gate(PATIENCE_SECONDS, self._closing)
                await self._take(batch)
            except Systemic as error:
                await self._systemic.stop(str(error))
            except Exception as error:
                late = time.monotonic() > deadline or self._closing.is_set()
                if not is_transient(error) or late:
                    raise
                log.warning("inbox waits: %s: %s", type(error).__name__, error)
                await backoff.wait(self._closing)
            else:
                return

    async def _take(self, batch: Batch) -> None:
        """The batch in one transaction; what belongs to no village in one of its own."""
        if batch.unroutable:
            await self.commit({}, unroutable=batch.unroutable)
        if batch.villages:
            await self._together(batch.villages, {})

    async def _together(self, villages: Mapping[str, Items], poisoned: Poisoned) -> None:
        """One transaction, again without what it finds to be poison, and then by halves."""
        for _ in range(ATTEMPTS_TOGETHER):
            try:
                await self.commit(villages, poisoned=poisoned)
            except ImpossibleEvent as error:
                _note(poisoned, error)
            except Systemic:
                raise
            except Exception as error:
                if is_transient(error) and not is_cut(error):
                    raise
                log.warning("%d villages are halved: %s", len(villages), type(error).__name__)
                break
            else:
                return
        keys = sorted(villages)
        if len(keys) == 1:
            await self.take_village(keys[0], villages[keys[0]], poisoned)
            return
        middle = len(keys) // 2
        for half in (keys[:middle], keys[middle:]):
            await self._together({key: villages[key] for key in half}, poisoned)

    async def take_village(self, key: str, items: Items, poisoned: Poisoned | None = None) -> None:
        """One village's events by halves of halves; the first that cannot be is parked."""
        poisoned = {} if poisoned is None else poisoned
        most: int | None = None
        while True:
            try:
                more = await self.commit({key: items}, poisoned=poisoned, most=most)
            except ImpossibleEvent as error:
                _note(poisoned, error)
            except Systemic:
                raise
            except Exception as error:
                if most == 1 or (is_transient(error) and not is_cut(error)):
                    raise
                most = max(1, (most or len(items)) // 2)
                log.warning("%d events of %s at a time: %s", most, key, type(error).__name__)
            else:
                if not more:
                    return

    async def commit(
        self,
        villages: Mapping[str, Items],
        *,
        unroutable: Sequence[Unroutable] = (),
        poisoned: Poisoned | None = None,
        most: int | None = None,
    ) -> bool:
        """One transaction: locks, marks read again, ways, effect, marks written.

        At most `most` events of each village have their effect; True when more may follow.
        """
        await self._ensure(villages.keys())
        poisoned = {} if poisoned is None else poisoned
        async with self._database.transaction() as connection:
            if unroutable:
                await self._aside.unroutable(connection, unroutable)
            states, ways = await self._routed(connection, villages, poisoned, most)
            while unreadable := await self._written(connection, states, ways, single=most == 1):
                _note(poisoned, unreadable)
                again = {event.event.subject for event in unreadable.found}
                items = {key: villages[key] for key in again}
                others = await self._routed(connection, items, poisoned, most)
                states, ways = states | others[0], ways | others[1]
        BATCHES.inc()
        _count(ways, unroutable)
        return most is not None and any(way.accepted or way.skipped for way in ways.values())

    async def _written(
        self,
        connection: Connection,
        states: Mapping[str, Village],
        ways: Mapping[str, Way],
        *,
        single: bool,
    ) -> UnreadableEvents | None:
        """Write what is routed; nothing is written when there are events that cannot be read."""
        await self._systemic.refuse(connection, states, ways)
        try:
            await self.write(connection, states, ways)
        except UnreadableEvents as error:
            return error
        except Exception as error:
            _blame_single(error, ways, single=single)
            raise
        return None

    async def _routed(
        self,
        connection: Connection,
        villages: Mapping[str, Items],
        poisoned: Poisoned,
        most: int | None,
    ) -> tuple[dict[str, Village], dict[str, Way]]:
        """The villages locked and each event sent its way, without what persons have settled."""
        while True:
            states = await self.lock(connection, villages.keys()) if villages else {}
            odd = [key for key, village in states.items() if village.held]
            waiting = await self._aside.held(connection, odd) if odd else {}
            discarded = await self._aside.discarded(connection, odd) if odd else {}
            ways = {
                key: route(
                    states[key],
                    items,
                    waiting=waiting.get(key, ()),
                    discarded=discarded.get(key),
                    poison=poisoned.get(key),
                    most=most,
                )
                for key, items in villages.items()
            }
            settled = await self._settled(connection, ways)
            if not settled:
                return states, ways
            villages = {
                key: [item for item in items if _place(item) not in settled]
                for key, items in villages.items()
            }

    async def write(
        self, connection: Connection, states: Mapping[str, Village], ways: Mapping[str, Way]
    ) -> None:
        """Effect and marks of routed events; the villages are locked by this transaction."""
        accepted = {key: way.accepted for key, way in ways.items() if way.accepted}
        if accepted:
            with trace(_only_trace(accepted)):
                await self._apply(connection, VillageLocks(frozenset(states)), accepted)
        await self._advance(connection, states, ways)
        await self._aside.write(connection, ways)

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

    async def lock(self, connection: Connection, keys: Iterable[str]) -> dict[str, Village]:
        """Lock villages in key order and read their marks."""
        rows = await connection.fetch(QUERIES["lock"], sorted(keys))
        return {row["village_key"]: self._village(row) for row in rows}

    def _village(self, row: Any) -> Village:
        key, sequences, times, parked, held = row
        marks = dict(zip(self._index, map(Mark, sequences, times), strict=False))
        return Village(key, marks, parked, held)

    async def _ensure(self, keys: Collection[str]) -> None:
        """Marks rows for new villages, in a transaction of their own and before any lock."""
        missing = [key for key in keys if key not in self._known]
        if missing:
            async with self._database.transaction() as connection:
                await connection.execute(QUERIES["ensure"], sorted(missing), len(self._index))
            self._known.update(missing)

    async def _settled(
        self, connection: Connection, ways: Mapping[str, Way]
    ) -> frozenset[tuple[str, int, int]]:
        """Of the records about to be parked for themselves, those that a person has settled."""
        parks = [park for way in ways.values() for park in way.parked if park.reason != BEHIND]
        if not parks:
            return frozenset()
        places = zip(*(_place(park.item) for park in parks), strict=True)
        rows = await connection.fetch(QUERIES["settled_records"], *places)
        return frozenset(tuple(row) for row in rows)

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


def _count(ways: Mapping[str, Way], unroutable: Sequence[Unroutable]) -> None:
    for name, number in (
        ("applied", sum(len(way.accepted) for way in ways.values())),
        ("duplicate", sum(way.duplicates for way in ways.values())),
        ("skipped", sum(len(way.skipped) for way in ways.values())),
        ("held", sum(len(way.held) for way in ways.values())),
        ("parked", sum(len(way.parked) for way in ways.values())),
        ("unroutable", len(unroutable)),
    ):
        if number:
            EVENTS.labels(name).inc(number)


def _blame_single(error: Exception, ways: Mapping[str, Way], *, single: bool) -> None:
    """Name the event whose rows the database refuses, so that it alone is parked."""
    if not single or is_transient(error) or isinstance(error, (ImpossibleEvent, Systemic)):
        return
    events = [event for way in ways.values() for event in (*way.accepted, *way.skipped)]
    if len(events) == 1:
        raise ImpossibleEvent(events[0], type(error).__name__, code="UNSTORABLE") from error


def literal(values: Iterable[str]) -> str:
    """A Postgres array of values without quotes, commas or braces: keys, numbers, times."""
    return "{" + ",".join(values) + "}"


def _time_text(moment: datetime | None) -> str:
    return "NULL" if moment is None else f'"{moment.isoformat()}"'


def _note(poisoned: Poisoned, error: ImpossibleEvent) -> None:
    for each in error.found:
        places = poisoned.setdefault(each.event.subject, {})
        places[_place(each.event)] = (each.code, each.reason)


def _place(item: Received | Broken) -> tuple[str, int, int]:
    return (item.topic, item.partition, item.offset)


def _only_trace(accepted: Mapping[str, Sequence[Received]]) -> str | None:
    """A batch is many requests: what it decides is traced to one only when it is of one."""
    traces = {event.traceparent for events in accepted.values() for event in events}
    return traces.pop() if len(traces) == 1 else None
