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


class Occasion(StrEnum):
    """On which occasion a sosialisasi was held."""

    FESTIVAL = "FESTIVAL"
    VILLAGE_MEETING = "VILLAGE_MEETING"
    RELIGIOUS = "RELIGIOUS"
    MARKET = "MARKET"
    LAUNCH = "LAUNCH"
    OTHER = "OTHER"


class PotentialSector(StrEnum):
    """What a village's workers live from."""

    CULINARY = "CULINARY"
    AGRICULTURE = "AGRICULTURE"
    FISHERY = "FISHERY"
    CRAFT = "CRAFT"
    TRADE = "TRADE"
    TOURISM = "TOURISM"
    SERVICES = "SERVICES"


class AidKind(StrEnum):
    """What a village was given within the programme."""

    TRACTOR = "TRACTOR"
    FERTILISER = "FERTILISER"
    IRRIGATION = "IRRIGATION"
    SEEDLINGS = "SEEDLINGS"
    EVENT_SUPPORT = "EVENT_SUPPORT"
    EQUIPMENT = "EQUIPMENT"


class WorkerSource(StrEnum):
    """Whose count of a village's workers it is."""

    VILLAGE_DATA = "VILLAGE_DATA"
    BPS = "BPS"
    REGENCY = "REGENCY"
    BRANCH_ESTIMATE = "BRANCH_ESTIMATE"


class LaunchLevel(StrEnum):
    """For which area the programme was launched."""

    REGENCY = "REGENCY"
    PROVINCE = "PROVINCE"
    NATIONAL = "NATIONAL"


class HostOffice(StrEnum):
    """The office to which a launch belongs; not the offices that are written to."""

    BUPATI = "BUPATI"
    WALI_KOTA = "WALI_KOTA"
    GUBERNUR = "GUBERNUR"


class Representative(StrEnum):
    """The office that stood in for the host of a launch."""

    SEKDA = "SEKDA"
    ASISTEN = "ASISTEN"
    WAKIL = "WAKIL"


class Venue(StrEnum):
    PENDOPO = "PENDOPO"
    VILLAGE_HALL = "VILLAGE_HALL"
    OTHER = "OTHER"


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


class WithdrawnBecause(StrEnum):
    """Why a proposal to suspend stands no longer."""

    RECOVERED = "RECOVERED"
    """The village keeps its title again."""
    GRACE_RUNNING = "GRACE_RUNNING"
    """A fact came by which the time to recover has not ended."""
    UNDECIDABLE = "UNDECIDABLE"
    """Whether it keeps its title cannot be said; no clock runs meanwhile."""
    SUSPENDED = "SUSPENDED"
    """A person suspended the title, as proposed."""
    REVOKED = "REVOKED"
    """There is no title any more that could be suspended."""
    CLOSED = "CLOSED"
    """The village became part of another one."""


class CeremonyKind(StrEnum):
    """An occasion to which offices are invited; the act itself is recorded on its day."""

    PENCANANGAN = "PENCANANGAN"
    PENETAPAN = "PENETAPAN"
    PERESMIAN = "PERESMIAN"


class OfficeKind(StrEnum):
    BUPATI = "BUPATI"
    WALI_KOTA = "WALI_KOTA"
    CAMAT = "CAMAT"


class AlertKind(StrEnum):
    VILLAGE_ELIGIBLE = "VILLAGE_ELIGIBLE"
    VILLAGE_DESIGNATED = "VILLAGE_DESIGNATED"
    CEREMONY_INVITE = "CEREMONY_INVITE"
    STATUS_AT_RISK = "STATUS_AT_RISK"
    STATUS_LOST = "STATUS_LOST"
    STATUS_RESTORED = "STATUS_RESTORED"
    OFFICIALS_UNREGISTERED = "OFFICIALS_UNREGISTERED"
    HEAD_CHANGED = "HEAD_CHANGED"


class DeliveryState(StrEnum):
    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    UNKNOWN = "unknown"
    FAILED = "failed"
    SUPPRESSED = "suppressed"
