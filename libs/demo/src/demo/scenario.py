"""The first story: two villages of Kabupaten Blitar, July 2018 and today.

Source: "BPJS TK Terus Dorong Program Desa Sadar Jaminan Sosial", 6 July 2018: Sukosewu and
Ampelgading were chosen, among other things, because their heads and staff were registered. The
people are invented; so are the dates that the article does not give.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class VillageOfStory:
    code: str
    name: str
    kecamatan: str
    kecamatan_code: str


SUKOSEWU = VillageOfStory("35.05.15.2004", "Sukosewu", "Gandusari", "35.05.15")
AMPELGADING = VillageOfStory("35.05.21.2007", "Ampelgading", "Selorejo", "35.05.21")
VILLAGES = (SUKOSEWU, AMPELGADING)

REGENCY_CODE = "35.05"
OFFICES = (
    ("BUPATI", REGENCY_CODE, "Bupati Contoh", "bupati@blitarkab.example"),
    ("CAMAT", SUKOSEWU.kecamatan_code, "Camat Contoh Satu", "camat.gandusari@blitarkab.example"),
    ("CAMAT", AMPELGADING.kecamatan_code, "Camat Contoh Dua", "camat.selorejo@blitarkab.example"),
)
"""Office, area, an invented holder, an address that leads nowhere."""
OFFICES_SINCE = date(2018, 1, 2)

POSTS = (
    {"kind": "KEPALA_DESA", "count": 1},
    {"kind": "SEKRETARIS_DESA", "count": 1},
    {"kind": "KAUR", "count": 3},
    {"kind": "KASI", "count": 3},
    {"kind": "KEPALA_DUSUN", "count": 4},
)
DECREED_ON = date(2018, 1, 2)
ENROLLED_ON = date(2018, 6, 1)
ACTIVE_FROM = date(2018, 6, 15)
SOSIALISASI_ON = date(2018, 6, 20)
DESIGNATED_ON = date(2018, 7, 5)
SIGNING_OFFICE = "Kantor Cabang BPJS Ketenagakerjaan Blitar"
HEAD_IN_OFFICE_DAYS = 40
"""A new head who is not registered puts the village at risk after 30 days."""


def nik(village: VillageOfStory, number: int) -> str:
    """An invented NIK of the reserved province 99, born 1 to 28 January 1985."""
    place = int(village.code[-1])
    return f"99{place:02}01{1 + number % 28:02}0185{number + 1:04}"
