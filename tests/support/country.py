"""The whole country in eligibility's database: every village of the area data, each with a status.

Statuses follow from the place in the list, so that every run has the same ones.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import asyncpg
import msgspec
from common.events.words import WorkerSource
from eligibility.domain.facts import SosialisasiHeld
from registry.areas.edition import read_edition

AREA = (
    *("village_key", "village_code", "name", "kind", "kecamatan_code", "kecamatan_name"),
    *("regency_code", "regency_name", "regency_kind", "province_code", "province_name"),
    "time_zone",
)
STATUS = (
    *("persons", "eligibility", "stage", "title", "standing", "lacking", "since"),
    *("failing_since", "grace_ends"),
)
SINCE = date(2026, 3, 2)
GRACE_ENDS = date(2026, 12, 1)
MIXED: Sequence[tuple[str, str, str, str, int | None]] = (
    ("ELIGIBLE", "MEMENUHI_SYARAT", "DITETAPKAN", "BAIK", 0),
    ("NOT_ELIGIBLE", "SOSIALISASI", "DIRESMIKAN", "TERANCAM", 1),
    ("ELIGIBLE", "MEMENUHI_SYARAT", "DICANANGKAN", "NONE", 0),
    ("NOT_ELIGIBLE", "CALON", "NONE", "NONE", 2),
    ("NOT_ELIGIBLE", "TERDAFTAR", "DICANANGKAN", "NONE", 5),
    ("CANNOT_DECIDE", "TERDAFTAR", "NONE", "NONE", None),
    ("NOT_ELIGIBLE", "SOSIALISASI", "DITETAPKAN", "DITANGGUHKAN", 3),
    ("NOT_ELIGIBLE", "SOSIALISASI", "NONE", "DICABUT", 4),
    ("ELIGIBLE", "MEMENUHI_SYARAT", "DIRESMIKAN", "BAIK", 0),
)
"""eligibility, stage, title, standing, lacking"""
NOTHING = ("CANNOT_DECIDE", "NONE", "NONE", "NONE", None)
BEGUN = 3
"""In so many of ten villages the programme has begun."""
FIRST_DECISION = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
SOURCE = WorkerSource.VILLAGE_DATA.value
BEFORE = '{"eligibility":"CANNOT_DECIDE","stage":"NONE","title":"NONE","standing":"NONE"}'


async def fill_country(owner_url: str, *, provinces: Sequence[str] = ()) -> int:
    """Write the villages; of each that has begun an entry of the log, a sosialisasi, its workers.

    How many villages. `provinces`: of these only.
    """
    villages = [
        v for v in read_edition().villages if not provinces or v.village_key[:2] in provinces
    ]
    connection = await asyncpg.connect(owner_url, timeout=10)
    try:
        await connection.copy_records_to_table(
            "villages",
            columns=[*AREA, *STATUS],
            records=(
                (*(getattr(v, name) for name in AREA), *_status(n)) for n, v in enumerate(villages)
            ),
        )
        await connection.copy_records_to_table(
            "decisions",
            columns=[
                *("decision_id", "village_key", "decided_at", "effective_on", "previous"),
                *("current", "reasons", "flagged", "inputs", "newest_input_time", "origin"),
            ],
            records=_decisions([v.village_key for v in villages]),
        )
        await connection.copy_records_to_table(
            "facts",
            columns=[
                *("village_key", "id", "recorded_at", "effective_on", "origin", "type", "data"),
            ],
            records=_sosialisasi([v.village_key for v in villages]),
        )
        await connection.copy_records_to_table(
            "worker_counts",
            columns=[
                *("village_key", "count_id", "effective_on", "recorded_at", "total", "pu", "bpu"),
                "source",
            ],
            records=_workers([v.village_key for v in villages]),
        )
        await connection.execute("ANALYZE")
    finally:
        await connection.close()
    return len(villages)


def decision_id(at: datetime, number: int) -> UUID:
    """A UUIDv7 of a moment."""
    milliseconds = int(at.timestamp() * 1000)
    return UUID(int=milliseconds << 80 | 0x7 << 76 | 0b10 << 62 | number)


def _status(number: int) -> tuple[object, ...]:
    if number % 10 >= BEGUN:
        return (0, *NOTHING, None, None, None)
    *face, lacking = MIXED[number // 10 % len(MIXED)]
    failing = face[3] == "TERANCAM"
    return (
        *(100 + number % 900, *face, lacking, SINCE),
        SINCE + timedelta(days=number % 90) if failing else None,
        GRACE_ENDS + timedelta(days=number % 90) if failing else None,
    )


def _decisions(keys: Sequence[str]) -> Iterator[tuple[object, ...]]:
    for number, key in enumerate(keys):
        if number % 10 >= BEGUN:
            continue
        at = FIRST_DECISION + timedelta(seconds=number)
        _, *face, _ = _status(number)[:6]
        names = ("eligibility", "stage", "title", "standing")
        current = json.dumps(dict(zip(names, face, strict=True)))
        yield (
            *(decision_id(at, number), key, at, SINCE, BEFORE, current),
            *("[]", False, [], at, "LIVE"),
        )


def _workers(keys: Sequence[str]) -> Iterator[tuple[object, ...]]:
    for number, key in enumerate(keys):
        if number % 10 < BEGUN:
            total = 1_200 + number % 1_700
            yield key, UUID(int=number), SINCE, FIRST_DECISION, total, 200, total - 200, SOURCE


def _sosialisasi(keys: Sequence[str]) -> Iterator[tuple[object, ...]]:
    for number, key in enumerate(keys):
        if number % 10 >= BEGUN:
            continue
        at = FIRST_DECISION + timedelta(seconds=number)
        fact = SosialisasiHeld(
            effective_on=SINCE, recorded_at=at, id=decision_id(at, number + len(keys))
        )
        data = msgspec.json.encode(fact).decode()
        yield key, fact.id, at, SINCE, "LIVE", "sosialisasi_held", data
