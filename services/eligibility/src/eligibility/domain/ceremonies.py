"""Ceremonies: who may be their host, and on which days they may be planned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from common.events.words import CeremonyKind, OfficeKind, RegencyKind, Venue

from eligibility.domain.days import add_months, indonesian

MONTHS_AHEAD = 12
"""How far ahead one may be planned: later it is a mistyped year."""
HOSTS = {
    RegencyKind.KABUPATEN: (OfficeKind.BUPATI, OfficeKind.CAMAT),
    RegencyKind.KOTA: (OfficeKind.WALI_KOTA, OfficeKind.CAMAT),
    RegencyKind.KABUPATEN_ADM: (OfficeKind.BUPATI, OfficeKind.CAMAT),
    RegencyKind.KOTA_ADM: (OfficeKind.WALI_KOTA, OfficeKind.CAMAT),
}
"""The offices that can be hosts in a kind of regency."""


class CeremonyRefused(Exception):
    """The plan does not fit; `field` is what to correct."""

    def __init__(self, field: str, code: str, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.field = field
        self.code = code
        self.reason = reason


@dataclass(frozen=True, slots=True)
class When:
    """Day and hour of a ceremony, on the village's own clocks; `begins_at` as `09:00`."""

    planned_for: date
    begins_at: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    kind: CeremonyKind
    when: When
    venue: Venue
    host: OfficeKind


def check_day(day: date, today: date) -> None:
    """From today to a year ahead; raises CeremonyRefused."""
    last = add_months(today, MONTHS_AHEAD)
    if not today <= day <= last:
        raise CeremonyRefused(
            "planned_for",
            "ceremony-day",
            f"Tanggal {indonesian(day)} harus di antara hari ini, {indonesian(today)}, dan "
            f"{indonesian(last)}.",
        )


def check_open(closed_on: date | None, today: date) -> None:
    """Nothing is planned in a village that is part of another one; raises CeremonyRefused."""
    if closed_on is not None and closed_on <= today:
        raise CeremonyRefused(
            "planned_for", "village-closed", "Desa ini sudah bergabung dengan desa lain."
        )


def check_host(host: OfficeKind, regency: RegencyKind) -> None:
    """A kabupaten has a bupati and a kota a wali kota; raises CeremonyRefused."""
    if host not in HOSTS[regency]:
        hosts = " atau ".join(HOSTS[regency])
        raise CeremonyRefused("host", "ceremony-host", f"Tuan rumah di wilayah ini adalah {hosts}.")


def check_move(before: When, after: When, today: date) -> None:
    """A ceremony that is ahead, to another time; raises CeremonyRefused."""
    if before.planned_for < today:
        raise CeremonyRefused(
            "planned_for",
            "ceremony-past",
            f"Acara sudah berlangsung pada {indonesian(before.planned_for)}; catat acara baru.",
        )
    if before == after:
        raise CeremonyRefused(
            "planned_for", "ceremony-unmoved", "Jadwal baru sama dengan jadwal sekarang."
        )
    check_day(after.planned_for, today)
