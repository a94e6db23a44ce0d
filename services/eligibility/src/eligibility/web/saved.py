"""What the village's page says after a form was saved; the address carries codes, never text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

SAVED: Mapping[str, str] = {
    "susunan": "Tersimpan: susunan jabatan.",
    "pejabat": "Tersimpan: pejabat.",
    "kepesertaan": "Tersimpan: kepesertaan dan iuran pertamanya.",
    "sosialisasi": "Tersimpan: sosialisasi.",
    "tindakan": "Tersimpan: tindakan atas gelar desa.",
}
"""By the path of the form."""
WARNINGS: Mapping[str, str] = {
    "nik-province-unknown": "dua angka pertama NIK bukan kode provinsi",
    "nik-prefix-differs": "NIK diterbitkan di kecamatan lain",
    "nik-birth-date-odd": "tanggal lahir dalam NIK tidak ada di kalender",
    "nik-birth-date-differs": "tanggal lahir berbeda dari yang di NIK",
    "posts-unusual": "jumlah jabatan di luar kebiasaan",
}
"""By the registry's codes; a code of a later release is passed over."""


@dataclass(frozen=True, slots=True)
class Saved:
    """That it is recorded, and what the registry found odd about it."""

    text: str
    odd: Sequence[str]


def address_of(code: str, form: str, warnings: Sequence[str]) -> str:
    """The village's page with what was saved."""
    asked = [("tersimpan", form), *(("periksa", one) for one in warnings if one in WARNINGS)]
    return f"/desa/{code}?{urlencode(asked)}"


def saved_of(asked: QueryParams) -> Saved | None:
    """What an address says was saved; None for the plain address and for unknown words."""
    text = SAVED.get(asked.get("tersimpan", ""))
    given = set(asked.getlist("periksa"))
    return Saved(text, [WARNINGS[one] for one in WARNINGS if one in given]) if text else None
