"""How things are said in formal Bahasa Indonesia: names of places, dates, numbers, posts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from common.events.eligibility import Reason
from common.events.words import OfficeKind, PostKind, RegencyKind, VillageKind

MONTHS = (
    "Januari", "Februari", "Maret", "April", "Mei", "Juni",
    "Juli", "Agustus", "September", "Oktober", "November", "Desember",
)  # fmt: skip

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
    "bpd_covered": "anggota BPD",
}
"""Whom a criterion of the default rule sets counts; others are named by their posts."""
SOSIALISASI = "sosialisasi_within"


def say_date(day: date) -> str:
    """20 November 2026."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


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
    """2 dari 11 jabatan kepala desa dan perangkat desa belum terlindungi BPJS Ketenagakerjaan."""
    if reason.criterion.startswith(SOSIALISASI):
        return "sosialisasi BPJS Ketenagakerjaan perlu diselenggarakan kembali"
    lacking = f"{say_number(reason.required - reason.actual)} dari {say_number(reason.required)}"
    text = f"{lacking} jabatan {_subject(reason)} belum terlindungi BPJS Ketenagakerjaan"
    vacant = sum(post.vacant for post in reason.missing)
    return f"{text} ({say_number(vacant)} di antaranya kosong)" if vacant else text


def say_fulfilment(reason: Reason) -> str:
    """11 dari 11 jabatan kepala desa dan perangkat desa terlindungi."""
    if reason.criterion.startswith(SOSIALISASI):
        return "sosialisasi telah diselenggarakan"
    counts = f"{say_number(reason.actual)} dari {say_number(reason.required)}"
    return f"{counts} jabatan {_subject(reason)} terlindungi"


def _subject(reason: Reason) -> str:
    if reason.criterion in SUBJECT:
        return SUBJECT[reason.criterion]
    kinds = dict.fromkeys(POST[post.post_kind] for post in reason.missing)
    return say_list(list(kinds)) or "yang dipersyaratkan"
