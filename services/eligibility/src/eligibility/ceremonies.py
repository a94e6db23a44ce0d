"""Planning ceremonies and moving them, one method a deed; each opens its transaction here."""

from __future__ import annotations

from collections.abc import Set  # noqa: PYI025
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
from common import idempotency
from common.clock import Clock
from common.database import Connection, Database, Queries
from common.events.eligibility import CeremonyFact, CeremonyMoved, CeremonyPlanned
from common.events.words import CeremonyKind, OfficeKind, RegencyKind, TimeZone, Venue
from common.idempotency import Answer, Once
from common.ids import Ids
from common.inbox import MARKS_LOCK
from common.outbox import Draft, Outbox, VillageLocks, lock_villages
from common.security import Caller

from eligibility.domain.ceremonies import (
    Plan,
    When,
    check_day,
    check_host,
    check_move,
    check_open,
)
from eligibility.refusals import UnknownCeremony
from eligibility.storage.villages import VillageStore


@dataclass(frozen=True, slots=True)
class _Place:
    village_key: str
    village_code: str
    regency_kind: RegencyKind
    today: date


class Ceremonies:
    """What is planned with offices as guests; the act itself is recorded on its day."""

    def __init__(self, database: Database, *, clock: Clock, ids: Ids) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids
        self._see = Queries.of("eligibility.storage")["see"]
        self._queries = Queries.of("eligibility.storage", "ceremonies.sql")
        self._villages = VillageStore(Queries.of("eligibility.storage"))
        self._outbox = Outbox(clock=clock, ids=ids)

    async def plan(self, code: str, plan: Plan, caller: Caller, once: Once) -> Answer:
        """Plan a ceremony; raises UnknownVillage and CeremonyRefused."""
        async with self._database.transaction() as connection:
            await self._sees(connection, caller.areas)
            if answer := await idempotency.claim(connection, once, self._clock.now()):
                await self._villages.check_in_sight(connection, answer.body["village_key"])
                return answer
            key = await self._villages.key_of(connection, code)
            locks = await lock_villages(connection, [key], MARKS_LOCK)
            place = await self._place(connection, key)
            check_day(plan.when.planned_for, place.today)
            check_host(plan.host, place.regency_kind)
            ceremony_id = self._ids.random()
            day, hour = plan.when.planned_for, plan.when.begins_at
            await connection.execute(
                self._queries["plan_ceremony"],
                *(ceremony_id, key, plan.kind, day, hour, plan.venue, plan.host),
            )
            planned = CeremonyPlanned(**_said(place, ceremony_id, plan))
            return await self._tell(connection, locks, planned, caller, once, status=201)

    async def move(self, ceremony_id: UUID, when: When, caller: Caller, once: Once) -> Answer:
        """Move a ceremony to another day or hour; raises UnknownCeremony and CeremonyRefused."""
        async with self._database.transaction() as connection:
            await self._sees(connection, caller.areas)
            if answer := await idempotency.claim(connection, once, self._clock.now()):
                await self._villages.check_in_sight(connection, answer.body["village_key"])
                return answer
            key = await connection.fetchval(self._queries["ceremony_village"], ceremony_id)
            if key is None:
                raise UnknownCeremony(ceremony_id)
            locks = await lock_villages(connection, [key], MARKS_LOCK)
            place = await self._place(connection, key)
            [row] = await connection.fetch(self._queries["ceremony"], ceremony_id)
            before = _plan(row)
            check_move(before.when, when, place.today)
            await connection.execute(
                self._queries["move_ceremony"], ceremony_id, when.planned_for, when.begins_at
            )
            after = Plan(before.kind, when, before.venue, before.host)
            moved = CeremonyMoved(
                **_said(place, ceremony_id, after),
                previously_for=before.when.planned_for,
                previously_at=before.when.begins_at,
            )
            return await self._tell(connection, locks, moved, caller, once, status=200)

    async def _sees(self, connection: Connection, areas: Set[str]) -> None:
        await connection.execute(self._see, " ".join(sorted(areas)))

    async def _place(self, connection: Connection, key: str) -> _Place:
        [row] = await connection.fetch(self._queries["village_to_plan_for"], key)
        today = self._clock.today(TimeZone(row["time_zone"]))
        check_open(row["closed_on"], today)
        return _Place(key, row["village_code"], RegencyKind(row["regency_kind"]), today)

    async def _tell(
        self,
        connection: Connection,
        locks: VillageLocks,
        said: CeremonyFact,
        caller: Caller,
        once: Once,
        *,
        status: int,
    ) -> Answer:
        [key] = locks.keys
        [event] = await self._outbox.append(connection, locks, [Draft(key, said)])
        await connection.execute(
            self._queries["note_ceremony_deed"],
            *(said.ceremony_id, event.time, key, said.planned_for, said.begins_at),
            *(caller.issuer, caller.subject),
        )
        body = {"ceremony_id": str(said.ceremony_id), "village_key": key}
        answer = Answer(status, body, (event.position,))
        await idempotency.store(connection, once, answer, self._clock.now())
        return answer


def _said(place: _Place, ceremony_id: UUID, plan: Plan) -> dict[str, Any]:
    return {
        "effective_on": place.today,
        "village_code": place.village_code,
        "ceremony_id": ceremony_id,
        "kind": plan.kind,
        "planned_for": plan.when.planned_for,
        "begins_at": plan.when.begins_at,
        "venue": plan.venue,
        "host": plan.host,
    }


def _plan(row: asyncpg.Record) -> Plan:
    return Plan(
        CeremonyKind(row["kind"]),
        When(row["planned_for"], row["begins_at"]),
        Venue(row["venue"]),
        OfficeKind(row["host"]),
    )
