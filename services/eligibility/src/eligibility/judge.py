"""Judging villages under their locks, and entering what changed in the log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import chain

from common.clock import Clock
from common.database import Connection, Queries
from common.events.words import TimeZone
from common.ids import Ids
from common.outbox import Appended, Draft, Outbox, VillageLocks

from eligibility.domain.facts import Fact, Known
from eligibility.domain.rules import RuleSet
from eligibility.judging import (
    Input,
    Judged,
    Working,
    batch_of,
    decision_of,
    judge,
    origin_of,
)
from eligibility.storage.decisions import DecisionStore
from eligibility.storage.facts import FactStore, StoredFacts
from eligibility.storage.rule_sets import RuleSetStore
from eligibility.storage.villages import VillageStore
from eligibility.told import told


class Judge:
    """Folds villages anew and writes what came out: the log, its events and the working rows."""

    def __init__(self, queries: Queries, *, clock: Clock, ids: Ids) -> None:
        self._clock = clock
        self._ids = ids
        self._outbox = Outbox(clock=clock, ids=ids)
        self._villages = VillageStore(queries)
        self._facts = FactStore(queries)
        self._decisions = DecisionStore(queries)
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
        drafts: list[Draft] = []
        changed: list[tuple[Working, Judged]] = []
        for key, village in working.items():
            judged = judge(village, stored[key].facts, rules[key], today[village.time_zone])
            decision = decision_of(village, judged, inputs[key], self._ids.event(self._clock.now()))
            if decision is not None:
                drafts.append(Draft(key, decision, origin_of(inputs[key]), batch_of(inputs[key])))
                village = village.decided(decision.decision_id)  # noqa: PLW2901
            if decision is not None or _differs(village, judged):
                changed.append((village, judged))
        appended = await self._outbox.append(connection, locks, drafts)
        if drafts:
            times = [event.time for event in appended]
            await self._decisions.add(connection, list(zip(drafts, times, strict=True)))
        await self._villages.write_statuses(connection, changed)
        return appended


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
        judged.next_review_at,
    )
