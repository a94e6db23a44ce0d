"""What the board says of its areas, in sentences and names."""

from __future__ import annotations

from collections.abc import Iterable

import asyncpg
from common.events.words import HostOffice, Representative

from eligibility.overview import Board
from eligibility.storage.board import ALL_AREAS, Level, widest_of
from eligibility.storage.outreach import Launch
from eligibility.web import words
from eligibility.web.formats import day, number, regency_name, share

HOSTS = {
    HostOffice.BUPATI: "Bupati",
    HostOffice.WALI_KOTA: "Wali Kota",
    HostOffice.GUBERNUR: "Gubernur",
}
STAND_INS = {
    Representative.SEKDA: "Sekretaris Daerah",
    Representative.ASISTEN: "Asisten",
    Representative.WAKIL: "wakilnya",
}


AS_FAR_AS_SEEN = "sejauh wilayah Anda"
"""What is counted in an area that reaches beyond the viewer's own."""


def reaches_beyond(area: str | None, areas: Iterable[str]) -> bool:
    """Whether an area has villages that are not the viewer's to see."""
    if area is None:
        return False
    return not any(own in {ALL_AREAS, area} or area.startswith(f"{own}.") for own in areas)


def sentence(found: Board, *, beyond: bool = False) -> list[str]:
    """`3 Desa Sadar dari 272 desa`, `1 terancam`, `2 hampir memenuhi`: only what there is."""
    if not found.rows:
        return ["Belum ada desa di sini"]
    kelurahan = found.total("kelurahan")
    kinds = {"desa": found.total("villages") - kelurahan, "kelurahan": kelurahan}
    of = " dan ".join(f"{number(count)} {kind}" for kind, count in kinds.items() if count)
    limit = f" ({AS_FAR_AS_SEEN})" if beyond else ""
    said = [f"{number(found.total('titled'))} Desa Sadar dari {of}{limit}"]
    for column, text in (
        ("at_risk", "terancam"),
        ("halted", "ditangguhkan atau dicabut"),
        ("eligible", "siap ditetapkan"),
        ("nearly", "hampir memenuhi"),
    ):
        if count := found.total(column):
            said.append(f"{number(count)} {text}")
    return said


def own_name(found: Board, areas: frozenset[str]) -> str:
    """What the viewer's areas are called together."""
    if ALL_AREAS in areas:
        return "Indonesia"
    widest = widest_of(areas)
    if len(widest) == 1 and found.rows:
        (area,) = widest
        row = found.rows[0]
        if area in {row["province_code"], row["regency_code"]}:
            return area_name(found)
        if area == row["code"]:
            return f"Kecamatan {row['name']}"
    return "Wilayah Anda"


def area_name(found: Board) -> str:
    """The area that holds all rows."""
    row = found.rows[0]
    if found.level is Level.KECAMATAN:
        return regency_name(row["regency_kind"], row["regency_name"])
    return f"Provinsi {row['province_name']}"


def row_name(level: Level, row: asyncpg.Record) -> str:
    """The area of a row; what the head of its column does not say of its kind in front."""
    if level is Level.REGENCY:
        return regency_name(row["regency_kind"], row["regency_name"])
    return str(row["name"])


def said_coverage(found: Board) -> str:
    """Memberships as a share of workers, where these were counted, and when they were."""
    counted = [row for row in found.rows if row["workers"]]
    if not counted:
        return ""
    first, last = min(row["first_on"] for row in counted), max(row["last_on"] for row in counted)
    parts = share(found.total("counted_persons"), found.total("workers"), "pekerja", last)
    dated = f"; hitungan tertua {day(first)}" if first != last else ""
    return (
        f"Di {number(found.total('counted'))} desa yang pekerjanya telah dihitung, {parts} "
        f"menjadi peserta{dated}."
    )


def launched(found: Board, launch: Launch) -> str:
    """Where and when the programme was launched, and who stood in for its host."""
    row = found.rows[0]
    names = {
        row["province_code"]: f"Provinsi {row['province_name']}",
        **{
            one["regency_code"]: regency_name(one["regency_kind"], one["regency_name"])
            for one in found.rows
        },
    }
    where = names.get(launch.area_code, f"wilayah {launch.area_code}")
    venue = f" di {words.VENUES[launch.venue]}" if launch.venue in words.VENUES else ""
    host = HOSTS[launch.host_office]
    stood_in = launch.represented_by and f", {host} diwakili {STAND_INS[launch.represented_by]}"
    return f"Program diluncurkan di {where} pada {day(launch.effective_on)}{venue}{stood_in or ''}."


def places_of(found: Board) -> list[tuple[str | None, str]]:
    """The way from the board to the area shown."""
    row, here = found.rows[0], (None, area_name(found))
    if found.level is Level.KECAMATAN:
        return [("/", "Papan"), (f"/wilayah/{row['province_code']}", row["province_name"]), here]
    return [("/", "Papan"), here]
