"""Judging villages under their locks, and entering what changed in the log."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from itertools import chain
from uuid import UUID

import structlog
from common.clock import Clock
from common.database import Connection, Queries
from common.events.words import TimeZone
from common.ids import Ids
from common.outbox import Appended, Draft, Outbox, VillageLocks

from eligibility.domain.facts import Fact, Known
from eligibility.domain.rules import RuleSet
from eligibility.domain.status import Status
from eligibility.judging import (
    Foreseen,
    Input,
    Judged,
    Working,
    batch_of,
    judge,
    origin_of,
)
from eligibility.proposing import entries_of
from eligibility.storage.decisions import DecisionStore
from eligibility.storage.facts import FactStore, StoredFacts
from eligibility.storage.foreseen import ForeseenStore
from eligibility.storage.rule_sets import RuleSetStore
from eligibility.storage.villages import VillageStore
from eligibility.told import told

log = structlog.get_logger(__name__)


class Judge:
    """Folds villages anew and writes what came out: the log, its events and the working rows."""

    def __init__(self, queries: Queries, *, clock: Clock, ids: Ids) -> None:
        self._clock = clock
        self._ids = ids
        self._outbox = Outbox(clock=clock, ids=ids)
        self._villages = VillageStore(queries)
        self._facts = FactStore(queries)
        self._decisions = DecisionStore(queries)
        self._foreseen = ForeseenStore(queries)
        self._rule_sets = RuleSetStore(queries)

    def today(self) -> dict[TimeZone, date]:
        """The civil date in each zone, the same for all villages of a batch."""
        return {zone: self._clock.today(zone) for zone in TimeZone}

    async def rules_of(
        self, connection: Connection, stored: Mapping[str, StoredFacts]
    ) -> dict[str, Sequence[RuleSet]]:
        """The rule sets that can hold for each village, wherever it has belonged."""
        regencies = {key: _regencies(facts.facts) for key, facts in stored.items()}
        holding = await self._rule_sets.holding_in(
            connection, frozenset(chain.from_iterable(regencies.values()))
        )
        return {
            key: list(dict.fromkeys(chain.from_iterable(holding[code] for code in codes)))
            for key, codes in regencies.items()
        }

    async def enter(
        self,
        connection: Connection,
        locks: VillageLocks,
        stored: Mapping[str, StoredFacts],
        inputs: Mapping[str, Sequence[Input]],
    ) -> list[Appended]:
        """Judge the known ones of the villages as of today; the events of what changed."""
        today = self.today()
        working = await self._villages.working(connection, inputs.keys())
        rules = await self.rules_of(connection, {key: stored[key] for key in working})
        judged = {
            key: judge(village, stored[key].facts, rules[key], village.not_before(today))
            for key, village in working.items()
        }
        return await self._enter(connection, locks, working, judged, inputs, today=today)

    async def enter_due(
        self,
        connection: Connection,
        locks: VillageLocks,
        working: Mapping[str, Working],
        due: Mapping[str, datetime],
    ) -> None:
        """Enter what time alone has made of the villages: as foreseen, or else by a fold."""
        today = self.today()
        inputs = {key: [Input(None, due[key])] for key in working}
        foreseen = await self._foreseen.of(connection, working.keys())
        number = await self._rule_sets.number(connection)
        come = {
            key: seen.judged
            for key, seen in foreseen.items()
            if seen.judged is not None
            and seen.holds(working[key], working[key].not_before(today), number)
        }
        villages = {key: working[key] for key in come}
        await self._enter(connection, locks, villages, come, inputs, today=today)
        if others := working.keys() - come.keys():
            stored = await self._facts.of(connection, others)
            await self.enter(connection, locks, stored, {key: inputs[key] for key in others})

    async def wanting(self, connection: Connection, until: datetime, limit: int) -> list[str]:
        """Locked villages that are to be judged before `until` and are not foreseen yet."""
        number = await self._rule_sets.number(connection)
        return await self._foreseen.wanting(connection, until, limit, number)

    async def foresee(self, connection: Connection, keys: Collection[str]) -> None:
        """Judge locked villages for their next day and keep it."""
        working = await self._villages.working(connection, keys)
        number = await self._rule_sets.number(connection)
        stored = await self._facts.of(connection, working.keys())
        rules = await self.rules_of(connection, stored)
        foreseen = {
            key: Foreseen(day, number, _ahead(village, stored[key].facts, rules[key], day))
            for key, village in working.items()
            if (day := village.next_judge_on) is not None
        }
        await self._foreseen.keep(connection, foreseen)

    async def _enter(
        self,
        connection: Connection,
        locks: VillageLocks,
        working: Mapping[str, Working],
        results: Mapping[str, Judged],
        inputs: Mapping[str, Sequence[Input]],
        *,
        today: Mapping[TimeZone, date],
    ) -> list[Appended]:
        """The log's next entries and the working rows of judged villages."""
        drafts: list[Draft] = []
        statuses: list[Status] = []
        changed: list[tuple[Working, Judged]] = []
        for key, before in working.items():
            judged = results[key]
            village, entries = entries_of(
                before, judged, inputs[key], before.not_before(today), self._new_id
            )
            origin, batch_id = origin_of(inputs[key]), batch_of(inputs[key])
            drafts += [Draft(key, entry, origin, batch_id) for entry in entries]
            statuses += [judged.status] * len(entries)
            if entries or village != before or _differs(before, judged):
                changed.append((village, judged))
        appended = await self._outbox.append(connection, locks, drafts)
        if drafts:
            times = [event.time for event in appended]
            await self._decisions.add(connection, list(zip(drafts, statuses, times, strict=True)))
        await self._villages.write_statuses(connection, changed)
        foreseen = [key for key, village in working.items() if village.next_judge_on is not None]
        await self._foreseen.forget(connection, foreseen)
        return appended

    def _new_id(self) -> UUID:
        return self._ids.event(self._clock.now())


def _ahead(
    village: Working, facts: Sequence[Fact], rule_sets: Sequence[RuleSet], day: date
) -> Judged | None:
    """A village that cannot be judged holds up no other one; its review is put off and logged."""
    try:
        return judge(village, facts, rule_sets, day)
    except Exception as error:  # noqa: BLE001  # whatever it is, it is this village's alone
        log.warning(
            "foreseeing_failed", village_key=village.village_key, reason=type(error).__name__
        )
        return None


def _regencies(facts: Sequence[Fact]) -> frozenset[str]:
    return frozenset(fact.regency_code for fact in facts if isinstance(fact, Known))


def _differs(village: Working, judged: Judged) -> bool:
    return (
        told(village.status),
        village.status.rule_set,
        village.since,
        village.next_judge_on,
        village.next_review_at,
    ) != (
        told(judged.status),
        judged.status.rule_set,
        judged.since,
        judged.next_judge_on,
        village.wakes_at(judged.next_judge_on),
    )
