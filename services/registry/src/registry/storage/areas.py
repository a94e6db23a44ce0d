"""Villages in their places: by key, by code, by name."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Protocol

from asyncpg import Record
from common.database import Connection
from common.events.words import RegencyKind, TimeZone, VillageKind
from common.outbox import VillageLocks, lock_villages

from registry.domain.areas import Area, Village, is_area
from registry.domain.lookup import VillageName
from registry.domain.refusals import AreaUnknown, VillageClosed, VillageUnknown
from registry.storage.queries import SQL


class Edition(Protocol):
    """What is kept of an edition besides its areas."""

    @property
    def name(self) -> str: ...
    @property
    def effective_on(self) -> date: ...


async def key_of(
    connection: Connection, code: str, field: str | None = None, *, closed: bool = True
) -> str:
    """The village_key of the village with this code; raises VillageUnknown.

    Raises VillageClosed for one that is part of another, unless `closed` ones are asked for too.
    """
    row = await connection.fetchrow(SQL["village_key"], code)
    if row is None:
        raise VillageUnknown(
            f"Desa dengan kode {code} tidak ada dalam data wilayah; cari di GET /areas/villages.",
            field=field,
        )
    if not closed:
        check_open(row["merged_into"], field)
    return str(row["village_key"])


def check_open(merged_into: str | None, field: str | None = None) -> None:
    """Raise VillageClosed for a village that is part of another."""
    if merged_into:
        raise VillageClosed(
            f"Desa ini sudah bergabung ke {merged_into}; catat pada desa itu.", field=field
        )


async def lock(connection: Connection, keys: Iterable[str]) -> VillageLocks:
    """The deed's locks: of villages in key order, or of areas; a deed has never both."""
    keys = set(keys)
    statement = "lock_areas" if any(map(is_area, keys)) else "lock_villages"
    return await lock_villages(connection, keys, SQL[statement])


async def area(connection: Connection, code: str) -> Area:
    """A province or a regency; raises AreaUnknown."""
    row = await connection.fetchrow(SQL["area"], code)
    if row is None:
        raise AreaUnknown(f"Provinsi atau kabupaten/kota dengan kode {code} tidak ada.")
    kind = row["kind"] and RegencyKind(row["kind"])
    return Area(row["area_code"], kind, TimeZone(row["time_zone"]))


async def villages(connection: Connection, keys: Iterable[str]) -> dict[str, Village]:
    """Villages by key, in the order of their keys."""
    rows = await connection.fetch(SQL["villages"], list(keys))
    return {village.village_key: village for village in sorted(map(_village, rows), key=_key)}


async def open_villages(connection: Connection) -> list[Village]:
    """All villages of today."""
    return [_village(row) for row in await connection.fetch(SQL["open_villages"])]


async def former_codes(connection: Connection) -> dict[str, str]:
    """Codes that villages had before, and the codes of closed ones, with the village's key."""
    rows = await connection.fetch(SQL["former_codes"])
    return {row["village_code"]: row["village_key"] for row in rows}


async def find(connection: Connection, name: VillageName, limit: int) -> list[Village]:
    """Villages of that name within the regency and kecamatan named."""
    keys = await connection.fetch(
        SQL["find_villages"],
        list(name.names),
        name.kecamatan_code,
        list(name.kecamatan) if name.kecamatan else None,
        name.regency_code,
        name.regency,
        name.regency_bare,
        [kind.value for kind in name.regency_kinds],
        limit,
    )
    return list((await villages(connection, [row["village_key"] for row in keys])).values())


async def note_edition(connection: Connection, loaded: Edition) -> None:
    """Keep that an edition is loaded; the second time it stays as it is."""
    await connection.execute(SQL["note_edition"], loaded.name, loaded.effective_on)


async def present_edition(connection: Connection) -> tuple[str, date] | None:
    """Name and day of the latest edition that is loaded."""
    row = await connection.fetchrow(SQL["present_edition"])
    return None if row is None else (row["name"], row["effective_on"])


async def counts(connection: Connection) -> dict[str, int]:
    """How many provinces, regencies, kecamatan and villages are known."""
    return dict(await connection.fetchrow(SQL["count_areas"]) or {})


def _key(village: Village) -> str:
    return village.village_key


def _village(row: Record) -> Village:
    return Village(
        village_key=row["village_key"],
        village_code=row["village_code"],
        name=row["name"],
        kind=VillageKind(row["kind"]),
        kecamatan_code=row["kecamatan_code"],
        kecamatan_name=row["kecamatan_name"],
        regency_code=row["regency_code"],
        regency_name=row["regency_name"],
        regency_kind=RegencyKind(row["regency_kind"]),
        province_code=row["province_code"],
        province_name=row["province_name"],
        time_zone=TimeZone(row["time_zone"]),
        merged_into=row["merged_into"],
    )
