"""Loading an edition: set-based, in chunks that each commit, and nothing the second time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from uuid import UUID, uuid5

from common.database import Connection, Database
from common.events.envelope import Origin
from common.outbox import Draft, Outbox

from registry.areas.edition import Edition
from registry.domain.areas import TIME_ZONES, Village, regency_kind, search_name
from registry.storage import areas
from registry.storage.queries import SQL

CHUNK = 5_000
"""Villages of one transaction: a load that was cut goes on behind the last one that committed."""

_BATCHES = UUID("5f7c9d0e-2b61-4c1e-9a55-0f6f0d9e7a11")

COLUMNS = ("village_key", "village_code", "kecamatan_code", "kind", "name", "search_name")


async def load_areas(
    database: Database,
    outbox: Outbox,
    loaded: Edition,
    progress: Callable[[int], None] = lambda _: None,
) -> int:
    """Add what is not known yet, and tell the topics; the number of villages that were added.

    `progress` hears after each transaction how many villages it went through.
    """
    async with database.transaction() as connection:
        await add_upper_levels(connection, loaded)
    added = 0
    for chunk in _chunks(loaded.villages):
        async with database.transaction() as connection:
            added += await add_villages(connection, outbox, loaded, chunk)
        progress(len(chunk))
    async with database.transaction() as connection:
        await areas.note_edition(connection, loaded)
    return added


async def add_upper_levels(connection: Connection, loaded: Edition) -> None:
    """Provinces, regencies and kecamatan that are not known."""
    zones = [TIME_ZONES[code] for code in loaded.provinces]
    await connection.execute(
        SQL["add_provinces"], list(loaded.provinces), list(loaded.provinces.values()), zones
    )
    kinds, names = zip(*map(regency_kind, loaded.regencies.values()), strict=True)
    await connection.execute(
        SQL["add_regencies"],
        list(loaded.regencies),
        [code[:2] for code in loaded.regencies],
        kinds,
        names,
        list(map(search_name, names)),
    )
    await connection.execute(
        SQL["add_kecamatan"],
        list(loaded.kecamatan),
        [code[:5] for code in loaded.kecamatan],
        list(loaded.kecamatan.values()),
        list(map(search_name, loaded.kecamatan.values())),
    )


async def add_villages(
    connection: Connection, outbox: Outbox, loaded: Edition, chunk: Sequence[Village]
) -> int:
    """Villages whose key is not known, each with its event; how many."""
    await connection.execute(SQL["lock_area_load"])
    keys = [village.village_key for village in chunk]
    rows = await connection.fetch(SQL["known_villages"], keys)
    known = {row["village_key"] for row in rows}
    new = [village for village in chunk if village.village_key not in known]
    if not new:
        return 0
    await connection.copy_records_to_table(
        "villages",
        columns=COLUMNS,
        records=[
            (
                village.village_key,
                village.village_code,
                village.kecamatan_code,
                village.kind.value,
                village.name,
                search_name(village.name),
            )
            for village in new
        ],
    )
    locks = await areas.lock(connection, [village.village_key for village in new])
    batch = batch_of(loaded)
    drafts = [
        Draft(
            village.village_key,
            village.known(loaded.effective_on, loaded.name),
            Origin.IMPORT,
            batch,
        )
        for village in new
    ]
    await outbox.append(connection, locks, drafts)
    return len(new)


def batch_of(loaded: Edition) -> UUID:
    """The batch of all events of an edition, the same however often it is loaded."""
    return uuid5(_BATCHES, loaded.name)


def _chunks(villages: Sequence[Village]) -> Iterator[Sequence[Village]]:
    for start in range(0, len(villages), CHUNK):
        yield villages[start : start + CHUNK]
