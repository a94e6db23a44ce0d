"""What was done in a village and what it lives from, and its workers: in words."""

from __future__ import annotations

from collections.abc import Mapping

from common.events.words import AidKind, Occasion, PotentialSector, WorkerSource

from eligibility.storage.outreach import Note, Workers
from eligibility.web import words
from eligibility.web.formats import day, number, share

SECTORS: Mapping[str, str] = {
    PotentialSector.CULINARY: "kuliner",
    PotentialSector.AGRICULTURE: "pertanian",
    PotentialSector.FISHERY: "perikanan",
    PotentialSector.CRAFT: "kerajinan",
    PotentialSector.TRADE: "perdagangan",
    PotentialSector.TOURISM: "pariwisata",
    PotentialSector.SERVICES: "jasa",
}
AIDS: Mapping[str, str] = {
    AidKind.TRACTOR: "traktor",
    AidKind.FERTILISER: "pupuk",
    AidKind.IRRIGATION: "irigasi",
    AidKind.SEEDLINGS: "bibit",
    AidKind.EVENT_SUPPORT: "dukungan acara",
    AidKind.EQUIPMENT: "peralatan",
}
OCCASIONS: Mapping[str, str] = {
    Occasion.FESTIVAL: "pada festival",
    Occasion.VILLAGE_MEETING: "pada musyawarah desa",
    Occasion.RELIGIOUS: "pada acara keagamaan",
    Occasion.MARKET: "di pasar",
    Occasion.LAUNCH: "pada peluncuran program",
}
SOURCES: Mapping[str, str] = {
    WorkerSource.VILLAGE_DATA: "data desa",
    WorkerSource.BPS: "BPS",
    WorkerSource.REGENCY: "data kabupaten/kota",
    WorkerSource.BRANCH_ESTIMATE: "perkiraan kantor cabang",
}


def note_of(note: Note) -> tuple[str, str]:
    """What it is, and the particulars; never who came or who works there."""
    match note.kind:
        case "SOSIALISASI":
            return "Sosialisasi", _sosialisasi(note)
        case "POTENTIAL":
            businesses = f", {number(note.amount)} usaha" if note.amount is not None else ""
            return "Potensi ekonomi", f"{SECTORS[note.what or '']}{businesses}"
        case "AID":
            worth = f" senilai Rp{number(note.amount)}" if note.amount is not None else ""
            return "Bantuan", f"{AIDS[note.what or '']}{worth}"
        case _:
            until = f", sampai {day(note.ended_on)}" if note.ended_on else ""
            return "Agen Perisai", f"bertugas di desa{until}"


def _sosialisasi(note: Note) -> str:
    by = f"oleh {words.ORGANISERS[note.what]}" if note.what else ""
    occasion = OCCASIONS.get(note.occasion or "", "")
    came = f"dihadiri {number(note.amount)} orang" if note.amount is not None else ""
    return ", ".join(part for part in (f"{by} {occasion}".strip(), came) if part)


def covered_of(persons: int, workers: Workers) -> str:
    """The share of workers who are members, with its parts, the count's date and its source."""
    told = share(persons, workers.total, "pekerja", workers.effective_on)
    return f"{told}; sumber: {SOURCES[workers.source]}"
