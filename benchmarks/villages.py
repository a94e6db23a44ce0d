"""A part of the country, loaded as the registry loads all of it."""

from __future__ import annotations

from dataclasses import replace

from common.clock import Clock
from common.database import Database
from common.ids import Ids
from common.outbox import Outbox
from registry.areas.edition import read_edition
from registry.areas.load import load_areas


async def know_villages(work_url: str, count: int) -> list[str]:
    """Load `count` desa of Jawa Tengah; their keys."""
    edition = read_edition()
    some = [v for v in edition.villages if v.village_key.startswith("33.") and v.kind == "DESA"]
    some = some[:count]
    database = await Database.open(work_url, name="bench", size=1)
    try:
        await load_areas(
            database, Outbox(clock=Clock(), ids=Ids()), replace(edition, villages=some)
        )
    finally:
        await database.close()
    return [village.village_key for village in some]
