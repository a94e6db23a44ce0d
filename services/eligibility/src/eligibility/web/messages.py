"""Messages as a page tells them: to which office, about what, and how each ended."""

from __future__ import annotations

from collections.abc import Mapping

from common.events.words import AlertKind, DeliveryState, OfficeKind

from eligibility.storage.messages import Message
from eligibility.web.words import Tone, Word

ABOUT: Mapping[str, str] = {
    AlertKind.VILLAGE_ELIGIBLE: "Desa memenuhi syarat",
    AlertKind.VILLAGE_DESIGNATED: "Desa ditetapkan",
    AlertKind.STATUS_AT_RISK: "Gelar desa terancam",
    AlertKind.CEREMONY_INVITE: "Undangan acara",
    AlertKind.STATUS_LOST: "Gelar desa ditangguhkan atau dicabut",
    AlertKind.STATUS_RESTORED: "Gelar desa pulih",
    AlertKind.OFFICIALS_UNREGISTERED: "Perangkat desa belum terdaftar",
    AlertKind.HEAD_CHANGED: "Pergantian kepala desa",
}
STATES: Mapping[str, Word] = {
    DeliveryState.WAITING: Word("Menunggu dikirim", Tone.UNKNOWN),
    DeliveryState.SENDING: Word("Sedang dikirim", Tone.UNKNOWN),
    DeliveryState.SENT: Word("Terkirim", Tone.GOOD),
    DeliveryState.UNKNOWN: Word("Belum pasti terkirim", Tone.UNKNOWN),
    DeliveryState.FAILED: Word("Gagal terkirim", Tone.BAD),
    DeliveryState.SUPPRESSED: Word("Tidak perlu dikirim", Tone.PLAIN),
}
OFFICES: Mapping[str, str] = {
    OfficeKind.BUPATI: "Bupati",
    OfficeKind.WALI_KOTA: "Wali Kota",
    OfficeKind.CAMAT: "Camat",
}


def about_of(message: Message) -> str:
    return ABOUT.get(message.alert_kind) or _plain(message.alert_kind)


def state_of(message: Message) -> Word:
    return STATES.get(message.state) or Word(_plain(message.state), Tone.UNKNOWN)


def office_of(message: Message, place: Mapping[str, str]) -> str:
    """`Bupati Pekalongan`, `Camat Sragi`: an office by its area, never who holds it."""
    office = OFFICES.get(message.office_kind) or _plain(message.office_kind)
    areas = {
        place["village_code"]: place["name"],
        place["kecamatan_code"]: place["kecamatan_name"],
        place["regency_code"]: place["regency_name"],
        place["province_code"]: place["province_name"],
    }
    return f"{office} {areas.get(message.office_area, message.office_area)}"


def _plain(code: str) -> str:
    """A word of a later release, as well as it can be read."""
    return code.replace("_", " ").capitalize()
