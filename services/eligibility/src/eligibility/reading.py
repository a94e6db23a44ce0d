"""What may be asked, one method a question; each opens its transaction here."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence, Set  # noqa: PYI025
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

import asyncpg
from common.clock import Clock, local_date, midnight
from common.database import Connection, Database, Queries
from common.events.words import TimeZone
from common.ids import Ids
from common.outbox import QUERIES as OUTBOX

from eligibility.acting import Act, Preview, check_act, preview
from eligibility.domain.explain import Explanation, explain
from eligibility.domain.facts import Fact
from eligibility.domain.fold import fold
from eligibility.domain.rules import RuleSet
from eligibility.dossier import Dossiers
from eligibility.feed import Feed
from eligibility.judge import Judge
from eligibility.operation import Operation
from eligibility.overview import Overview
from eligibility.refusals import EventUnknown, NotReached, NotYet, Parked
from eligibility.storage.ceremonies import Ceremony, CeremonyStore
from eligibility.storage.facts import FactStore
from eligibility.storage.outreach import Launch, Note, OutreachStore, Workers
from eligibility.storage.rule_sets import RuleSetStore
from eligibility.storage.views import View, ViewStore
from eligibility.storage.villages import UnknownVillage, VillageStore, dotted
from eligibility.told import since

FIRST_LOOK, LAST_LOOK = 0.02, 0.25
"""Seconds between two looks at the marks."""


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a stream, as `Event-Position` names it."""

    topic: str
    village_key: str
    sequence: int


@dataclass(frozen=True, slots=True)
class Reached:
    """How far a village's inputs have had their effect."""

    village_key: str
    sequences: Mapping[str, int]


class Reading:
    """Answers from the working rows, or by a fold where another day is asked for."""

    def __init__(
        self, database: Database, *, clock: Clock, ids: Ids, inputs: Sequence[str]
    ) -> None:
        queries = Queries.of("eligibility.storage")
        self._database = database
        self._clock = clock
        self._ids = ids
        self._queries = queries
        self._inputs = inputs
        self._villages = VillageStore(queries)
        self._views = ViewStore(queries)
        self._facts = FactStore(queries)
        self._ceremonies = CeremonyStore()
        self._rule_sets = RuleSetStore(queries)
        self._outreach = OutreachStore()
        self._judge = Judge(queries, clock=clock, ids=ids)
        self.dossiers = Dossiers(database, clock=clock, ids=ids)
        """Whole villages, for their pages."""
        self.overview = Overview(database, clock=clock)
        """Counts and lists, for the board."""
        self.feed = Feed(database, clock=clock)
        """What happens, for its page and its streams."""
        self.operation = Operation(database, clock=clock)
        """What waits, for operators."""

    async def village(
        self,
        code: str,
        areas: Set[str],
        *,
        on: date | None = None,
        known_at: datetime | None = None,
    ) -> View:
        """The village now, or on a day as known at a moment; raises UnknownVillage and NotYet."""
        async with self._seeing(areas) as connection:
            view = await self._views.village(connection, code)
            if on is None and known_at is None:
                return view
            return await self._as_of(connection, view, on, known_at)

    async def explain(
        self,
        code: str,
        areas: Set[str],
        *,
        on: date | None = None,
        known_at: datetime | None = None,
    ) -> tuple[View, Explanation]:
        """Why the status is what it is, and the cheapest way to be eligible."""
        async with self._seeing(areas) as connection:
            view = await self._views.village(connection, code)
            day = self._day(view, on)
            facts, rules = await self._made_of(connection, view.village_key)
            explained = explain(facts, rules, on=day, known_at=known_at)
            if on is not None or known_at is not None:
                view = await self._as_of(connection, view, on, known_at)
            return view, explained

    async def preview_act(self, code: str, areas: Set[str], act: Act) -> Preview:
        """What an act would make of the village; raises UnknownVillage and ActRefused."""
        async with self._seeing(areas) as connection:
            view = await self._views.village(connection, code)
            facts, rules = await self._made_of(connection, view.village_key)
            today = self._day(view, None)
            check_act(act, facts, rules, today)
            now = self._clock.now()
            return preview(act.fact(now, self._ids.event(now)), facts, rules, today)

    async def edition(self) -> str | None:
        """The present edition of the area data; None: no village has named one."""
        async with self._database.transaction() as connection:
            name: str | None = await connection.fetchval(self._queries["present_edition"])
            return name

    async def ceremonies(self, areas: Set[str], code: str | None = None) -> list[Ceremony]:
        """Those ahead in the areas, the next first; or all of one village, the latest first."""
        async with self._seeing(areas) as connection:
            if code is not None:
                view = await self._views.village(connection, code)
                return await self._ceremonies.of(connection, view.village_key)
            return await self._ceremonies.ahead(connection, self._clock.today(TimeZone.WIB))

    async def decisions(
        self,
        code: str,
        areas: Set[str],
        *,
        before: tuple[datetime, UUID] | None = None,
        limit: int,
    ) -> list[asyncpg.Record]:
        """A page of the decision log, newest first."""
        async with self._seeing(areas) as connection:
            view = await self._views.village(connection, code)
            return await self._views.decisions(connection, view.village_key, before, limit)

    async def villages(
        self, areas: Set[str], *, filters: Mapping[str, str], after: str, limit: int
    ) -> list[View]:
        """A page of the villages that the caller may see, in order of key."""
        async with self._seeing(areas) as connection:
            return await self._views.villages(connection, filters, after, limit)

    async def notes_of(self, code: str, areas: Set[str]) -> list[Note]:
        """What was done for a village's workers, newest first; raises UnknownVillage."""
        async with self._seeing(areas) as connection:
            key = await self._villages.key_of(connection, code)
            return await self._outreach.notes_of(connection, key)

    async def workers_of(self, code: str, areas: Set[str]) -> Workers | None:
        """How many workers a village has, None where nobody counted; raises UnknownVillage."""
        async with self._seeing(areas) as connection:
            key = await self._villages.key_of(connection, code)
            return await self._outreach.workers_of(connection, key)

    async def launches(self, areas: Set[str]) -> list[Launch]:
        """Launches in the caller's areas and in those that they lie in, newest first."""
        async with self._seeing(areas) as connection:
            return await self._outreach.launches(connection)

    async def rule_sets(self, *, after: tuple[str, int], limit: int) -> list[asyncpg.Record]:
        """A page of all rule sets, in order of id and version."""
        async with self._database.transaction() as connection:
            return await self._rule_sets.after(connection, *after, limit)

    async def marks(self, *, after: str, limit: int) -> list[tuple[str, dict[str, int], int, int]]:
        """A page of all marks: village_key, sequence by topic, parked and held events."""
        async with self._database.transaction() as connection:
            rows = await self._views.marks(connection, after, limit)
        return [(key, self._by_topic(marks), parked, held) for key, marks, parked, held in rows]

    async def stored_event(self, topic: str, village_key: str, sequence: int) -> bytes:
        """The bytes of one of our events as it was published; raises EventUnknown."""
        async with self._database.transaction() as connection:
            row = await connection.fetchrow(OUTBOX["stored"], village_key, topic, sequence)
        if row is None:
            raise EventUnknown(f"{topic}/{village_key}/{sequence}")
        return bytes(row["value"])

    async def wait_for(
        self, code: str, areas: Set[str], positions: Sequence[Position], seconds: float
    ) -> None:
        """Return when the village's marks have reached the positions that are its own.

        Raises UnknownVillage, Parked, and NotReached after `seconds` with the marks as they are.
        """
        deadline, wait = time.monotonic() + seconds, FIRST_LOOK
        while True:
            marks, parked = await self._look(code, areas)
            asked = [p for p in positions if p.village_key == marks.village_key]
            if all(marks.sequences.get(p.topic, 0) >= p.sequence for p in asked):
                return
            if parked:
                raise Parked
            if time.monotonic() + wait > deadline:
                raise NotReached(marks.sequences)
            await asyncio.sleep(wait)
            wait = min(wait * 1.5, LAST_LOOK)

    async def _look(self, code: str, areas: Set[str]) -> tuple[Reached, int]:
        """The marks of a village; of one not known yet the code is taken for its key.

        Raises UnknownVillage for one that the caller may not see.
        """
        async with self._seeing(areas) as connection:
            try:
                key = (await self._views.village(connection, code)).village_key
            except UnknownVillage:
                key = dotted(code)
                await self._villages.check_in_sight(connection, key)
            found = await self._views.mark(connection, key)
        sequences, parked = found or ((), 0)
        return Reached(key, self._by_topic(sequences)), parked

    async def _as_of(
        self, connection: Connection, view: View, on: date | None, known_at: datetime | None
    ) -> View:
        """The view as of a day and as known at a moment (counts: at the end of that day, WIB)."""
        day = self._day(view, on)
        facts, rules = await self._made_of(connection, view.village_key)
        history = fold(facts, rules, until=day, known_at=known_at)
        known_on = local_date(known_at or self._clock.now(), TimeZone.WIB)
        counts = await self._views.counts_on(connection, view.village_key, day, known_on)
        zone = TimeZone(view.place["time_zone"])
        until = midnight(day + timedelta(days=1), zone)
        if known_at is not None:
            until = min(until, known_at + timedelta(microseconds=1))
        proposal = await self._views.proposal_at(connection, view.village_key, until)
        return replace(
            view,
            status=history.on(day),
            since=since(history, day) if history.intervals else None,
            proposal=proposal,
            counts=counts,
        )

    def _day(self, view: View, on: date | None) -> date:
        today = self._clock.today(TimeZone(view.place["time_zone"]))
        if on is not None and on > today:
            raise NotYet(f"{on.isoformat()} is after {today.isoformat()}")
        return on or today

    async def _made_of(
        self, connection: Connection, key: str
    ) -> tuple[Sequence[Fact], Sequence[RuleSet]]:
        stored = await self._facts.of(connection, [key])
        rules = await self._judge.rules_of(connection, stored)
        return stored[key].facts, rules[key]

    def _by_topic(self, sequences: Sequence[int]) -> dict[str, int]:
        return dict(zip(self._inputs, sequences, strict=False))

    @asynccontextmanager
    async def _seeing(self, areas: Set[str]) -> AsyncIterator[Connection]:
        """A transaction that sees the villages of these areas only."""
        async with self._database.transaction() as connection:
            await connection.execute(self._queries["see"], " ".join(sorted(areas)))
            yield connection
