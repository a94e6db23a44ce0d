"""One request's transaction: claimed, locked, answered, in this order for every deed."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from common.clock import Clock
from common.database import Connection, Database
from common.idempotency import Answer, Once, claim, store
from common.outbox import Draft, Outbox, VillageLocks
from common.security import Caller
from pydantic_core import to_jsonable_python

from registry.domain.areas import Area, Village, area_code, village_code
from registry.domain.facts import Fact
from registry.domain.nik import Warned
from registry.domain.refusals import OutsideAreas, Refusal
from registry.storage import acts, areas
from registry.storage.acts import EVERYWHERE, Act

CREATED = 201


@dataclass(frozen=True, slots=True)
class Request:
    """Who asks, and under which key the request may be repeated."""

    caller: Caller
    once: Once

    def may_act_in(self, subject: str) -> bool:
        """Whether the caller's areas contain the village or the area."""
        return any(
            area in ("*", subject) or subject.startswith(f"{area}.") for area in self.caller.areas
        )


class Deed:
    """A deed sees the whole country; which villages its caller may act in is checked here."""

    def __init__(
        self, connection: Connection, request: Request, outbox: Outbox, now: datetime
    ) -> None:
        self.connection = connection
        self.request = request
        self.now = now
        self.repeated: Answer | None = None
        self._outbox = outbox
        self._locks = VillageLocks(frozenset())
        self._named: dict[str, str | None] = {}

    async def begin(self, hidden: Callable[[], Refusal]) -> None:
        """Claim the request; waits for its twin, and `repeated` is what that one was answered.

        Raises `hidden` for an answer about a village that the caller may not act in any more.
        """
        await acts.see(self.connection, EVERYWHERE)
        self.repeated = await claim(self.connection, self.request.once, self.now)
        if self.repeated and not self.request.may_act_in(_subject_of(self.repeated)):
            raise hidden()

    async def village_key(self, code: str) -> str:
        """The village that the caller names, within the caller's areas; raises OutsideAreas."""
        key = await self._named_key(code)
        if not self.request.may_act_in(key):
            raise outside_areas()
        return key

    async def area_code(self, code: str) -> str:
        """The province or regency that the caller names; raises OutsideAreas."""
        found = area_code(code)
        if not self.request.may_act_in(found):
            raise outside_areas()
        return found

    async def target_key(self, code: str) -> str:
        """The village that a participant moves to, in anybody's area."""
        return await self._named_key(code, "to_village_code")

    async def _named_key(self, code: str, field: str | None = None) -> str:
        key = await areas.key_of(self.connection, village_code(code, field), field, closed=False)
        self._named[key] = field
        return key

    async def lock(self, keys: Iterable[str]) -> dict[str, Village]:
        """All villages that the deed concerns, locked in key order, as they are now.

        Raises VillageClosed for one that the caller named and that was closed until the lock came.
        """
        self._locks = await areas.lock(self.connection, keys)
        found = await areas.villages(self.connection, self._locks.keys)
        for key, field in self._named.items():
            areas.check_open(found[key].merged_into, field)
        return found

    async def lock_area(self, code: str) -> Area:
        """The province or regency that the deed concerns, locked; raises AreaUnknown."""
        self._locks = await areas.lock(self.connection, [code])
        return await areas.area(self.connection, code)

    async def write_down(self, act: Act) -> None:
        """Keep who did it, and when."""
        await acts.add(self.connection, act, self.request.caller, self.now)

    async def answer(
        self,
        act: Act,
        facts: Sequence[Fact],
        body: Mapping[str, Any],
        warnings: Sequence[Warned] = (),
    ) -> Answer:
        """Publish the facts, write down who did it, and keep the answer for repeats."""
        drafts = [Draft(fact.village_key, fact.data) for fact in facts]
        appended = await self._outbox.append(self.connection, self._locks, drafts)
        last = {(event.topic, event.village_key): event.position for event in appended}
        await self.write_down(act)
        content = to_jsonable_python({**body, "warnings": [_shown(one) for one in warnings]})
        answer = Answer(CREATED, content, tuple(last.values()))
        await store(self.connection, self.request.once, answer, self.now)
        return answer


class Deeds:
    """Opens the one transaction of each deed."""

    def __init__(self, database: Database, outbox: Outbox, clock: Clock) -> None:
        self._database = database
        self._outbox = outbox
        self._clock = clock

    @contextlib.asynccontextmanager
    async def begin(
        self, request: Request, hidden: Callable[[], Refusal] | None = None
    ) -> AsyncIterator[Deed]:
        """A deed's transaction; `hidden` refuses a repeat whose areas were taken away."""
        async with self._database.transaction() as connection:
            deed = Deed(connection, request, self._outbox, self._clock.now())
            await deed.begin(hidden or outside_areas)
            yield deed


def outside_areas() -> OutsideAreas:
    return OutsideAreas(
        "Tempat ini di luar wilayah kerja Anda; minta cabang yang membawahinya mencatat."
    )


def _subject_of(answer: Answer) -> str:
    """The village or area acted in: every deed tells its own first."""
    return answer.positions[0].split("/")[1]


def _shown(warned: Warned) -> dict[str, str]:
    return {"code": warned.code, "field": warned.field, "message": warned.message}
