"""The CSV file of office holders: every wrong line is named, in Bahasa Indonesia."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from common.events.words import OfficeKind
from inline_snapshot import snapshot
from notifications.domain.offices import Office
from notifications.domain.terms import Appointment
from notifications.imports import ImportRefused, read_appointments

HEADER = "kind,area,holder,email,from,to,acting\n"


def written(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    file = folder / "pejabat.csv"
    file.write_text(text, encoding=encoding)
    return file


def refused(folder: Path, text: str) -> list[str]:
    with pytest.raises(ImportRefused) as caught:
        read_appointments(written(folder, text))
    return caught.value.errors


def test_a_good_file(tmp_path: Path):
    """With a byte-order mark, as spreadsheets write it; to, acting and email may be empty."""
    text = (
        HEADER
        + 'CAMAT,33.26.12,"Budi, S.Sos",camat@sragi.example,2025-02-20,2026-01-01,ya\n'
        + "BUPATI,33.26,Siti,,2025-02-20,,\n"
    )
    camat = Office(OfficeKind.CAMAT, "33.26.12")
    bupati = Office(OfficeKind.BUPATI, "33.26")
    begins, ends = date(2025, 2, 20), date(2026, 1, 1)

    assert [
        Appointment(camat, "Budi, S.Sos", begins, ends, True, "camat@sragi.example"),
        Appointment(bupati, "Siti", begins),
    ] == read_appointments(written(tmp_path, text, "utf-8-sig"))


def test_every_wrong_line_is_named(tmp_path: Path):
    """Line, column, and what to do."""
    text = (
        HEADER
        + "GUBERNUR,33,A,a@b.example,2025-02-20,,\n"
        + "CAMAT,33.26,B,a@b.example,2025-02-20,,\n"
        + "BUPATI,33.75,C,a@b.example,2025-02-20,,\n"
        + "CAMAT,33.26.12,,a@b.example,2025-02-20,,\n"
        + "CAMAT,33.26.12,D,bukan surel,2025-02-20,,\n"
        + "CAMAT,33.26.12,E,a@b.example,20/02/2025,,\n"
        + "CAMAT,33.26.12,F,a@b.example,2025-02-20,2025-02-20,\n"
        + "CAMAT,33.26.12,G,a@b.example,2025-02-20,,mungkin\n"
    )
    assert refused(tmp_path, text) == snapshot(
        [
            "baris 2: kolom kind: pilih BUPATI, WALI_KOTA, CAMAT",
            "baris 3: kolom area: Kode wilayah '33.26' bukan wilayah CAMAT; contoh: 33.26.12.",
            "baris 4: kolom area: Wilayah 33.75 dipimpin oleh WALI_KOTA.",
            "baris 5: kolom holder: isi nama pejabat, paling banyak 200 huruf",
            "baris 6: kolom email: bukan alamat surel; contoh camat@sragi.example",
            "baris 7: kolom from: tulis tanggal sebagai 2026-11-20",
            "baris 8: kolom to: harus setelah kolom from",
            "baris 9: kolom acting: isi ya atau tidak",
        ]
    )


def test_a_file_without_its_columns(tmp_path: Path):
    """The header says what is missing."""
    assert refused(tmp_path, "kind,area\n") == snapshot(
        ["baris 1: kolom holder, email, from tidak ada"]
    )


def test_a_broken_quote(tmp_path: Path):
    """A quote that is never closed is no reason for a traceback."""
    assert refused(tmp_path, HEADER + 'CAMAT,33.26.12,"Budi,a@b.example\n') == snapshot(
        ["baris 2: bentuk CSV tidak sah (unexpected end of data)"]
    )


def test_a_file_in_another_encoding(tmp_path: Path):
    """Only UTF-8."""
    with pytest.raises(ImportRefused, match="UTF-8"):
        read_appointments(
            written(tmp_path, HEADER + "CAMAT,33.26.12,Renée,,2025-02-20,,\n", "latin1")
        )
