"""A ceremony to which offices are invited, as it is planned now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from common.events.words import CeremonyKind, OfficeKind, Venue


@dataclass(frozen=True, slots=True)
class Ceremony:
    """`begins_at` is local, 09:00; None: not said yet."""

    ceremony_id: UUID
    kind: CeremonyKind
    planned_for: date
    begins_at: str | None
    venue: Venue
    host: OfficeKind
