"""The structure of a NIK: the impossible is refused, the odd is warned of, nothing is echoed.

Sixteen digits: province, regency and kecamatan of the first registration, the birth date as DDMMYY
(day + 40 for women) and a serial from 0001. It never changes, not even when the date is wrong, so
it never says where a person lives now (UU 23/2006 Art. 13; PP 37/2007 Art. 37).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from registry.domain.areas import TIME_ZONES
from registry.domain.refusals import NikImpossible

RESERVED_PREFIX = "99"
"""No province has it: synthetic people of demos and tests."""

_SIXTEEN_DIGITS = re.compile(r"\d{16}", re.ASCII)
_WOMEN = 40
_LAST_DAY = 31
_LAST_MONTH = 12


@dataclass(frozen=True, slots=True)
class Warned:
    """Something odd that was accepted; a person should look at it."""

    code: str
    field: str
    message: str


@dataclass(frozen=True, slots=True, repr=False)
class Nik:
    """A NIK of possible structure."""

    digits: str

    def __repr__(self) -> str:
        return f"Nik({self.masked})"

    @property
    def masked(self) -> str:
        """How it is shown: kecamatan of first registration and the last two digits."""
        return f"{self.digits[:6]}{'•' * 8}{self.digits[-2:]}"

    def birth_date(self, on: date) -> date | None:
        """The birth date in it, the last one by `on`; None if there is no such day."""
        day, month, year = (int(self.digits[start : start + 2]) for start in (6, 8, 10))
        day -= _WOMEN if day > _LAST_DAY else 0
        try:
            born = date(2000 + year, month, day)
            return born if born <= on else date(1900 + year, month, day)
        except ValueError:
            return None


def parse_nik(text: str, *, demo: bool) -> Nik:
    """A NIK of possible structure; prefix 99 only where `demo` allows it; raises NikImpossible."""
    if _SIXTEEN_DIGITS.fullmatch(text) is None:
        raise NikImpossible("NIK harus tepat 16 angka, tanpa spasi, titik atau huruf.")
    day, month, serial = int(text[6:8]), int(text[8:10]), text[12:]
    if not (1 <= day <= _LAST_DAY or 1 <= day - _WOMEN <= _LAST_DAY):
        raise NikImpossible("Angka ke-7 dan ke-8 NIK (tanggal lahir) harus 01-31 atau 41-71.")
    if not 1 <= month <= _LAST_MONTH:
        raise NikImpossible("Angka ke-9 dan ke-10 NIK (bulan lahir) harus 01-12.")
    if serial == "0000":
        raise NikImpossible("Empat angka terakhir NIK (nomor urut) tidak boleh 0000.")
    if text.startswith(RESERVED_PREFIX) and not demo:
        raise NikImpossible(
            "NIK berawalan 99 hanya untuk data contoh; masukkan NIK dari KTP elektronik."
        )
    return Nik(text)


def odd_parts(nik: Nik, *, village_code: str, born: date | None, on: date) -> tuple[Warned, ...]:
    """What is odd about a NIK for somebody of this village; `born` is the date on the form."""
    warnings = []
    if nik.digits[:2] not in TIME_ZONES:
        warnings.append(
            Warned("nik-province-unknown", "nik", "Dua angka pertama NIK bukan kode provinsi.")
        )
    elif nik.digits[:6] != village_code.replace(".", "")[:6]:
        warnings.append(
            Warned(
                "nik-prefix-differs",
                "nik",
                "NIK pertama kali diterbitkan di kecamatan lain; periksa bila tidak pindah.",
            )
        )
    from_nik = nik.birth_date(on)
    if from_nik is None:
        warnings.append(
            Warned("nik-birth-date-odd", "nik", "Tanggal lahir dalam NIK tidak ada di kalender.")
        )
    elif born is not None and born != from_nik:
        warnings.append(
            Warned(
                "nik-birth-date-differs", "birth_date", "Tanggal lahir berbeda dari yang di NIK."
            )
        )
    return tuple(warnings)
