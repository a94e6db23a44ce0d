"""What is sent and answered about outreach, counts of workers and launches; nobody is in it."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from common.events.words import (
    AidKind,
    HostOffice,
    LaunchLevel,
    Occasion,
    Organiser,
    PotentialSector,
    Representative,
    Venue,
    WorkerSource,
)
from pydantic import ConfigDict, Field, StrictInt

from registry.api.answers import Recorded, View, WarningView
from registry.api.requests import Body, EffectiveOn

Number = Annotated[StrictInt, Field(ge=0, le=1_000_000)]
Rupiah = Annotated[StrictInt, Field(ge=0, le=10**15)]


def _example(**fields: str | int) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [{"effective_on": "2019-09-03", **fields}]})


class Held(Body):
    """An information event for the village's workers that was held."""

    model_config = _example(organiser="BRANCH_OFFICE", attendance=120, occasion="FESTIVAL")

    effective_on: EffectiveOn
    organiser: Organiser
    attendance: Number | None = None
    occasion: Occasion | None = None


class SosialisasiRecorded(Recorded):
    sosialisasi_id: UUID
    organiser: Organiser
    attendance: int | None
    occasion: Occasion | None


class SosialisasiView(View):
    sosialisasi_id: UUID
    held_on: date
    organiser: Organiser
    attendance: int | None
    occasion: Occasion | None


class Noted(Body):
    """What the village's workers live from; the latest statement of a sector holds."""

    model_config = _example(sector="CULINARY", businesses=400)

    effective_on: EffectiveOn
    sector: PotentialSector
    businesses: Number | None = None


class PotentialRecorded(Recorded):
    potential_id: UUID
    sector: PotentialSector
    businesses: int | None


class PotentialView(View):
    potential_id: UUID
    noted_on: date
    sector: PotentialSector
    businesses: int | None


class Granted(Body):
    """What the village was given within the programme."""

    model_config = _example(kind="TRACTOR", amount_rupiah=30_000_000)

    effective_on: EffectiveOn
    kind: AidKind
    amount_rupiah: Rupiah | None = None


class AidRecorded(Recorded):
    aid_id: UUID
    kind: AidKind
    amount_rupiah: int | None


class AidView(View):
    aid_id: UUID
    granted_on: date
    kind: AidKind
    amount_rupiah: int | None


class AgentRecorded(Recorded):
    agent_id: UUID


class AgentView(View):
    """`inactive_from` is the first day without the agent."""

    agent_id: UUID
    assigned_on: date
    inactive_from: date | None


class Counted(Body):
    """A count of the village's workers; `pu` and `bpu` together are at most `total`."""

    model_config = _example(total=2632, pu=600, bpu=2032, source="VILLAGE_DATA")

    effective_on: EffectiveOn
    total: Number
    pu: Number
    bpu: Number
    source: WorkerSource


class WorkersRecorded(Recorded):
    count_id: UUID
    total: int
    pu: int
    bpu: int
    source: WorkerSource


class WorkersView(View):
    count_id: UUID
    counted_on: date
    total: int
    pu: int
    bpu: int
    source: WorkerSource


class Launched(Body):
    """A launch in a province or regency; `represented_by` null: the host came."""

    model_config = _example(
        level="REGENCY", host_office="BUPATI", represented_by="SEKDA", venue="PENDOPO"
    )

    effective_on: EffectiveOn
    level: LaunchLevel
    host_office: HostOffice
    represented_by: Representative | None = None
    venue: Venue


class LaunchRecorded(View):
    effective_on: date
    area_code: str
    launch_id: UUID
    level: LaunchLevel
    host_office: HostOffice
    represented_by: Representative | None
    venue: Venue
    warnings: tuple[WarningView, ...] = ()


class LaunchView(View):
    launch_id: UUID
    held_on: date
    level: LaunchLevel
    host_office: HostOffice
    represented_by: Representative | None
    venue: Venue
