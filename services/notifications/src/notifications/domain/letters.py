"""What a message says, as values: the facts of a decision and the words of the template."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from common.events.eligibility import CertificationChanged, Reason
from common.events.words import OfficeKind, RegencyKind, VillageKind
from pydantic import BaseModel, ConfigDict

from notifications.domain.wording import (
    OFFICE,
    REGENCY,
    VILLAGE,
    say_date,
    say_fulfilment,
    say_list,
    say_number,
    say_shortfall,
    say_villages,
)


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


@dataclass(frozen=True, slots=True)
class Place:
    """A village and what it lies in, as named when the message is sent."""

    name: str
    kind: VillageKind
    kecamatan: str
    regency_code: str
    regency: str
    regency_kind: RegencyKind


@dataclass(frozen=True, slots=True)
class TitleCount:
    """Of one kind of village in a regency: how many there are, how many are a Desa Sadar."""

    kind: VillageKind
    villages: int
    titled: int


@dataclass(frozen=True, slots=True)
class Words:
    """All that a template may say; each a phrase, ready to stand in a sentence."""

    salutation: str
    """Yth. Camat Sragi"""
    village: str
    """Desa Kedungjaran"""
    government: str
    """Pemerintah Desa"""
    kecamatan: str
    """Kecamatan Sragi"""
    regency: str
    """Kabupaten Pekalongan"""
    here: str
    """kabupaten ini"""
    effective_on: str
    """20 November 2026"""
    fulfilments: str
    """What is there, of each criterion; may be empty."""
    shortfalls: str
    """What lacks, of each criterion; may be empty."""
    failing_since: str
    """21 Oktober 2026; may be empty."""
    deadline: str
    """18 Februari 2027; may be empty."""
    titled: str
    """3"""
    villages: str
    """272 desa dan 13 kelurahan"""
    reference: str
    """The delivery's id, for questions about this message."""


def words_of(
    delivery_id: UUID,
    office: OfficeKind,
    place: Place,
    counts: Sequence[TitleCount],
    *,
    effective_on: date,
    facts: Facts,
) -> Words:
    """The words of a message to `office` about the village at `place`.

    `effective_on` is from when the news holds; `facts` is how it stands now.
    """
    camat = office is OfficeKind.CAMAT
    met = [say_fulfilment(reason) for reason in facts.reasons if reason.met]
    unmet = [say_shortfall(reason) for reason in facts.reasons if reason.met is False]
    return Words(
        salutation=f"Yth. {OFFICE[office]} {place.kecamatan if camat else place.regency}",
        village=f"{VILLAGE[place.kind]} {place.name}",
        government=f"Pemerintah {VILLAGE[place.kind]}",
        kecamatan=f"Kecamatan {place.kecamatan}",
        regency=f"{REGENCY[place.regency_kind]} {place.regency}",
        here=f"{REGENCY[place.regency_kind].split()[0].lower()} ini",
        effective_on=say_date(effective_on),
        fulfilments=say_list(met),
        shortfalls=say_list(unmet),
        failing_since=say_date(facts.failing_since) if facts.failing_since else "",
        deadline=say_date(facts.grace_ends) if facts.grace_ends else "",
        titled=say_number(sum(count.titled for count in counts)),
        villages=say_villages((count.kind, count.villages) for count in counts),
        reference=str(delivery_id),
    )


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
