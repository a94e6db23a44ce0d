"""Office holders from a CSV file: kind, area, holder, email, from (and acting, to)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from common.events.words import OfficeKind
from common.redaction import mask

from notifications.domain.offices import ImpossibleOffice, Office
from notifications.domain.terms import EARLIEST, Appointment
from notifications.settings import EMAIL

REQUIRED = ("kind", "area", "holder", "email", "from")
OPTIONAL = ("acting", "to")
MAX_BYTES = 10 * 1024 * 1024
MAX_ROWS = 50_000
MAX_NAME = 200
MAX_EMAIL = 254
SHOWN = 50

_EMAIL = re.compile(EMAIL)
_YES = {"ya": True, "true": True, "1": True, "": False, "tidak": False, "false": False, "0": False}


class ImportRefused(Exception):
    """The file has errors; nothing of it was taken over."""

    def __init__(self, errors: list[str]) -> None:
        shown = errors[:SHOWN]
        if len(errors) > SHOWN:
            shown.append(f"… dan {len(errors) - SHOWN} kesalahan lain")
        super().__init__("\n".join(shown))
        self.errors = errors


def read_appointments(file: Path) -> list[Appointment]:
    """The file's rows, all of them or none; raises ImportRefused with every line that is wrong."""
    if file.stat().st_size > MAX_BYTES:
        raise ImportRefused([f"{file.name}: berkas melebihi {MAX_BYTES} bita; bagilah berkas ini"])
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ImportRefused([f"{file.name}: simpan berkas dalam pengodean UTF-8"]) from None
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True, restkey="")
    missing = [name for name in REQUIRED if name not in (reader.fieldnames or ())]
    if missing:
        raise ImportRefused([f"baris 1: kolom {', '.join(missing)} tidak ada"])
    appointments, errors = [], []
    try:
        for row in reader:
            try:
                appointments.append(_appointment(row))
            except ValueError as error:
                errors.append(f"baris {reader.line_num}: {error}")
    except csv.Error as error:
        errors.append(f"baris {reader.reader.line_num}: bentuk CSV tidak sah ({error})")
    if len(appointments) > MAX_ROWS:
        errors.append(f"{file.name}: lebih dari {MAX_ROWS} baris; bagilah berkas ini")
    if errors:
        raise ImportRefused(errors)
    return appointments


def _appointment(row: Mapping[str, str | None]) -> Appointment:
    """One row; raises ValueError with the column and what to do."""
    cell = {name: (row.get(name) or "").strip() for name in (*REQUIRED, *OPTIONAL)}
    if cell["kind"] not in OfficeKind.__members__:
        raise ValueError(f"kolom kind: pilih {', '.join(OfficeKind)}")
    try:
        office = Office(OfficeKind(cell["kind"]), cell["area"])
    except ImpossibleOffice as error:
        raise ValueError(f"kolom area: {error}") from None
    if not 0 < len(cell["holder"]) <= MAX_NAME or not cell["holder"].isprintable():
        raise ValueError(f"kolom holder: isi nama pejabat, paling banyak {MAX_NAME} huruf")
    if "[nik]" in mask(cell["holder"]):
        raise ValueError("kolom holder: jangan menulis NIK; hapus deret 16 angka itu")
    email = cell["email"]
    if email and (len(email) > MAX_EMAIL or not _EMAIL.fullmatch(email)):
        raise ValueError("kolom email: bukan alamat surel; contoh camat@sragi.example")
    if cell["acting"].lower() not in _YES:
        raise ValueError("kolom acting: isi ya atau tidak")
    begins = _day(cell["from"], "from")
    ends = _day(cell["to"], "to") if cell["to"] else None
    if ends is not None and ends <= begins:
        raise ValueError("kolom to: harus setelah kolom from")
    return Appointment(
        office, cell["holder"], begins, ends, _YES[cell["acting"].lower()], email or None
    )


def _day(text: str, column: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"kolom {column}: tulis tanggal sebagai 2026-11-20") from None
    if day < EARLIEST:
        raise ValueError(f"kolom {column}: {day} mendahului {EARLIEST}; periksa tahunnya")
    return day
