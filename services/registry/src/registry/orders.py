"""What deeds of many parts are asked for; who one is about is never shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from common.events.words import (
    HostOffice,
    LaunchLevel,
    Programme,
    Representative,
    Segment,
    Venue,
    WorkerSource,
)


@dataclass(frozen=True, slots=True, repr=False)
class NewEnrollment:
    """A membership as it is asked for; its NIK and name are never shown."""

    nik: str
    segment: Segment
    programmes: Sequence[Programme]
    effective_on: date
    name: str | None = None
    birth_date: date | None = None
    kpj: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Appointment:
    """A term as it is asked for: its holder by NIK, or by participant_id where known."""

    post_id: UUID
    effective_on: date
    acting: bool = False
    replaces_holder: bool = False
    nik: str | None = None
    name: str | None = None
    participant_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class WorkersWish:
    """A count of workers as it is stated."""

    effective_on: date
    total: int
    pu: int
    bpu: int
    source: WorkerSource


@dataclass(frozen=True, slots=True)
class LaunchWish:
    """A launch as it was held."""

    effective_on: date
    level: LaunchLevel
    host_office: HostOffice
    represented_by: Representative | None
    venue: Venue
