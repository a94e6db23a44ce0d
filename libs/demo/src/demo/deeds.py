"""The steps of the scenario done over the public APIs; what was recorded, in words."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date, timedelta
from functools import partial
from typing import Any

from demo import scenario as script
from demo.client import Client
from demo.clocks import Clocks
from demo.government import Governments
from demo.scenario import Chapter, Scenario
from demo.together import together
from demo.wording import (
    ACT,
    AID,
    LEVEL,
    OCCASION,
    OFFICE,
    ORGANISER,
    SECTOR,
    VENUE,
    say_day,
    say_list,
    say_number,
)


class Deeds:
    """Does one step after the other; a step done again is answered and not done again."""

    def __init__(self, client: Client, clocks: Clocks, scenario: Scenario, today: date) -> None:
        self._client = client
        self._clocks = clocks
        self._scenario = scenario
        self._today = today
        self._governments = Governments(client, scenario)
        self._done: Mapping[type, Callable[[str, Any, date], Awaitable[str]]] = {
            script.Offices: self._offices,
            script.Government: self._government,
            script.Sosialisasi: self._sosialisasi,
            script.Potential: self._potential,
            script.Aid: self._aid,
            script.Perisai: self._perisai,
            script.Workers: self._workers,
            script.Launch: self._launch,
            script.Act: self._act,
            script.Ceremony: self._ceremony,
            script.NewHead: self._new_head,
            script.RegisterHead: self._register_head,
        }

    async def do(self, chapter: Chapter, number: int) -> str:
        """Do a chapter's step (counted from 0); what was recorded, in a sentence."""
        step = chapter.steps[number]
        day = step.day(self._today, otherwise=chapter.day(self._today, otherwise=self._today))
        return await self._done[type(step)](f"{chapter.name}/{number}", step, day)

    def named(self, villages: Sequence[str]) -> str:
        """Desa Sukosewu dan Desa Ampelgading."""
        return say_list([f"{self._scenario.villages[name].kind} {name}" for name in villages])

    async def _in_each(
        self, name: str, villages: Sequence[str], route: str, body: Mapping[str, Any]
    ) -> None:
        """The same deed of the registry in each of the villages."""
        posts = (
            self._client.post(
                "registry",
                f"/villages/{self._scenario.villages[village].code}/{route}",
                f"{name}/{village}",
                body,
            )
            for village in villages
        )
        await together(posts)

    async def _offices(self, name: str, step: script.Offices, day: date) -> str:
        listed = {
            title: office
            for title, office in self._scenario.offices.items()
            if office.area[:5] in step.areas
        }
        for title, office in listed.items():
            await self._client.post(
                "notifications",
                f"/offices/{office.kind}/{office.area}/holders",
                f"{name}/{office.area}",
                {"name": f"Contoh {title}", "begins": day.isoformat(), "email": office.email},
            )
        return f"Alamat kantor (rekaan): {say_list(list(listed))}."

    async def _government(self, name: str, step: script.Government, day: date) -> str:
        del day  # it names its own
        found = await together(
            self._governments.set_up(f"{name}/{v}", v, step) for v in step.villages
        )
        people, enrolled = found[0]
        each = "masing-masing " if len(found) > 1 else ""
        return (
            f"{self.named(step.villages)}: {each}{people} jabatan terisi, "
            f"{enrolled} pemangkunya menjadi peserta JKK dan JKM."
        )

    async def _sosialisasi(self, name: str, step: script.Sosialisasi, day: date) -> str:
        body: dict[str, Any] = {"effective_on": day.isoformat(), "organiser": step.organiser}
        body |= {"attendance": step.attendance} if step.attendance is not None else {}
        body |= {"occasion": step.occasion} if step.occasion is not None else {}
        await self._in_each(name, step.villages, "sosialisasi", body)
        where = f" {OCCASION[step.occasion]}" if step.occasion in OCCASION else ""
        heard = f", {say_number(step.attendance)} warga hadir" if step.attendance else ""
        return (
            f"Sosialisasi oleh {ORGANISER[step.organiser]}{where}, {say_day(day)}{heard}: "
            f"{self.named(step.villages)}."
        )

    async def _potential(self, name: str, step: script.Potential, day: date) -> str:
        body = {"effective_on": day.isoformat(), "sector": step.sector, "businesses": None}
        await self._in_each(name, step.villages, "potentials", body)
        return f"Potensi ekonomi {SECTOR[step.sector]}: {self.named(step.villages)}."

    async def _aid(self, name: str, step: script.Aid, day: date) -> str:
        body = {"effective_on": day.isoformat(), "kind": step.kind, "amount_rupiah": None}
        await self._in_each(name, step.villages, "aid", body)
        return f"Bantuan {AID[step.kind]}, {say_day(day)}: {self.named(step.villages)}."

    async def _perisai(self, name: str, step: script.Perisai, day: date) -> str:
        body = {"effective_on": day.isoformat()}
        await self._in_each(name, step.villages, "perisai-agents", body)
        return f"Agen Perisai bertugas sejak {say_day(day)}: {self.named(step.villages)}."

    async def _workers(self, name: str, step: script.Workers, day: date) -> str:
        body = step.model_dump(mode="json", include={"total", "pu", "bpu", "source"})
        body |= {"effective_on": day.isoformat()}
        await self._in_each(name, step.villages, "worker-counts", body)
        return (
            f"Pekerja menurut data desa: {say_number(step.total)} orang, "
            f"{say_number(step.bpu)} di antaranya pekerja mandiri: {self.named(step.villages)}."
        )

    async def _launch(self, name: str, step: script.Launch, day: date) -> str:
        body = {
            "effective_on": day.isoformat(),
            "level": step.level,
            "host_office": step.host,
            "represented_by": step.represented_by,
            "venue": step.venue,
        }
        await self._client.post("registry", f"/areas/{step.area}/launches", name, body)
        stands_in = f" diwakili {OFFICE[step.represented_by]}" if step.represented_by else ""
        return (
            f"Peluncuran {LEVEL[step.level]} {VENUE[step.venue]}, {say_day(day)}; "
            f"tuan rumah {OFFICE[step.host]}{stands_in}."
        )

    async def _act(self, name: str, step: script.Act, day: date) -> str:
        body = {
            "act": step.act,
            "number": step.number,
            "effective_on": day.isoformat(),
            "signing_office": step.signed_by,
        }
        for village in step.villages:
            # An act is judged by what is known; and letters count the villages named by then.
            await self._clocks.rest()
            path = f"/villages/{self._scenario.villages[village].code}/acts"
            await self._client.post("eligibility", path, f"{name}/{village}", body)
        return f"{ACT[step.act]}, {say_day(day)} ({step.number}): {self.named(step.villages)}."

    async def _ceremony(self, name: str, step: script.Ceremony, day: date) -> str:
        planned = day + timedelta(days=step.in_days)
        body = {
            "kind": step.kind,
            "planned_for": planned.isoformat(),
            "begins_at": step.begins_at,
            "venue": step.venue,
            "host": step.host,
        }
        for village in step.villages:
            path = f"/villages/{self._scenario.villages[village].code}/ceremonies"
            await self._client.post("eligibility", path, f"{name}/{village}", body)
        return (
            f"{step.kind.capitalize()} direncanakan {say_day(planned, weekday=True)}, "
            f"pukul {step.begins_at.replace(':', '.')} {VENUE[step.venue]}: "
            f"{self.named(step.villages)}."
        )

    async def _new_head(self, name: str, step: script.NewHead, day: date) -> str:
        await self._heads(step.villages, partial(self._governments.new_head, name, day=day))
        return f"Kepala baru sejak {say_day(day)}, belum terdaftar: {self.named(step.villages)}."

    async def _register_head(self, name: str, step: script.RegisterHead, day: date) -> str:
        await self._heads(step.villages, partial(self._governments.register_head, name, day=day))
        return f"Kepala baru didaftarkan, {say_day(day)}: {self.named(step.villages)}."

    async def _heads(self, villages: Sequence[str], deed: Callable[[str], Awaitable[None]]) -> None:
        for village in villages:
            await deed(village)
