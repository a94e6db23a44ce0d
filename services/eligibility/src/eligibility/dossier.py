"""All that is shown of one village: what it is and why, its posts, its past and its messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set  # noqa: PYI025
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from common.clock import ZONES, Clock
from common.database import Connection, Database, Queries
from common.events.words import TimeZone
from common.ids import Ids

from eligibility.domain.explain import Explanation, explain
from eligibility.domain.facts import Fact, SosialisasiHeld
from eligibility.domain.fold import fold
from eligibility.domain.roll import PostOnDay, roll_on
from eligibility.domain.rules import RuleSet
from eligibility.domain.status import History
from eligibility.judge import Judge
from eligibility.storage.ceremonies import Ceremony, CeremonyStore
from eligibility.storage.facts import FactStore
from eligibility.storage.messages import Message, MessageStore
from eligibility.storage.outreach import Note, OutreachStore, Workers
from eligibility.storage.views import View, ViewStore
from eligibility.storage.village_page import ActShown, Entry, VillagePageStore

LATEST = 10
"""Messages and acts on the village's page; the rest is in its history."""
LOG_PAGE = 20


@dataclass(frozen=True, slots=True)
class Dossier:
    """One village today."""

    view: View
    explanation: Explanation
    facts: Mapping[UUID, Fact]
    """Those that the explanation names, by the id of their event."""
    posts: tuple[PostOnDay, ...]
    sosialisasi: tuple[date, ...]
    """Days on which workers were informed, the latest first."""
    notes: Sequence[Note]
    """What was done there and what it lives from, the latest first."""
    workers: Workers | None
    acts: Sequence[ActShown]
    ceremonies: Sequence[Ceremony]
    messages: Sequence[Message]


@dataclass(frozen=True, slots=True)
class Past:
    """What held on a day as known at the end of a day, and what was told of the village."""

    view: View
    day: date
    known_at: datetime | None
    """None: as known now."""
    history: History
    until: date
    """The last day of the history."""
    counts: Mapping[str, int]
    log: Sequence[Entry]
    messages: Mapping[UUID, Sequence[Message]]
    """By the decision that made them."""


class NotPast(ValueError):
    """A day that has not come yet."""


class Dossiers:
    """Reads a village in one transaction that sees the caller's areas only."""

    def __init__(self, database: Database, *, clock: Clock, ids: Ids) -> None:
        queries = Queries.of("eligibility.storage")
        self._database = database
        self._clock = clock
        self._queries = queries
        self._views = ViewStore(queries)
        self._facts = FactStore(queries)
        self._judge = Judge(queries, clock=clock, ids=ids)
        self._ceremonies = CeremonyStore()
        self._messages = MessageStore()
        self._outreach = OutreachStore()
        self._store = VillagePageStore()

    async def of(self, code: str, areas: Set[str]) -> Dossier:
        """The village as it is today; raises UnknownVillage."""
        async with self._database.transaction() as connection:
            view = await self._seen(connection, code, areas)
            facts, rules = await self._made_of(connection, view.village_key)
            notes = await self._outreach.notes_of(connection, view.village_key)
            workers = await self._outreach.workers_of(connection, view.village_key)
            acts = await self._store.acts(connection, view.village_key, LATEST)
            ceremonies = await self._ceremonies.of(connection, view.village_key)
            messages = await self._messages.of(connection, view.village_key, LATEST)
        today = self._today(view)
        explained = explain(facts, rules, on=today)
        named = {
            because
            for criterion in explained.criteria
            for because in (criterion.reason.because, *(post.because for post in criterion.posts))
        }
        return Dossier(
            view,
            explained,
            {fact.id: fact for fact in facts if fact.id in named},
            roll_on(facts, explained.rules, on=today, keep=explained.keep),
            _held(facts, today),
            notes,
            workers,
            acts,
            ceremonies,
            messages,
        )

    async def past(
        self,
        code: str,
        areas: Set[str],
        *,
        on: date | None,
        known_on: date | None,
        before: tuple[datetime, UUID] | None = None,
    ) -> Past:
        """What held on a day, as known at the end of another; raises UnknownVillage and NotPast."""
        async with self._database.transaction() as connection:
            view = await self._seen(connection, code, areas)
            today = self._today(view)
            day, known = on or today, known_on or today
            if max(day, known) > today:
                raise NotPast(f"{max(day, known).isoformat()} is after {today.isoformat()}")
            facts, rules = await self._made_of(connection, view.village_key)
            counts = await self._views.counts_on(connection, view.village_key, day, known)
            log = await self._store.log(connection, view.village_key, before, LOG_PAGE)
            about = [entry.decision_id for entry in log]
            messages = await self._messages.about(connection, view.village_key, about)
        known_at = None if known == today else _end_of(known, view)
        by_decision: dict[UUID, list[Message]] = {}
        for message in messages:
            by_decision.setdefault(message.decision_id, []).append(message)
        history = fold(facts, rules, until=today, known_at=known_at)
        return Past(view, day, known_at, history, today, counts, log, by_decision)

    async def _seen(self, connection: Connection, code: str, areas: Set[str]) -> View:
        await connection.execute(self._queries["see"], " ".join(sorted(areas)))
        return await self._views.village(connection, code)

    async def _made_of(
        self, connection: Connection, key: str
    ) -> tuple[Sequence[Fact], Sequence[RuleSet]]:
        stored = await self._facts.of(connection, [key])
        rules = await self._judge.rules_of(connection, stored)
        return stored[key].facts, rules[key]

    def _today(self, view: View) -> date:
        return self._clock.today(TimeZone(view.place["time_zone"]))


def _held(facts: Sequence[Fact], today: date) -> tuple[date, ...]:
    days = {
        fact.effective_on
        for fact in facts
        if isinstance(fact, SosialisasiHeld) and fact.effective_on <= today
    }
    return tuple(sorted(days, reverse=True))


def _end_of(day: date, view: View) -> datetime:
    """The last moment of a local day."""
    zone = ZONES[TimeZone(view.place["time_zone"])]
    return datetime.combine(day + timedelta(days=1), time(), zone) - timedelta(microseconds=1)
