"""Deeds of outreach: what was done for a village's workers, and launches in an area."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from common.clock import Clock
from common.events.registry import (
    AidGranted,
    LaunchHeld,
    PerisaiAssigned,
    PotentialNoted,
    SosialisasiHeld,
    WorkersCounted,
)
from common.events.words import AidKind, Occasion, Organiser, PotentialSector
from common.idempotency import Answer
from common.ids import Ids

from registry.deed import Deed, Deeds, Request
from registry.domain import days
from registry.domain import outreach as rules
from registry.domain.areas import Village
from registry.domain.facts import Fact
from registry.orders import LaunchWish, WorkersWish
from registry.storage import outreach
from registry.storage.acts import Act


class Outreach:
    """One deed a method, in the order that all deeds share; nothing in them is about a person."""

    def __init__(self, deeds: Deeds, *, clock: Clock, ids: Ids) -> None:
        self._deeds = deeds
        self._clock = clock
        self._ids = ids

    async def hold_sosialisasi(
        self,
        request: Request,
        code: str,
        *,
        organiser: Organiser,
        attendance: int | None,
        occasion: Occasion | None,
        effective_on: date,
    ) -> Answer:
        """Record an information event that was held."""
        async with self._deeds.begin(request) as deed:
            if deed.repeated:
                return deed.repeated
            village = await self._where_it_happened(deed, code, effective_on)
            held = SosialisasiHeld(
                effective_on=effective_on,
                village_code=village.village_code,
                sosialisasi_id=self._ids.random(),
                organiser=organiser,
                attendance=attendance,
                occasion=occasion,
            )
            await outreach.add_sosialisasi(deed.connection, village.village_key, held, deed.now)
            fact = Fact(village.village_key, held)
            return await _answer(deed, "HOLD_SOSIALISASI", held.sosialisasi_id, fact)

    async def note_potential(
        self,
        request: Request,
        code: str,
        *,
        sector: PotentialSector,
        businesses: int | None,
        effective_on: date,
    ) -> Answer:
        """Record what the village's workers live from."""
        async with self._deeds.begin(request) as deed:
            if deed.repeated:
                return deed.repeated
            village = await self._where_it_happened(deed, code, effective_on)
            noted = PotentialNoted(
                effective_on=effective_on,
                village_code=village.village_code,
                potential_id=self._ids.random(),
                sector=sector,
                businesses=businesses,
            )
            await outreach.add_potential(deed.connection, village.village_key, noted, deed.now)
            fact = Fact(village.village_key, noted)
            return await _answer(deed, "NOTE_POTENTIAL", noted.potential_id, fact)

    async def grant_aid(
        self,
        request: Request,
        code: str,
        *,
        kind: AidKind,
        amount_rupiah: int | None,
        effective_on: date,
    ) -> Answer:
        """Record what the village was given."""
        async with self._deeds.begin(request) as deed:
            if deed.repeated:
                return deed.repeated
            village = await self._where_it_happened(deed, code, effective_on)
            granted = AidGranted(
                effective_on=effective_on,
                village_code=village.village_code,
                aid_id=self._ids.random(),
                kind=kind,
                amount_rupiah=amount_rupiah,
            )
            await outreach.add_aid(deed.connection, village.village_key, granted, deed.now)
            fact = Fact(village.village_key, granted)
            return await _answer(deed, "GRANT_AID", granted.aid_id, fact)

    async def assign_perisai(self, request: Request, code: str, *, effective_on: date) -> Answer:
        """Record that a Perisai agent works in the village from a day on."""
        async with self._deeds.begin(request) as deed:
            if deed.repeated:
                return deed.repeated
            key = await deed.village_key(code)
            village = (await deed.lock({key}))[key]
            days.check_effective_on(effective_on, self._clock.today(village.time_zone))
            assigned = PerisaiAssigned(
                effective_on=effective_on,
                village_code=village.village_code,
                agent_id=self._ids.random(),
            )
            await outreach.add_agent(deed.connection, key, assigned, deed.now)
            fact = Fact(key, assigned)
            return await _answer(deed, "ASSIGN_PERISAI", assigned.agent_id, fact)

    async def make_perisai_inactive(
        self, request: Request, agent_id: UUID, *, effective_on: date
    ) -> Answer:
        """Record the first day on which the agent no longer works in the village."""
        async with self._deeds.begin(request, outreach.agent_unknown) as deed:
            if deed.repeated:
                return deed.repeated
            key = (await outreach.agent(deed.connection, agent_id)).village_key
            if not request.may_act_in(key):
                raise outreach.agent_unknown()
            village = (await deed.lock({key}))[key]
            agent = await outreach.agent(deed.connection, agent_id)
            days.check_effective_on(effective_on, self._clock.today(village.time_zone))
            fact = rules.make_inactive(village, agent, effective_on)
            await outreach.end_agent(deed.connection, agent_id, effective_on)
            return await _answer(deed, "MAKE_PERISAI_INACTIVE", agent_id, fact)

    async def count_workers(self, request: Request, code: str, wish: WorkersWish) -> Answer:
        """Record how many workers the village has, and who counted them."""
        async with self._deeds.begin(request) as deed:
            if deed.repeated:
                return deed.repeated
            village = await self._where_it_happened(deed, code, wish.effective_on)
            counted = WorkersCounted(
                effective_on=wish.effective_on,
                village_code=village.village_code,
                count_id=self._ids.random(),
                total=wish.total,
                pu=wish.pu,
                bpu=wish.bpu,
                source=wish.source,
            )
            fact = rules.count_workers(village, counted)
            await outreach.add_worker_count(deed.connection, village.village_key, counted, deed.now)
            return await _answer(deed, "COUNT_WORKERS", counted.count_id, fact)

    async def hold_launch(self, request: Request, code: str, wish: LaunchWish) -> Answer:
        """Record that the programme was launched in a province or a regency."""
        async with self._deeds.begin(request) as deed:
            if deed.repeated:
                return deed.repeated
            area = await deed.lock_area(await deed.area_code(code))
            days.check_has_happened(wish.effective_on, self._clock.today(area.time_zone))
            held = LaunchHeld(
                effective_on=wish.effective_on,
                area_code=area.area_code,
                launch_id=self._ids.random(),
                level=wish.level,
                host_office=wish.host_office,
                represented_by=wish.represented_by,
                venue=wish.venue,
            )
            fact = rules.hold_launch(area, held)
            await outreach.add_launch(deed.connection, held, deed.now)
            return await _answer(deed, "HOLD_LAUNCH", held.launch_id, fact)

    async def _where_it_happened(self, deed: Deed, code: str, on: date) -> Village:
        """The village, locked; raises DateOutsideLimits for a day that is to come there."""
        key = await deed.village_key(code)
        village = (await deed.lock({key}))[key]
        days.check_has_happened(on, self._clock.today(village.time_zone))
        return village


async def _answer(deed: Deed, name: str, subject_id: UUID, fact: Fact) -> Answer:
    """The fact published, and answered as it was told."""
    act = Act(name, subject_id, fact.village_key, fact.data.effective_on)
    return await deed.answer(act, [fact], fact.data.model_dump())
