"""Rules of outreach, of counting workers and of launches."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from common.events.registry import LaunchHeld, PerisaiInactive, WorkersCounted
from common.events.words import HostOffice, LaunchLevel, RegencyKind

from registry.domain.areas import Area, Village
from registry.domain.days import check_not_before, indonesian
from registry.domain.facts import Fact
from registry.domain.refusals import AgentInactive, LaunchImpossible, WorkersImpossible

_KOTA = frozenset({RegencyKind.KOTA, RegencyKind.KOTA_ADM})


@dataclass(frozen=True, slots=True)
class Agent:
    """A Perisai agent's assignment; `inactive_from` is the first day without the agent."""

    agent_id: UUID
    village_key: str
    assigned_on: date
    inactive_from: date | None


def count_workers(village: Village, counted: WorkersCounted) -> Fact:
    """Wage earners and own-account workers are among all workers; raises WorkersImpossible."""
    if counted.pu + counted.bpu > counted.total:
        raise WorkersImpossible(
            f"PU {counted.pu} dan BPU {counted.bpu} bersama-sama melebihi seluruh pekerja, "
            f"{counted.total}."
        )
    return Fact(village.village_key, counted)


def make_inactive(village: Village, agent: Agent, on: date) -> Fact:
    """An agent stops once, not before the first day; raises AgentInactive, BeforeLastChange."""
    if agent.inactive_from is not None:
        raise AgentInactive(
            f"Agen Perisai ini sudah tidak aktif sejak {indonesian(agent.inactive_from)}."
        )
    check_not_before(on, agent.assigned_on)
    told = PerisaiInactive(
        effective_on=on, village_code=village.village_code, agent_id=agent.agent_id
    )
    return Fact(village.village_key, told)


def hold_launch(area: Area, held: LaunchHeld) -> Fact:
    """Level and host are those that such an area has; raises LaunchImpossible."""
    of_province = area.regency_kind is None
    if held.level is LaunchLevel.REGENCY and of_province:
        raise LaunchImpossible(
            "Peluncuran tingkat REGENCY memerlukan kode kabupaten atau kota.", field="level"
        )
    if held.level is LaunchLevel.PROVINCE and not of_province:
        raise LaunchImpossible(
            "Peluncuran tingkat PROVINCE memerlukan kode provinsi.", field="level"
        )
    if held.host_office is not HostOffice.GUBERNUR:
        head = HostOffice.WALI_KOTA if area.regency_kind in _KOTA else HostOffice.BUPATI
        if of_province or held.host_office is not head:
            wanted = HostOffice.GUBERNUR if of_province else head
            raise LaunchImpossible(f"Tuan rumah di wilayah ini adalah {wanted}.")
    return Fact(area.area_code, held)
