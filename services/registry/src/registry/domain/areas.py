"""Codes, kinds, names and time zones of areas (Permendagri 72/2019, Keppres 41/1987)."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date

from common.events.registry import VillageKnown
from common.events.words import RegencyKind, TimeZone, VillageKind

from registry.domain.refusals import AreaCodeImpossible, VillageCodeImpossible

_DOTTED = re.compile(r"([1-9]\d)\.(\d{2})\.(\d{2})\.([123]\d{3})", re.ASCII)
_PLAIN = re.compile(r"([1-9]\d)(\d{2})(\d{2})([123]\d{3})", re.ASCII)

_AREA = re.compile(r"([1-9]\d)(?:\.?(\d{2}))?", re.ASCII)
_AREA_LENGTH = 5

_VILLAGE_KINDS = {"1": VillageKind.KELURAHAN, "2": VillageKind.DESA, "3": VillageKind.DESA_ADAT}

_REGENCY_PREFIXES = (
    ("kabupaten administrasi", RegencyKind.KABUPATEN_ADM),
    ("kota administrasi", RegencyKind.KOTA_ADM),
    ("kabupaten", RegencyKind.KABUPATEN),
    ("kab.", RegencyKind.KABUPATEN),
    ("kab", RegencyKind.KABUPATEN),
    ("kota", RegencyKind.KOTA),
)

_ZONES = {
    TimeZone.WIB: "11 12 13 14 15 16 17 18 19 21 31 32 33 34 35 36 61 62",
    TimeZone.WITA: "51 52 53 63 64 65 71 72 73 74 75 76",
    TimeZone.WIT: "81 82 91 92 93 94 95 96",
}
TIME_ZONES = {province: zone for zone, codes in _ZONES.items() for province in codes.split()}
"""Each province's time zone (Keppres 41/1987; West and Central Kalimantan are WIB)."""


def village_code(text: str, field: str | None = None) -> str:
    """The dotted form of a Kemendagri village code; raises VillageCodeImpossible."""
    match = _DOTTED.fullmatch(text.strip()) or _PLAIN.fullmatch(text.strip())
    if match is None:
        raise VillageCodeImpossible(
            "Kode desa harus berbentuk 33.26.12.2008 atau 3326122008: dua angka provinsi, dua "
            "kabupaten/kota, dua kecamatan, lalu empat angka yang diawali 1, 2 atau 3.",
            field=field,
        )
    return ".".join(match.groups())


def area_code(text: str) -> str:
    """The dotted form of a province's or regency's code; raises AreaCodeImpossible."""
    match = _AREA.fullmatch(text.strip())
    if match is None:
        raise AreaCodeImpossible(
            "Kode wilayah harus berbentuk 33 untuk provinsi, 33.26 atau 3326 untuk kabupaten/kota."
        )
    return ".".join(filter(None, match.groups()))


def is_area(subject: str) -> bool:
    """Whether the subject of a stream is a province or a regency, and no village."""
    return len(subject) <= _AREA_LENGTH


def village_kind(code: str) -> VillageKind:
    """Kelurahan, desa or desa adat, by the first digit of the code's last group."""
    return _VILLAGE_KINDS[code[9]]


def regency_kind(full_name: str) -> tuple[RegencyKind | None, str]:
    """The kind that a regency's name begins with, and the name without it."""
    words = full_name.strip()
    for prefix, kind in _REGENCY_PREFIXES:
        if words.lower().startswith(f"{prefix} "):
            return kind, words[len(prefix) + 1 :].strip()
    return None, words


def search_name(name: str) -> str:
    """The name as it is compared: without case, spaces and punctuation."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    return "".join(character for character in plain if character.isascii() and character.isalnum())


@dataclass(frozen=True, slots=True)
class Area:
    """A province or a regency."""

    area_code: str
    regency_kind: RegencyKind | None
    """None: it is a province."""
    time_zone: TimeZone


@dataclass(frozen=True, slots=True)
class Village:
    """A village in its place."""

    village_key: str
    village_code: str
    name: str
    kind: VillageKind
    kecamatan_code: str
    kecamatan_name: str
    regency_code: str
    regency_name: str
    regency_kind: RegencyKind
    province_code: str
    province_name: str
    time_zone: TimeZone
    merged_into: str | None = field(default=None, compare=False)
    """The village that it is part of since it was closed."""

    def known(self, effective_on: date, edition: str) -> VillageKnown:
        """The fact that this village exists, as an edition of the area data has it."""
        return VillageKnown(
            effective_on=effective_on,
            village_code=self.village_code,
            name=self.name,
            kind=self.kind,
            kecamatan_code=self.kecamatan_code,
            kecamatan_name=self.kecamatan_name,
            regency_code=self.regency_code,
            regency_name=self.regency_name,
            regency_kind=self.regency_kind,
            province_code=self.province_code,
            province_name=self.province_name,
            time_zone=self.time_zone,
            edition=edition,
        )
