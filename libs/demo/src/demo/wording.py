"""How the story says things in Bahasa Indonesia: days, lists, kinds and the four fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

MONTHS = (
    *("Januari", "Februari", "Maret", "April", "Mei", "Juni"),
    *("Juli", "Agustus", "September", "Oktober", "November", "Desember"),
)
WEEKDAYS = ("Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu")

KIND = {"DESA": "Desa", "KELURAHAN": "Kelurahan", "DESA_ADAT": "Desa Adat"}
ELIGIBILITY = {
    "CANNOT_DECIDE": "belum dapat diputuskan",
    "NOT_ELIGIBLE": "belum memenuhi syarat",
    "ELIGIBLE": "memenuhi syarat",
}
STAGE = {"TERDAFTAR": "Terdaftar", "SOSIALISASI": "Sosialisasi", "CALON": "Calon"}
TITLE = {"DICANANGKAN": "Dicanangkan", "DITETAPKAN": "Ditetapkan", "DIRESMIKAN": "Diresmikan"}
STANDING = {
    "BAIK": "keadaan baik",
    "TERANCAM": "TERANCAM",
    "DITANGGUHKAN": "DITANGGUHKAN",
    "DICABUT": "DICABUT",
}
ORGANISER = {
    "BRANCH_OFFICE": "kantor cabang",
    "VILLAGE_GOVERNMENT": "pemerintah desa",
    "KECAMATAN": "kecamatan",
    "REGENCY": "pemerintah daerah",
    "BABINSA": "Babinsa",
    "BHABINKAMTIBMAS": "Bhabinkamtibmas",
    "PERISAI": "Agen Perisai",
}
OCCASION = {"FESTIVAL": "pada festival", "LAUNCH": "pada peluncuran"}
SECTOR = {"CULINARY": "kuliner", "AGRICULTURE": "pertanian"}
AID = {
    "TRACTOR": "traktor",
    "FERTILISER": "pupuk",
    "IRRIGATION": "perbaikan irigasi",
    "SEEDLINGS": "bibit",
    "EVENT_SUPPORT": "dukungan acara",
    "EQUIPMENT": "peralatan",
}
ACT = {
    "CALON": "Dipilih sebagai desa percontohan",
    "PENCANANGAN": "Dicanangkan",
    "PENETAPAN": "Ditetapkan",
    "PERESMIAN": "Diresmikan",
}
OFFICE = {
    "BUPATI": "Bupati",
    "WALI_KOTA": "Wali Kota",
    "GUBERNUR": "Gubernur",
    "CAMAT": "Camat",
    "SEKDA": "Sekda",
    "ASISTEN": "Asisten",
    "WAKIL": "Wakil",
}
VENUE = {"PENDOPO": "di pendopo", "VILLAGE_HALL": "di balai desa", "OTHER": "di tempat lain"}
LEVEL = {"REGENCY": "tingkat kabupaten", "PROVINCE": "tingkat provinsi", "NATIONAL": "nasional"}


def say_day(day: date, *, weekday: bool = False) -> str:
    """21 Agustus 2019; Rabu, 21 Agustus 2019."""
    text = f"{day.day} {MONTHS[day.month - 1]} {day.year}"
    return f"{WEEKDAYS[day.weekday()]}, {text}" if weekday else text


def say_number(number: int) -> str:
    """83.762."""
    return f"{number:,}".replace(",", ".")


def say_list(items: Sequence[str]) -> str:
    """a; a dan b; a, b, dan c."""
    if len(items) <= 2:  # noqa: PLR2004  # the comma comes with the third
        return " dan ".join(items)
    return f"{', '.join(items[:-1])}, dan {items[-1]}"


def mark_of(village: Mapping[str, Any]) -> str:
    """A mark that says the same as the words, for those who look quickly."""
    status = village["status"]
    if status["standing"] in {"DITANGGUHKAN", "DICABUT"}:
        return "[red]■[/red]"
    if status["standing"] == "TERANCAM":
        return "[yellow]▲[/yellow]"
    marks = {"CANNOT_DECIDE": "[dim]?[/dim]", "NOT_ELIGIBLE": "○", "ELIGIBLE": "[green]●[/green]"}
    return marks[status["eligibility"]]


def say_status(village: Mapping[str, Any]) -> str:
    """Memenuhi syarat · Diresmikan · keadaan baik; what it waits for, if it waits."""
    status = village["status"]
    parts = [ELIGIBILITY[status["eligibility"]]]
    parts += [TITLE[status["title"]]] if status["title"] in TITLE else []
    parts += [STANDING[status["standing"]]] if status["standing"] in STANDING else []
    if len(parts) == 1 and status["stage"] in STAGE:
        parts.append(f"tahap {STAGE[status['stage']]}")
    if status["standing"] == "TERANCAM" and village["grace_ends"]:
        parts.append(f"pulihkan sebelum {say_day(date.fromisoformat(village['grace_ends']))}")
    if village.get("proposal"):
        parts.append("penangguhan diusulkan")
    return " · ".join(parts)
