"""What is counted of the ledger, and what is deleted from it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from common.database import Connection
from common.events.words import DeliveryState

from notifications.domain.deliveries import WaitsFor
from notifications.storage import NEWS, QUERIES

KEPT = timedelta(days=5 * 365)
"""How long it can be shown what an office was told, and who held it."""
PURGE_BATCH = 1000


@dataclass(frozen=True, slots=True)
class Tally:
    """The ledger in numbers."""

    by_state: dict[DeliveryState, int]
    by_lack: dict[WaitsFor, int]
    oldest_due: datetime | None


async def tally(connection: Connection, now: datetime) -> Tally:
    counts = dict.fromkeys(DeliveryState, 0)
    for row in await connection.fetch(QUERIES["tally"]):
        counts[DeliveryState(row["state"])] = row["deliveries"]
    lacks = dict.fromkeys(WaitsFor, 0)
    for row in await connection.fetch(QUERIES["tally_lacks"]):
        lacks[WaitsFor(row["waits_for"])] = row["deliveries"]
    return Tally(counts, lacks, await connection.fetchval(QUERIES["oldest_due"], now))


async def purge(connection: Connection, now: datetime) -> None:
    """Delete one batch of alerts with their deliveries, and what nothing names any more."""
    before = now - KEPT
    await connection.execute(QUERIES["purge_alerts"], before, PURGE_BATCH)
    await connection.execute(QUERIES["purge_holders"], before.date())
    await connection.execute(NEWS["purge_ceremonies"], before.date())
