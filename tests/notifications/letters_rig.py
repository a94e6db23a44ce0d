"""Letters for tests: every kind about villages of every kind."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from common.events.eligibility import Face, Reason
from common.events.words import (
    AlertKind,
    CeremonyKind,
    Eligibility,
    OfficeKind,
    PostKind,
    RegencyKind,
    Stage,
    Standing,
    TimeZone,
    Title,
    Venue,
    VillageKind,
)
from notifications.domain.ceremonies import Ceremony
from notifications.domain.heads import Head
from notifications.domain.letters import Facts, Letter, News, Place, TitleCount
from notifications.domain.phrases import words_of
from notifications.domain.rules import Present
from notifications.domain.views import View
from notifications.templates import Templates
from notifications_rig import COVERED, UNCOVERED

DELIVERY = UUID("0190f0a0-0000-4000-8000-00000000000a")
ON = date(2026, 11, 20)
KABUPATEN, KOTA = RegencyKind.KABUPATEN, RegencyKind.KOTA
WIB, WIT = TimeZone.WIB, TimeZone.WIT
COUNTS = (TitleCount(VillageKind.DESA, 272, 3), TitleCount(VillageKind.KELURAHAN, 13, 0))

DESA = Place(
    "33.26.10.2013", "Kedungjaran", VillageKind.DESA, "Sragi", "33.26", "Pekalongan", KABUPATEN, WIB
)
KELURAHAN = Place(
    "33.75.02.1001", "Kauman", VillageKind.KELURAHAN, "Pekalongan Timur", "33.75", "Pekalongan",
    KOTA, WIB,
)  # fmt: skip
DESA_ADAT = Place(
    "91.03.01.3001", "Yoboi", VillageKind.DESA_ADAT, "Sentani", "91.03", "Jayapura", KABUPATEN, WIT
)
KOTA_ADM = Place(
    "31.71.01.1001", "Gambir", VillageKind.KELURAHAN, "Gambir", "31.71", "Jakarta Pusat",
    RegencyKind.KOTA_ADM, WIB,
)  # fmt: skip
LONGEST = Place(
    "13.05.16.2006", "Kampuang Tanjuang Koto Mambang Sungai Durian", VillageKind.DESA,
    "Buay Pematang Ribu Ranau Tengah", "71.08", "Kepulauan Siau Tagulandang Biaro", KABUPATEN, WIB,
)  # fmt: skip
"""The longest names that there are, though not of one place."""
PLACES = (DESA, KELURAHAN, DESA_ADAT, KOTA_ADM, LONGEST)

CEREMONY = Ceremony(
    ceremony_id=UUID(int=1),
    kind=CeremonyKind.PERESMIAN,
    planned_for=date(2026, 12, 3),
    begins_at="09:00",
    venue=Venue.VILLAGE_HALL,
    host=OfficeKind.BUPATI,
)
HEAD = Head(UUID(int=2), PostKind.KEPALA_DESA, acting=False, begins=ON, ends=None, coverage=())
LURAH = Head(UUID(int=2), PostKind.LURAH, acting=False, begins=ON, ends=None, coverage=())
GOOD = {AlertKind.VILLAGE_ELIGIBLE, AlertKind.VILLAGE_DESIGNATED, AlertKind.STATUS_RESTORED}


def view_of(kind: AlertKind, standing: Standing | None = None) -> View:
    good = kind in GOOD
    face = Face(
        eligibility=Eligibility.ELIGIBLE if good else Eligibility.NOT_ELIGIBLE,
        stage=Stage.CALON,
        title=Title.DITETAPKAN,
        standing=standing or (Standing.BAIK if good else Standing.TERANCAM),
    )
    return View.of(face)


def letter(
    kind: AlertKind,
    office: OfficeKind = OfficeKind.CAMAT,
    place: Place = DESA,
    *reasons: Reason,
    standing: Standing | None = None,
    head: Head | None = None,
    ceremony: Ceremony = CEREMONY,
    pages: str = "",
    former: str | None = None,
    **changes: Any,
) -> Letter:
    """The letter of a kind, with what such news has in general."""
    good = kind in GOOD
    if head is None:
        head = LURAH if place.kind is VillageKind.KELURAHAN else HEAD
    present = Present(
        today=ON,
        view=view_of(kind, standing),
        ceremony=ceremony if kind is AlertKind.CEREMONY_INVITE else None,
        head=head if kind is AlertKind.HEAD_CHANGED else None,
    )
    facts = Facts(
        failing_since=None if good else date(2026, 11, 13),
        grace_ends=None if good else date(2027, 2, 18),
        reasons=reasons or ((COVERED,) if good else (UNCOVERED,)),
    )
    news = News(DELIVERY, office, ON, present, **{"facts": facts, **changes})
    return Templates().render(kind, words_of(news, place, COUNTS, pages=pages), former=former)


def said(message: Letter) -> str:
    """The subject and the text down to the signature."""
    return message.subject + "\n\n" + message.text.partition("\n\nHormat kami")[0]
