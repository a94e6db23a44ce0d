"""A registry restored to an earlier moment takes its place again in its streams.

The restored database lacks events that stand on the topics, and has given their sequences to other
facts since. Consumers have applied the first and parked the second. So the topic's events are
adopted into the record; the facts written since are published again behind them; their first copies
are withdrawn, which consumers ask for. Each village is one transaction under its lock.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from common.clock import Clock
from common.database import Connection, Database, Queries
from common.differences import Differences
from common.outbox import Draft, Outbox
from common.received import Received, decode_one, parse
from common.reconcile_published import Published
from common.topic_streams import Telling, each_event, silent

from registry.storage import areas

SQL = Queries.of("registry.storage", "advance.sql")
SUBJECTS = (
    *("enrollment_id", "post_id", "decree_id", "sosialisasi_id", "potential_id", "aid_id"),
    *("agent_id", "count_id", "launch_id"),
)
"""What a fact is about, by the first of these that its data has."""

Topic = str
Originals = dict[int, Received]
"""By sequence: the first record on the topic."""


class RelayLeads(RuntimeError):
    """A relay carries while the streams are to be advanced."""

    def __init__(self) -> None:
        super().__init__(
            "a relay of the registry leads: stop every process of the registry first "
            "(docs/runbook.md, A restored registry)"
        )


@dataclass(frozen=True, slots=True)
class Unknown:
    """An event on the topic that the restored registry does not know; a person enters it again."""

    village_key: str
    topic: str
    sequence: int
    type: str
    effective_on: date
    subject: UUID | None
    """The enrollment, post, decree or whatever else the fact is about."""
    recorded_at: datetime


Noting = Callable[[Sequence[Unknown]], None]
"""Keeps what a person enters again of one village."""


def unnoted(unknown: Sequence[Unknown]) -> None:
    """Keep nothing: for a dry run without a file."""


@dataclass(slots=True)
class Advanced:
    """What was done, or would be."""

    villages: int = 0
    unknown: list[Unknown] = field(default_factory=list)
    republished: list[tuple[str, str, int, int]] = field(default_factory=list)
    """village_key, topic, the sequence that was taken and the new one (0: it would get one)."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """A fact written since the restore, at a sequence that is another's on the topic."""

    topic: str
    sequence: int
    id: UUID
    event: Received


class Advancing:
    """Works as the owner of the database: the record is append-only for every other role."""

    def __init__(
        self, owner: Database, published: Published, *, outbox: Outbox, clock: Clock
    ) -> None:
        self._owner = owner
        self._published = published
        self._outbox = outbox
        self._clock = clock

    async def advance(
        self, *, dry_run: bool, note: Noting = unnoted, tell: Telling = silent
    ) -> Advanced:
        """Bring record, counters and queue in line with the topics; again does nothing.

        `note` is called before a village is committed: what is adopted is not found a second time.
        """
        await self._published.check(Differences(), tell)
        originals = await self._originals(self._published.differing, tell)
        done = Advanced()
        for key, streams in sorted(originals.items()):
            await self._village(key, streams, done, note, dry_run=dry_run)
        return done

    async def _originals(
        self, differing: Mapping[tuple[str, str], int], tell: Telling
    ) -> dict[str, dict[Topic, Originals]]:
        """By village and topic the first record at each sequence from the first difference on."""
        originals: dict[str, dict[Topic, Originals]] = defaultdict(lambda: defaultdict(dict))
        for key, topic in differing:
            originals[key][topic] = {}
        async with self._published.open_topics() as reader:
            for topic in sorted({topic for _, topic in differing}):
                ends = await reader.ends(topic)
                for partition, end in ends.items():
                    async for key, event in each_event(reader, topic, partition, end):
                        tell(f"{topic} (bytes)", 1, sum(ends.values()))
                        if event.sequence >= differing.get((key, topic), event.sequence + 1):
                            _keep_first(originals[key][topic], event)
        return originals

    async def _village(
        self,
        key: str,
        streams: Mapping[Topic, Originals],
        done: Advanced,
        note: Noting,
        *,
        dry_run: bool,
    ) -> None:
        unknown: list[Received] = []
        conflicts: list[Conflict] = []
        async with self._owner.transaction() as connection:
            locks = await areas.lock(connection, [key])
            for topic, originals in sorted(streams.items()):
                first = self._published.differing[key, topic]
                recorded = await connection.fetch(SQL["tail"], key, topic, first)
                taken = [_conflict(key, topic, row, originals) for row in recorded]
                here = [conflict for conflict in taken if conflict is not None]
                known = {row["sequence"] for row in recorded} - {one.sequence for one in here}
                adopted = [originals[n] for n in sorted(originals.keys() - known)]
                conflicts += here
                unknown += adopted
                if not dry_run:
                    await self._adopt(connection, key, topic, adopted, here)
                    await self._count(connection, key, topic, originals, recorded)
            conflicts.sort(key=lambda one: one.event.time)
            drafts = [_draft(key, one.event) for one in conflicts]
            again = [] if dry_run else await self._outbox.append(connection, locks, drafts)
            if again:
                await connection.execute(
                    SQL["withdraw"],
                    key,
                    [one.topic for one in conflicts],
                    [one.sequence for one in conflicts],
                    [one.id for one in conflicts],
                    [event.sequence for event in again],
                    self._clock.now(),
                )
            if to_enter := [_unknown(key, event) for event in unknown]:
                note(to_enter)
        done.villages += bool(unknown or conflicts)
        done.unknown += to_enter
        new = [event.sequence for event in again] or [0] * len(conflicts)
        done.republished += [
            (key, one.topic, one.sequence, sequence)
            for one, sequence in zip(conflicts, new, strict=True)
        ]

    async def _adopt(
        self,
        connection: Connection,
        key: str,
        topic: str,
        adopted: Sequence[Received],
        conflicts: Sequence[Conflict],
    ) -> None:
        taken = [one.sequence for one in conflicts]
        await connection.execute(SQL["unqueue"], key, topic, taken)
        await connection.execute(SQL["forget"], key, topic, taken)
        await connection.execute(
            SQL["adopt"],
            key,
            topic,
            [event.id for event in adopted],
            [event.sequence for event in adopted],
            [event.time for event in adopted],
            [event.value for event in adopted],
        )

    async def _count(
        self,
        connection: Connection,
        key: str,
        topic: str,
        originals: Originals,
        recorded: Sequence[Any],
    ) -> None:
        places = [(event.sequence, event.time) for event in originals.values()]
        places += [(row["sequence"], row["time"]) for row in recorded]
        if places:
            last = max(sequence for sequence, _ in places)
            latest = max(time for _, time in places)
            await connection.execute(SQL["count_streams"], key, topic, last, latest)


def _keep_first(originals: Originals, event: Received) -> None:
    """The first record at its sequence: as consumers took it, also after partitions were added."""
    known = originals.get(event.sequence)
    if known is None or (event.partition != known.partition and event.time < known.time):
        originals[event.sequence] = event


def _conflict(key: str, topic: str, row: Any, originals: Originals) -> Conflict | None:
    original = originals.get(row["sequence"])
    if original is None or original.id == row["id"]:
        return None
    event = decode_one(bytes(row["value"]), key=key, topic=topic, partition=0, offset=0)
    if not isinstance(event, Received):
        raise TypeError(f"{topic}/{key}/{row['sequence']} of the record cannot be read")
    return Conflict(topic, row["sequence"], row["id"], event)


def _draft(key: str, event: Received) -> Draft:
    return Draft(key, parse(event), event.origin, event.batchid)


def _unknown(key: str, event: Received) -> Unknown:
    data = parse(event)
    subjects = (getattr(data, name, None) for name in SUBJECTS)
    return Unknown(
        key,
        event.topic,
        event.sequence,
        event.type,
        data.effective_on,
        next((subject for subject in subjects if subject is not None), None),
        event.time,
    )
