"""An invented newer edition, as the files that an operator would have."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from registry.areas.edition import Edition

NEWER = {"name": "Kepmendagri Uji Tahun 2025", "effective_on": "2025-10-01"}


@dataclass
class Files:
    """The files of an edition, line by line, to be written with changes."""

    provinces: dict[str, str]
    regencies: dict[str, str]
    kecamatan: dict[str, str]
    villages: dict[str, str] = field(default_factory=dict)
    about: Mapping[str, str] = field(default_factory=lambda: dict(NEWER))

    @classmethod
    def of(cls, edition: Edition) -> Files:
        villages = {one.village_code: one.name for one in edition.villages}
        levels = (edition.provinces, edition.regencies, edition.kecamatan)
        return cls(*(dict(level) for level in levels), villages)

    def write(self, folder: Path) -> Path:
        folder.mkdir(exist_ok=True)
        for file, parent, level in (
            ("provinces.csv", "", self.provinces),
            ("regencies.csv", "province_code", self.regencies),
            ("districts.csv", "regency_code", self.kecamatan),
            ("villages.csv", "district_code", self.villages),
        ):
            columns = ["code", *([parent] if parent else []), "name"]
            rows = [
                [code, *([code.rpartition(".")[0]] if parent else []), name]
                for code, name in level.items()
            ]
            with (folder / file).open("w", encoding="utf-8", newline="") as opened:
                csv.writer(opened).writerows([columns, *rows])
        (folder / "edition.json").write_text(json.dumps(self.about), "utf-8")
        return folder
