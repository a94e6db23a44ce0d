"""Days, times, numbers and names as people in Indonesia write them."""

from __future__ import annotations

from datetime import date, datetime

from common.clock import ZONES
from common.events.words import RegencyKind, TimeZone, VillageKind

MONTHS = (
    *("Januari", "Februari", "Maret", "April", "Mei", "Juni", "Juli", "Agustus"),
    *("September", "Oktober", "November", "Desember"),
)
VILLAGE_KINDS = {
    VillageKind.DESA: "Desa",
    VillageKind.KELURAHAN: "Kelurahan",
    VillageKind.DESA_ADAT: "Desa Adat",
}
REGENCY_KINDS = {
    RegencyKind.KABUPATEN: "Kabupaten",
    RegencyKind.KOTA: "Kota",
    RegencyKind.KABUPATEN_ADM: "Kabupaten Administrasi",
    RegencyKind.KOTA_ADM: "Kota Administrasi",
}
NONE = "—"
"""Where a value would stand and there is none."""


def day(value: date | None) -> str:
    """`20 November 2026`."""
    return NONE if value is None else f"{value.day} {MONTHS[value.month - 1]} {value.year}"


def clock_time(value: datetime, zone: TimeZone | str = TimeZone.WIB) -> str:
    """`pukul 09.15 WIB`, in a time zone of Indonesia."""
    return f"pukul {_local(value, zone):%H.%M} {TimeZone(zone)}"


def moment(value: datetime | None, zone: TimeZone | str = TimeZone.WIB) -> str:
    """`20 November 2026 pukul 09.15 WIB`."""
    if value is None:
        return NONE
    return f"{day(_local(value, zone).date())} {clock_time(value, zone)}"


def number(value: int | None) -> str:
    """`1.353`."""
    return NONE if value is None else f"{value:,}".replace(",", ".")


def percent(part: int, whole: int) -> str:
    """`51%`, and `<1%` or `>99%` where rounding would say none or all; no whole has no share."""
    if whole <= 0:
        return NONE
    rounded = (200 * part + whole) // (2 * whole)
    if rounded == 0 and part:
        return "<1%"
    if rounded == 100 and part < whole:  # noqa: PLR2004
        return ">99%"
    return f"{rounded}%"


def share(part: int, whole: int, unit: str, as_of: date | None = None) -> str:
    """`51% (1.353 dari 2.632 pekerja, data 25 Maret 2018)`: a share never without its parts."""
    dated = f", data {day(as_of)}" if as_of else ""
    return f"{percent(part, whole)} ({number(part)} dari {number(whole)} {unit}{dated})"


def village_name(kind: VillageKind | str, name: str) -> str:
    """`Desa Wonopringgo`, `Kelurahan Bendan Kergon`, `Desa Adat Yokiwa`."""
    return f"{VILLAGE_KINDS[VillageKind(kind)]} {name}"


def regency_name(kind: RegencyKind | str, name: str) -> str:
    """`Kabupaten Pekalongan`, `Kota Pekalongan`."""
    return f"{REGENCY_KINDS[RegencyKind(kind)]} {name}"


def local_day(value: datetime, zone: TimeZone | str = TimeZone.WIB) -> date:
    """The day in a time zone of Indonesia."""
    return _local(value, zone).date()


def _local(value: datetime, zone: TimeZone | str) -> datetime:
    return value.astimezone(ZONES[TimeZone(zone)])
