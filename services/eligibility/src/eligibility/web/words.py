"""What the codes are called on a page: a word, a mark and a tone, never a colour alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from common.events.words import (
    Eligibility,
    Organiser,
    PostKind,
    Programme,
    Stage,
    Standing,
    Title,
    Venue,
)

from eligibility.domain.facts import ActKind


class Tone(StrEnum):
    """How a status is felt; each has a mark and a pair of colours in tokens.css."""

    GOOD = "good"
    WARN = "warn"
    BAD = "bad"
    UNKNOWN = "unknown"
    PLAIN = "plain"


MARKS: Mapping[Tone, str] = MappingProxyType(
    {Tone.GOOD: "●", Tone.WARN: "▲", Tone.BAD: "■", Tone.UNKNOWN: "?", Tone.PLAIN: "○"}
)


@dataclass(frozen=True, slots=True)
class Word:
    """One value of a field as it stands on a page."""

    text: str
    tone: Tone = Tone.PLAIN

    @property
    def mark(self) -> str:
        return MARKS[self.tone]


ELIGIBILITY: Mapping[str, Word] = MappingProxyType(
    {
        Eligibility.CANNOT_DECIDE: Word("Belum dapat diputuskan", Tone.UNKNOWN),
        Eligibility.NOT_ELIGIBLE: Word("Belum memenuhi syarat", Tone.WARN),
        Eligibility.ELIGIBLE: Word("Memenuhi syarat", Tone.GOOD),
    }
)
STAGE: Mapping[str, Word] = MappingProxyType(
    {
        Stage.NONE: Word("Belum dimulai"),
        Stage.TERDAFTAR: Word("Terdaftar"),
        Stage.SOSIALISASI: Word("Sosialisasi"),
        Stage.CALON: Word("Calon"),
        Stage.MEMENUHI_SYARAT: Word("Memenuhi syarat", Tone.GOOD),
    }
)
TITLE: Mapping[str, Word] = MappingProxyType(
    {
        Title.NONE: Word("Belum bergelar"),
        Title.DICANANGKAN: Word("Dicanangkan"),
        Title.DITETAPKAN: Word("Ditetapkan", Tone.GOOD),
        Title.DIRESMIKAN: Word("Diresmikan", Tone.GOOD),
    }
)
STANDING: Mapping[str, Word] = MappingProxyType(
    {
        Standing.NONE: Word("Belum ada"),
        Standing.BAIK: Word("Baik", Tone.GOOD),
        Standing.TERANCAM: Word("Terancam", Tone.WARN),
        Standing.DITANGGUHKAN: Word("Ditangguhkan", Tone.BAD),
        Standing.DICABUT: Word("Dicabut", Tone.BAD),
    }
)
FIELDS = MappingProxyType(
    {
        "eligibility": ("Syarat", ELIGIBILITY),
        "stage": ("Tahap", STAGE),
        "title": ("Gelar", TITLE),
        "standing": ("Kedudukan", STANDING),
    }
)
"""The four fields: the label of each and its words."""

ACTS: Mapping[str, str] = MappingProxyType(
    {
        ActKind.CALON: "Pencalonan",
        ActKind.PENCANANGAN: "Pencanangan",
        ActKind.PENETAPAN: "Penetapan",
        ActKind.PERESMIAN: "Peresmian",
        ActKind.PENANGGUHAN: "Penangguhan",
        ActKind.PEMULIHAN: "Pemulihan",
        ActKind.PENCABUTAN: "Pencabutan",
    }
)
POSTS: Mapping[str, str] = MappingProxyType(
    {
        PostKind.KEPALA_DESA: "Kepala Desa",
        PostKind.LURAH: "Lurah",
        PostKind.SEKRETARIS_DESA: "Sekretaris Desa",
        PostKind.KAUR: "Kepala Urusan (Kaur)",
        PostKind.KASI: "Kepala Seksi (Kasi)",
        PostKind.KEPALA_DUSUN: "Kepala Dusun",
        PostKind.BPD_MEMBER: "Anggota BPD",
        PostKind.RT_HEAD: "Ketua RT",
        PostKind.RW_HEAD: "Ketua RW",
        PostKind.LKD: "Pengurus LKD",
    }
)
ORGANISERS: Mapping[str, str] = MappingProxyType(
    {
        Organiser.BRANCH_OFFICE: "Kantor Cabang BPJS Ketenagakerjaan",
        Organiser.VILLAGE_GOVERNMENT: "Pemerintah Desa",
        Organiser.KECAMATAN: "Kecamatan",
        Organiser.REGENCY: "Pemerintah Kabupaten/Kota",
        Organiser.BABINSA: "Babinsa",
        Organiser.BHABINKAMTIBMAS: "Bhabinkamtibmas",
        Organiser.PERISAI: "Agen Perisai",
    }
)
PROGRAMMES: Mapping[str, str] = MappingProxyType(
    {
        Programme.JHT: "Jaminan Hari Tua (JHT)",
        Programme.JKK: "Jaminan Kecelakaan Kerja (JKK)",
        Programme.JKM: "Jaminan Kematian (JKM)",
        Programme.JP: "Jaminan Pensiun (JP)",
        Programme.JKP: "Jaminan Kehilangan Pekerjaan (JKP)",
    }
)
VENUES: Mapping[str, str] = MappingProxyType(
    {Venue.PENDOPO: "pendopo", Venue.VILLAGE_HALL: "balai desa"}
)
CRITERIA: Mapping[str, str] = MappingProxyType(
    {
        "head_and_staff_covered": "Kepala desa dan semua perangkat desa terlindungi JKK dan JKM",
        "rt_and_rw_covered": "Semua ketua RT dan RW terlindungi JKK dan JKM",
        "sosialisasi_within_24_months": "Ada sosialisasi dalam 24 bulan terakhir",
    }
)


def criterion(name: str) -> str:
    """A criterion in words; one that a branch has added is called as it named it."""
    return CRITERIA.get(name) or name.replace("_", " ").capitalize()


def post(kind: str, ordinal: int = 1) -> str:
    """`Sekretaris Desa`, `Ketua RT 3`; the first of a kind that has one has no number."""
    single = kind in {PostKind.KEPALA_DESA, PostKind.LURAH, PostKind.SEKRETARIS_DESA}
    return POSTS[kind] if single and ordinal == 1 else f"{POSTS[kind]} {ordinal}"
