"""An edition from a folder: its four CSV files and edition.json.

The CSV files are those of idn-area-data: provinces, regencies, districts and villages;
`edition.json` says which edition they are:
`{"name": "Kepmendagri 1 Tahun 2026", "effective_on": "2026-06-01"}`.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Final

from common.events.registry import EditionName
from pydantic import BaseModel, ConfigDict, ValidationError

from registry.areas.edition import Edition, village_in
from registry.domain.areas import TIME_ZONES, regency_kind

MAX_BYTES: Final = 64 * 1024 * 1024
MAX_ROWS: Final = 200_000
MAX_NAME: Final = 100
MAX_WRONG: Final = 20
"""Lines that a refusal names."""
FILES: Final = {
    "provinces.csv": (re.compile(r"[1-9]\d", re.ASCII), ("code", "name"), None),
    "regencies.csv": (
        re.compile(r"[1-9]\d\.\d{2}", re.ASCII),
        ("code", "province_code", "name"),
        "provinces.csv",
    ),
    "districts.csv": (
        re.compile(r"[1-9]\d\.\d{2}\.\d{2}", re.ASCII),
        ("code", "regency_code", "name"),
        "regencies.csv",
    ),
    "villages.csv": (
        re.compile(r"[1-9]\d\.\d{2}\.\d{2}\.[123]\d{3}", re.ASCII),
        ("code", "district_code", "name"),
        "districts.csv",
    ),
}
"""Of each file: how its codes look, its columns, and where the parents stand."""


class EditionRefused(Exception):
    """The files cannot be an edition; `wrong` says what, where, and what to do."""

    def __init__(self, wrong: list[str]) -> None:
        super().__init__(f"{len(wrong)} faults")
        self.wrong = wrong


class About(BaseModel):
    """What `edition.json` says."""

    model_config = ConfigDict(extra="ignore")

    name: EditionName
    effective_on: date


def read_folder(folder: Path) -> Edition:
    """Read and check an edition; raises EditionRefused with every fault found first."""
    if folder.is_file():
        raise EditionRefused(
            [f"{folder} is a file; name the folder with edition.json and {', '.join(FILES)}"]
        )
    about = _about(folder / "edition.json")
    wrong: list[str] = []
    levels: dict[str, dict[str, str]] = {}
    for file, (_, _, parents) in FILES.items():
        known = levels[parents] if parents else None
        levels[file] = dict(_areas(folder / file, known, wrong))
    provinces, regencies, kecamatan, villages = levels.values()
    wrong += [
        f"provinces.csv: {code} has no time zone here; add it to TIME_ZONES in domain/areas.py"
        for code in provinces
        if code not in TIME_ZONES
    ]
    wrong += [
        f"regencies.csv: {code} {name!r} does not begin with its kind, such as Kabupaten or Kota"
        for code, name in regencies.items()
        if regency_kind(name)[0] is None
    ]
    if wrong:
        raise EditionRefused(wrong[:MAX_WRONG])
    found = (
        village_in(code, name, provinces, regencies, kecamatan) for code, name in villages.items()
    )
    ordered = tuple(sorted(found, key=lambda village: village.village_code))
    return Edition(provinces, regencies, kecamatan, ordered, about.name, about.effective_on)


def _about(file: Path) -> About:
    example = '{"name": "Kepmendagri 1 Tahun 2026", "effective_on": "2026-06-01"}'
    try:
        return About.model_validate_json(text_of(file))
    except ValidationError as error:
        where = ".".join(map(str, error.errors()[0]["loc"])) or "the file"
        raise EditionRefused(
            [f"{file.name}: {where}: {error.errors()[0]['msg']}; write it like {example}"]
        ) from None


def text_of(file: Path) -> str:
    """The file's text; raises EditionRefused."""
    if not file.is_file():
        raise EditionRefused([f"{file.name} is missing in {file.parent}"])
    if file.stat().st_size > MAX_BYTES:
        raise EditionRefused([f"{file.name} is larger than {MAX_BYTES} bytes"])
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise EditionRefused([f"{file.name} is not UTF-8 at byte {error.start}"]) from None


def lines_of(name: str, text: str) -> Iterator[list[str]]:
    """The cells of each line of a CSV file; raises EditionRefused."""
    try:
        yield from csv.reader(text.splitlines())
    except csv.Error as error:
        raise EditionRefused([f"{name}: {error}"]) from None


def _areas(
    file: Path, parents: dict[str, str] | None, wrong: list[str]
) -> Iterator[tuple[str, str]]:
    """Code and name of each line; what is wrong is noted and passed over."""
    pattern, columns, _ = FILES[file.name]
    rows = lines_of(file.name, text_of(file))
    if (header := tuple(next(rows, []))) != columns:
        raise EditionRefused(
            [f"{file.name}: the first line is {','.join(header)!r}, not {','.join(columns)!r}"]
        )
    seen: set[str] = set()
    for line, row in enumerate(rows, start=2):
        if line > MAX_ROWS or len(wrong) >= MAX_WRONG:
            raise EditionRefused([*wrong, f"{file.name}:{line}: not read further"])
        code, name = (row[0], row[-1].strip()) if len(row) == len(columns) else ("", "")
        fault = _fault(code, name, row, pattern, parents)
        if fault is None and code in seen:
            fault = f"{code} stands here a second time"
        if fault is not None:
            wrong.append(f"{file.name}:{line}: {fault}")
            continue
        seen.add(code)
        yield code, name


def _fault(
    code: str, name: str, row: list[str], pattern: re.Pattern[str], parents: dict[str, str] | None
) -> str | None:
    if not pattern.fullmatch(code):
        return f"{row[0] if row else ''!r} is no code of this level, or the columns do not fit"
    if not 0 < len(name) <= MAX_NAME or not name.isprintable():
        return f"{code} has no name of 1 to {MAX_NAME} printable characters"
    if parents is not None and code.rpartition(".")[0] not in parents:
        return f"{code} lies in {code.rpartition('.')[0]}, which is in no file"
    if parents is not None and row[1] != code.rpartition(".")[0]:
        return f"{code} says that it lies in {row[1]!r}"
    return None
