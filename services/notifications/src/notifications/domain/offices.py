"""Offices: who is written to, never by name (Permendagri area codes, `PP.RR` and `PP.RR.DD`)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from common.events.words import OfficeKind

FIRST_KOTA = 71
"""Regency numbers 01-69 are kabupaten, 71-99 kota; the administrative ones of Jakarta too."""

_REGENCY = re.compile(r"[1-9][0-9]\.(?!00)[0-9]{2}")
_KECAMATAN = re.compile(r"[1-9][0-9](\.(?!00)[0-9]{2}){2}")


class ImpossibleOffice(ValueError):
    """No such office can exist: its kind and its area do not go together."""


@dataclass(frozen=True, slots=True, order=True)
class Office:
    """A post of regional government: its kind and the code of its area."""

    kind: OfficeKind
    area: str

    def __post_init__(self) -> None:
        pattern = _KECAMATAN if self.kind is OfficeKind.CAMAT else _REGENCY
        if not pattern.fullmatch(self.area):
            wanted = "33.26.12" if self.kind is OfficeKind.CAMAT else "33.26"
            raise ImpossibleOffice(
                f"Kode wilayah {self.area!r} bukan wilayah {self.kind}; contoh: {wanted}."
            )
        if self.kind is not OfficeKind.CAMAT and self.kind is not _head_of(self.area):
            raise ImpossibleOffice(f"Wilayah {self.area} dipimpin oleh {_head_of(self.area)}.")


def _head_of(regency_code: str) -> OfficeKind:
    number = int(regency_code[3:5])
    return OfficeKind.WALI_KOTA if number >= FIRST_KOTA else OfficeKind.BUPATI


def covers(areas: frozenset[str], area: str) -> bool:
    """Whether a caller of these areas (`33.26`; `*` is the country) may deal with `area`."""
    return any(own in {"*", area} or area.startswith(f"{own}.") for own in areas)


def head_of_regency(village_code: str) -> Office:
    """The bupati or wali kota of a village's regency."""
    area = village_code[:5]
    return Office(_head_of(area), area)


def head_of_kecamatan(village_code: str) -> Office:
    """The camat of a village's kecamatan."""
    return Office(OfficeKind.CAMAT, village_code[:8])
