"""What a message is made of, as values: the news, the place, and the letter in the end."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from common.events.eligibility import CertificationChanged, Reason
from common.events.words import OfficeKind, RegencyKind, TimeZone, VillageKind
from pydantic import BaseModel, ConfigDict

from notifications.domain.rules import Present


class Facts(BaseModel):
    """What is kept of a village's latest decision: counts, posts and dates; no person."""

    model_config = ConfigDict(frozen=True)

    failing_since: date | None
    grace_ends: date | None
    reasons: tuple[Reason, ...]

    @classmethod
    def of(cls, decision: CertificationChanged) -> Facts:
        return cls(
            failing_since=decision.failing_since,
            grace_ends=decision.grace_ends,
            reasons=decision.reasons,
        )


NO_FACTS = Facts(failing_since=None, grace_ends=None, reasons=())


@dataclass(frozen=True, slots=True)
class Place:
    """A village and what it lies in, as named when the message is sent."""

    code: str
    name: str
    kind: VillageKind
    kecamatan: str
    regency_code: str
    regency: str
    regency_kind: RegencyKind
    time_zone: TimeZone


@dataclass(frozen=True, slots=True)
class TitleCount:
    """Of one kind of village in a regency: how many there are, how many are a Desa Sadar."""

    kind: VillageKind
    villages: int
    titled: int


@dataclass(frozen=True, slots=True)
class News:
    """What an office is to be told, as it stands when the message is sent."""

    delivery_id: UUID
    office: OfficeKind
    effective_on: date
    """From when it holds, as the event said that raised the alert; of a ceremony, its day."""
    present: Present
    facts: Facts = NO_FACTS
    told_on: date | None = None
    """The day that this office was told for the same ceremony before."""
    introduces: bool = False
    """The office's first message of the year: it says what the programmes are."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A message as it is sent."""

    template: str
    """The files it was made of, with their versions."""
    subject: str
    text: str
    html: str

    @property
    def sha256(self) -> bytes:
        """What the ledger keeps of the text."""
        parts = f"{self.subject}\0{self.text}\0{self.html}"
        return hashlib.sha256(parts.encode()).digest()
