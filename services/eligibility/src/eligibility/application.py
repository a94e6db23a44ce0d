"""What eligibility does, one method a deed; each opens its transaction here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set  # noqa: PYI025
from datetime import datetime, timedelta

from common import idempotency
from common.clock import Clock
from common.database import Connection, Database, Queries
from common.idempotency import Answer, Once
from common.ids import Ids
from common.inbox import MARKS_LOCK
from common.outbox import VillageLocks, lock_villages
from common.received import Received
from common.security import Caller
from common.web import purge_sessions, real_now

from eligibility.acting import Act, check_act
from eligibility.ceremonies import Ceremonies
from eligibility.counts import count
from eligibility.domain.facts import Known
from eligibility.domain.rules import default_rule_sets
from eligibility.intake import NewFact, refuse_impossible, sort_out
from eligibility.judge import Judge
from eligibility.judging import Input, Working, by_what_is_due
from eligibility.outreach import apart
from eligibility.storage.facts import FactStore, input_of
from eligibility.storage.outreach import OutreachStore
from eligibility.storage.rule_sets import RuleSetStore
from eligibility.storage.villages import VillageStore

__all__ = ["Act", "Certification"]

REVIEWS = 100
"""Villages reviewed in one transaction: few, so that a live event of one waits milliseconds."""
FORESEEN = 20
"""Villages judged ahead in one transaction; each is folded from all its facts."""
AHEAD = timedelta(days=2)
"""How long before their day villages are judged for it."""
PUT_OFF = timedelta(hours=1)
"""Until a village is tried again whose review failed."""
EMITTED_KEPT = timedelta(days=30)
PURGE_BATCH = 5000


class Certification:
    """Keeps what each village's status is made of, decides it, and says what changed."""

    def __init__(self, database: Database, *, clock: Clock, ids: Ids) -> None:
        queries = Queries.of("eligibility.storage")
        self._database = database
        self._clock = clock
        self._ids = ids
        self._queries = queries
        self._villages = VillageStore(queries)
        self._facts = FactStore(queries)
        self._rule_sets = RuleSetStore(queries)
        self._outreach = OutreachStore()
        self._judge = Judge(queries, clock=clock, ids=ids)
        self.ceremonies = Ceremonies(database, clock=clock, ids=ids)

    async def apply(
        self,
        connection: Connection,
        locks: VillageLocks,
        accepted: Mapping[str, Sequence[Received]],
    ) -> None:
        """Note a batch of the registry's events in its transaction; raises ImpossibleEvent."""
        villages, launches = apart(accepted)
        intake = sort_out(villages)
        if launches:
            await self._outreach.add_launches(connection, launches)
        places = await self._villages.places(connection, villages.keys())
        strangers = villages.keys() - places.keys() - intake.known.keys()
        if intake.known:
            await self._villages.know(connection, intake.known)
        if strangers:
            await self._villages.expect(connection, strangers)
        await self._villages.note_changes(connection, intake.changes)
        await self._outreach.note(connection, intake.outreach)
        arrived = {
            key for key, place in places.items() if not place.time_zone
        } & intake.known.keys()
        today = self._judge.today()
        counted = count(intake.enrollments, intake.counting(places, arrived), today)
        if counted.ledger or counted.sums:
            await self._villages.add_counts(connection, counted)
        if arrived:
            zones = {key: intake.known[key].time_zone for key in arrived}
            await self._villages.recount(connection, {key: today[z] for key, z in zones.items()})
        first = [NewFact.told_by(event, fact) for event, fact in counted.first]
        new = [*intake.facts, *first]
        if new:
            await self._facts.add(connection, new)
            await self._note_facts(connection, locks, new, places.keys(), arrived)

    async def _note_facts(
        self,
        connection: Connection,
        locks: VillageLocks,
        new: Sequence[NewFact],
        rows: Set[str],
        arrived: Set[str],
    ) -> None:
        """Judge the villages that new facts are about; of a bare village there is nothing."""
        inputs: dict[str, list[Input]] = {}
        for fact in new:
            inputs.setdefault(fact.village_key, []).append(input_of(fact))
        bare = {f.village_key for f in new if isinstance(f.fact, Known)} - rows
        bare -= {f.village_key for f in new if not isinstance(f.fact, Known)}
        for key in bare:
            del inputs[key]
        if not inputs:
            return
        stored = await self._facts.of(connection, inputs.keys())
        refuse_impossible(new, {key: facts.facts for key, facts in stored.items()})
        for key in arrived & inputs.keys():
            # Its earlier facts had no decision that could have named them.
            inputs[key] = stored[key].inputs
        await self._judge.enter(connection, locks, stored, inputs)

    async def record_act(
        self, code: str, act: Act, caller: Caller, once: Once | None = None
    ) -> Answer:
        """Enter an act and what it makes of the village; raises UnknownVillage and ActRefused."""
        async with self._database.transaction() as connection:
            await self._see(connection, caller.areas)
            if once and (answer := await idempotency.claim(connection, once, self._clock.now())):
                # The caller's areas may have changed since the first answer.
                await self._villages.check_in_sight(connection, answer.body["village_key"])
                return answer
            key = await self._villages.key_of(connection, code)
            locks = await lock_villages(connection, [key], MARKS_LOCK)
            new = await self._allowed(connection, key, act)
            await self._facts.add(connection, [new])
            await self._facts.add_act(
                connection,
                (
                    new.fact.id,
                    key,
                    act.act.value,
                    act.number,
                    act.effective_on,
                    act.signing_office,
                    act.reason,
                    caller.issuer,
                    caller.subject,
                    new.fact.recorded_at,
                ),
            )
            stored = await self._facts.of(connection, [key])
            appended = await self._judge.enter(connection, locks, stored, {key: [input_of(new)]})
            answer = Answer(
                201,
                {"act_id": str(new.fact.id), "village_key": key},
                tuple(event.position for event in appended),
            )
            if once:
                await idempotency.store(connection, once, answer, self._clock.now())
            return answer

    async def _allowed(self, connection: Connection, key: str, act: Act) -> NewFact:
        """The act as a fact, if it fits the village's status on its day."""
        stored = await self._facts.of(connection, [key])
        village = (await self._villages.working(connection, [key]))[key]
        rules = (await self._judge.rules_of(connection, stored))[key]
        check_act(act, stored[key].facts, rules, self._clock.today(village.time_zone))
        now = self._clock.now()
        return NewFact(key, act.fact(now, self._ids.event(now)))

    async def review_due(self, limit: int = REVIEWS) -> int:
        """Judge a page of villages whose day has come, oldest first; how many.

        Replicas share the work: a village that another one holds is left to it.
        """
        now = self._clock.now()
        async with self._database.transaction() as connection:
            candidates = await self._villages.lock_due(connection, now, limit)
            return await self._review(connection, candidates, now)

    async def foresee(self, limit: int = FORESEEN) -> int:
        """Judge villages ahead for a day that comes soon, so that its midnight is quick; how many.

        What is foreseen is entered by `review_due`; whatever is judged before makes it void.
        """
        async with self._database.transaction() as connection:
            keys = await self._judge.wanting(connection, self._clock.now() + AHEAD, limit)
            await self._judge.foresee(connection, keys)
            return len(keys)

    async def due_for_review(self, limit: int = REVIEWS) -> list[str]:
        """The keys of villages whose day has come, oldest first; other replicas see the same."""
        async with self._database.transaction() as connection:
            return await self._villages.due(connection, self._clock.now(), limit)

    async def review(self, candidates: Sequence[str]) -> int:
        """Judge in one transaction those of the villages that are still due; how many."""
        if not candidates:
            return 0
        now = self._clock.now()
        async with self._database.transaction() as connection:
            return await self._review(connection, candidates, now)

    async def _review(
        self, connection: Connection, candidates: Sequence[str], now: datetime
    ) -> int:
        """Lock the candidates and review those that are still due; how many."""
        locks = await lock_villages(connection, candidates, MARKS_LOCK)
        due = await self._villages.still_due(connection, locks.keys, now)
        if not due:
            return 0
        await self._villages.emit_once(connection, due, now)
        working = await self._recounted(connection, due.keys())
        judged, only_counted = by_what_is_due(working.values(), self._judge.today())
        await self._villages.wake(connection, only_counted)
        if judged:
            villages = {key: working[key] for key in judged}
            await self._judge.enter_due(connection, locks, villages, due)
        return len(due)

    async def _recounted(self, connection: Connection, keys: Set[str]) -> Mapping[str, Working]:
        """The working rows, with the counts of those whose counts change by today."""
        today = self._judge.today()
        working = await self._villages.working(connection, keys)
        days = {
            key: today[village.time_zone]
            for key, village in working.items()
            if village.next_count_on is not None
            and village.next_count_on <= today[village.time_zone]
        }
        if days:
            await self._villages.recount(connection, days)
            working |= await self._villages.working(connection, days.keys())
        return working

    async def put_off(self, village_key: str) -> None:
        """Review a due village an hour from now, because judging it failed."""
        now = self._clock.now()
        async with self._database.transaction() as connection:
            await lock_villages(connection, [village_key], MARKS_LOCK)
            await self._villages.put_off(connection, village_key, now, now + PUT_OFF)

    async def install_default_rules(self) -> None:
        """Store the rules that hold until a branch sets its own; again, it changes nothing."""
        async with self._database.transaction() as connection:
            await self._rule_sets.add(connection, default_rule_sets())

    async def settle(self, until: datetime) -> None:
        """Every fact of the registry recorded before `until` has had its effect here."""
        async with self._database.transaction() as connection:
            await self._villages.settle(connection, until)

    async def purge(self) -> int:
        """Delete a batch of what no one will ask for any more; how many rows."""
        now = self._clock.now()
        async with self._database.transaction() as connection:
            emitted = await self._villages.purge_emitted(
                connection, now - EMITTED_KEPT, PURGE_BATCH
            )
            sessions = await purge_sessions(connection, real_now())
            return emitted + sessions + await idempotency.purge(connection, now)

    async def _see(self, connection: Connection, areas: Set[str]) -> None:
        await connection.execute(self._queries["see"], " ".join(sorted(areas)))
