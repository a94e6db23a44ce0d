"""An edition of the area data: the package's own in `data/` (see its NOTICE), or a newer one."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from importlib import resources
from typing import Final

from registry.domain.areas import TIME_ZONES, Village, regency_kind, village_kind

NAME: Final = "Kepmendagri 300.2.2-2138 Tahun 2025, idn-area-data 4.0.1"
EFFECTIVE_ON: Final = date(2025, 4, 25)
LICENCE: Final = "ODbL-1.0"
ATTRIBUTION: Final = (
    "Data wilayah: Kementerian Dalam Negeri, dihimpun oleh idn-area-data, berlisensi ODbL 1.0."
)


@dataclass(frozen=True, slots=True)
class Edition:
    """All areas in the order of their codes."""

    provinces: dict[str, str]
    regencies: dict[str, str]
    """Full names, with the kind in front."""
    kecamatan: dict[str, str]
    villages: tuple[Village, ...]
    name: str = NAME
    effective_on: date = EFFECTIVE_ON


def read_edition() -> Edition:
    """Read the package's files; half a second."""
    provinces = {row["code"]: row["name"] for row in _rows("provinces.csv")}
    regencies = {row["code"]: row["name"] for row in _rows("regencies.csv")}
    kecamatan = {row["code"]: row["name"] for row in _rows("districts.csv")}
    villages = (
        village_in(row["code"], row["name"], provinces, regencies, kecamatan)
        for row in _rows("villages.csv")
    )
    ordered = sorted(villages, key=lambda village: village.village_key)
    return Edition(provinces, regencies, kecamatan, tuple(ordered))


def village_in(
    code: str,
    name: str,
    provinces: Mapping[str, str],
    regencies: Mapping[str, str],
    kecamatan: Mapping[str, str],
) -> Village:
    """The village in its place; its key is its code until it is known under another one."""
    province, regency, in_kecamatan = code[:2], code[:5], code[:8]
    kind, regency_name = regency_kind(regencies[regency])
    if kind is None:
        raise ValueError(f"{regency} {regency_name}: its name does not begin with its kind")
    return Village(
        village_key=code,
        village_code=code,
        name=name,
        kind=village_kind(code),
        kecamatan_code=in_kecamatan,
        kecamatan_name=kecamatan[in_kecamatan],
        regency_code=regency,
        regency_name=regency_name,
        regency_kind=kind,
        province_code=province,
        province_name=provinces[province],
        time_zone=TIME_ZONES[province],
    )


def _rows(file: str) -> Iterator[dict[str, str]]:
    source = resources.files("registry.areas").joinpath("data", file)
    yield from csv.DictReader(source.read_text(encoding="utf-8").splitlines())
