"""The closed vocabularies that travel with events (docs/glossary.md gives each word once)."""

from __future__ import annotations

from enum import StrEnum


class VillageKind(StrEnum):
    DESA = "DESA"
    KELURAHAN = "KELURAHAN"
    DESA_ADAT = "DESA_ADAT"


class RegencyKind(StrEnum):
    KABUPATEN = "KABUPATEN"
    KOTA = "KOTA"
    KABUPATEN_ADM = "KABUPATEN_ADM"
    KOTA_ADM = "KOTA_ADM"


class TimeZone(StrEnum):
    WIB = "WIB"
    WITA = "WITA"
    WIT = "WIT"


class PostKind(StrEnum):
    KEPALA_DESA = "KEPALA_DESA"
    LURAH = "LURAH"
    SEKRETARIS_DESA = "SEKRETARIS_DESA"
    KAUR = "KAUR"
    KASI = "KASI"
    KEPALA_DUSUN = "KEPALA_DUSUN"
    BPD_MEMBER = "BPD_MEMBER"
    RT_HEAD = "RT_HEAD"
    RW_HEAD = "RW_HEAD"
    LKD = "LKD"


class Programme(StrEnum):
    JHT = "JHT"
    JKK = "JKK"
    JKM = "JKM"
    JP = "JP"
    JKP = "JKP"


class Segment(StrEnum):
    PU = "PU"
    BPU = "BPU"


class EnrollmentStatus(StrEnum):
    PENDING_PAYMENT = "PENDING_PAYMENT"
    AKTIF = "AKTIF"
    MENUNGGAK = "MENUNGGAK"
    NONAKTIF = "NONAKTIF"
    KELUAR = "KELUAR"


class CoverageStatus(StrEnum):
    """What the holder of a post has on a day: nothing, in grace, or active."""

    NONE = "NONE"
    IN_GRACE = "IN_GRACE"
    AKTIF = "AKTIF"


class Organiser(StrEnum):
    """The office that held a sosialisasi; never a person."""

    BRANCH_OFFICE = "BRANCH_OFFICE"
    VILLAGE_GOVERNMENT = "VILLAGE_GOVERNMENT"
    KECAMATAN = "KECAMATAN"
    REGENCY = "REGENCY"
    BABINSA = "BABINSA"
    BHABINKAMTIBMAS = "BHABINKAMTIBMAS"
    PERISAI = "PERISAI"


class Eligibility(StrEnum):
    CANNOT_DECIDE = "CANNOT_DECIDE"
    NOT_ELIGIBLE = "NOT_ELIGIBLE"
    ELIGIBLE = "ELIGIBLE"


class Stage(StrEnum):
    NONE = "NONE"
    TERDAFTAR = "TERDAFTAR"
    SOSIALISASI = "SOSIALISASI"
    CALON = "CALON"
    MEMENUHI_SYARAT = "MEMENUHI_SYARAT"


class Title(StrEnum):
    NONE = "NONE"
    DICANANGKAN = "DICANANGKAN"
    DITETAPKAN = "DITETAPKAN"
    DIRESMIKAN = "DIRESMIKAN"


class Standing(StrEnum):
    NONE = "NONE"
    BAIK = "BAIK"
    TERANCAM = "TERANCAM"
    DITANGGUHKAN = "DITANGGUHKAN"
    DICABUT = "DICABUT"


class OfficeKind(StrEnum):
    BUPATI = "BUPATI"
    WALI_KOTA = "WALI_KOTA"
    CAMAT = "CAMAT"


class AlertKind(StrEnum):
    VILLAGE_ELIGIBLE = "VILLAGE_ELIGIBLE"
    VILLAGE_DESIGNATED = "VILLAGE_DESIGNATED"
    STATUS_AT_RISK = "STATUS_AT_RISK"


class DeliveryState(StrEnum):
    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    UNKNOWN = "unknown"
    FAILED = "failed"
    SUPPRESSED = "suppressed"
