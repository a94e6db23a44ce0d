"""How things are said in formal Bahasa Indonesia: names of places, dates, numbers, posts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from common.events.eligibility import Missing, Reason
from common.events.words import (
    CeremonyKind,
    OfficeKind,
    PostKind,
    RegencyKind,
    TimeZone,
    Venue,
    VillageKind,
)

from notifications.domain.letters import Place

MONTHS = (
    "Januari", "Februari", "Maret", "April", "Mei", "Juni",
    "Juli", "Agustus", "September", "Oktober", "November", "Desember",
)  # fmt: skip

DAYS = ("Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu")

VILLAGE = {
    VillageKind.DESA: "Desa",
    VillageKind.KELURAHAN: "Kelurahan",
    VillageKind.DESA_ADAT: "Desa Adat",
}
REGENCY = {
    RegencyKind.KABUPATEN: "Kabupaten",
    RegencyKind.KOTA: "Kota",
    RegencyKind.KABUPATEN_ADM: "Kabupaten Administrasi",
    RegencyKind.KOTA_ADM: "Kota Administrasi",
}
OFFICE = {
    OfficeKind.BUPATI: "Bupati",
    OfficeKind.WALI_KOTA: "Wali Kota",
    OfficeKind.CAMAT: "Camat",
}
CEREMONY = {
    CeremonyKind.PENCANANGAN: "pencanangan",
    CeremonyKind.PENETAPAN: "penetapan",
    CeremonyKind.PERESMIAN: "peresmian",
}
POST = {
    PostKind.KEPALA_DESA: "kepala desa",
    PostKind.LURAH: "lurah",
    PostKind.SEKRETARIS_DESA: "sekretaris desa",
    PostKind.KAUR: "kepala urusan",
    PostKind.KASI: "kepala seksi",
    PostKind.KEPALA_DUSUN: "kepala dusun",
    PostKind.BPD_MEMBER: "anggota BPD",
    PostKind.RT_HEAD: "ketua RT",
    PostKind.RW_HEAD: "ketua RW",
    PostKind.LKD: "pengurus lembaga kemasyarakatan desa",
}
SUBJECT = {
    "head_and_staff_covered": "kepala desa dan perangkat desa",
    "rt_and_rw_covered": "ketua RT dan ketua RW",
}
"""Whom a criterion of the default rule sets counts."""
NAMED_KINDS = 3
"""Of more kinds of posts than that, none is named."""
SOSIALISASI = "sosialisasi_within"


def say_date(day: date) -> str:
    """20 November 2026."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def say_day(day: date) -> str:
    """Jumat, 20 November 2026."""
    return f"{DAYS[day.weekday()]}, {say_date(day)}"


def say_time(begins_at: str, zone: TimeZone) -> str:
    """As in: pukul 09.00 WIB."""
    return f"pukul {begins_at.replace(':', '.')} {zone}"


def say_venue(venue: Venue, place: Place) -> str:
    """Pendopo Kabupaten Pekalongan; Balai Desa Kedungjaran; Kantor Kelurahan Kauman."""
    match venue:
        case Venue.PENDOPO:
            return f"Pendopo {REGENCY[place.regency_kind]} {place.regency}"
        case Venue.VILLAGE_HALL if place.kind is VillageKind.KELURAHAN:
            return f"Kantor Kelurahan {place.name}"
        case Venue.VILLAGE_HALL:
            return f"Balai {VILLAGE[place.kind]} {place.name}"
        case _:
            return "diberitahukan kemudian"


def say_number(number: int) -> str:
    """1.353."""
    return f"{number:,}".replace(",", ".")


def say_list(items: Sequence[str]) -> str:
    """a; a dan b; a, b, dan c."""
    if len(items) <= 2:  # noqa: PLR2004  # the comma comes with the third
        return " dan ".join(items)
    return f"{', '.join(items[:-1])}, dan {items[-1]}"


def say_villages(counts: Iterable[tuple[VillageKind, int]]) -> str:
    """272 desa dan 13 kelurahan."""
    order = list(VillageKind)
    there = sorted(((k, n) for k, n in counts if n), key=lambda item: order.index(item[0]))
    return say_list([f"{say_number(n)} {VILLAGE[k].lower()}" for k, n in there])


def say_shortfall(reason: Reason) -> str:
    """1 dari 12 jabatan … belum terlindungi BPJS Ketenagakerjaan (kepala desa)."""
    if reason.criterion.startswith(SOSIALISASI):
        return "sosialisasi BPJS Ketenagakerjaan perlu diselenggarakan kembali"
    lacking = f"{say_number(reason.required - reason.actual)} dari {say_number(reason.required)}"
    text = f"{lacking} jabatan {_subject(reason)} belum terlindungi BPJS Ketenagakerjaan"
    missing = say_missing(reason.missing)
    return f"{text} ({missing})" if missing else text


def say_missing(missing: Sequence[Missing]) -> str:
    """As in: kepala desa dan 2 kepala urusan; kosong: sekretaris desa.

    Vacant posts stand apart: a criterion may allow them for a while, so they are not always
    among those that it counts as lacking.
    """
    few = len(missing) <= NAMED_KINDS
    uncovered = [say_posts(p.post_kind, p.not_covered) for p in missing if p.not_covered and few]
    vacant = [say_posts(post.post_kind, post.vacant) for post in missing if post.vacant]
    if vacant and not few:
        vacant = [f"{say_number(sum(post.vacant for post in missing))} jabatan"]
    parts = [say_list(uncovered), f"kosong: {say_list(vacant)}" if vacant else ""]
    return "; ".join(part for part in parts if part)


def say_posts(kind: PostKind, number: int) -> str:
    """As in: kepala desa, 2 kepala urusan."""
    return POST[kind] if number == 1 else f"{say_number(number)} {POST[kind]}"


def say_fulfilment(reason: Reason) -> str:
    """11 dari 11 jabatan kepala desa dan perangkat desa terlindungi."""
    if reason.criterion.startswith(SOSIALISASI):
        return "sosialisasi telah diselenggarakan"
    counts = f"{say_number(reason.actual)} dari {say_number(reason.required)}"
    return f"{counts} jabatan {_subject(reason)} terlindungi"


def _subject(reason: Reason) -> str:
    return SUBJECT.get(reason.criterion, "yang dipersyaratkan")
