"""The directory: offices, their holders by term, and their addresses; sealed by the caller."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from common.database import Connection
from common.events.words import OfficeKind

from notifications.domain.deliveries import ChannelKind
from notifications.domain.offices import Office
from notifications.domain.terms import Term
from notifications.storage import QUERIES, Days


@dataclass(frozen=True, slots=True)
class SealedHolder:
    """A new term as it is stored."""

    holder_id: UUID
    office_id: int
    name: bytes
    acting: bool
    begins: date
    ends: date | None
    address: bytes | None


async def lock_offices(connection: Connection, offices: Sequence[Office]) -> dict[Office, int]:
    """Lock these offices, made if they are new; their ids."""
    kinds = [office.kind for office in offices]
    areas = [office.area for office in offices]
    await connection.execute(QUERIES["note_offices"], kinds, areas)
    rows = await connection.fetch(QUERIES["lock_offices"], kinds, areas)
    return {Office(OfficeKind(row["kind"]), row["area_code"]): row["office_id"] for row in rows}


async def terms(connection: Connection, office_ids: Sequence[int]) -> dict[int, list[Term]]:
    found: dict[int, list[Term]] = {office_id: [] for office_id in office_ids}
    for row in await connection.fetch(QUERIES["terms_of_offices"], office_ids):
        found[row["office_id"]].append(Term(row["holder_id"], row["begins"], row["ends"]))
    return found


async def end_terms(connection: Connection, ends: Mapping[UUID, date]) -> None:
    await connection.execute(QUERIES["end_terms"], list(ends), list(ends.values()))


async def add_holders(
    connection: Connection, holders: Sequence[SealedHolder], *, by: str, now: datetime
) -> None:
    """Add terms, each with its address from its first day on."""
    await connection.execute(
        QUERIES["add_holders"],
        [holder.holder_id for holder in holders],
        [holder.office_id for holder in holders],
        [holder.name for holder in holders],
        [holder.acting for holder in holders],
        [holder.begins for holder in holders],
        [holder.ends for holder in holders],
        now,
        by,
    )
    reachable = [(h.holder_id, h.begins, h.address) for h in holders if h.address is not None]
    await set_addresses(connection, reachable, by=by, now=now)


async def set_addresses(
    connection: Connection,
    addresses: Sequence[tuple[UUID, date, bytes | None]],
    *,
    by: str,
    now: datetime,
) -> None:
    """Addresses of holders from a day on; None: it is no longer used."""
    await connection.execute(
        QUERIES["set_contacts"],
        [holder_id for holder_id, _, _ in addresses],
        ChannelKind.EMAIL,
        [since for _, since, _ in addresses],
        [address for _, _, address in addresses],
        now,
        by,
    )


async def wake_offices(connection: Connection, office_ids: Sequence[int], now: datetime) -> None:
    await connection.execute(QUERIES["wake_offices"], office_ids, now)


async def lock_holder(
    connection: Connection, office: Office, holder_id: UUID
) -> tuple[int, Term] | None:
    """An office's id and the term of one of its holders, the office locked."""
    row = await connection.fetchrow(QUERIES["holder"], holder_id, office.kind, office.area)
    if row is None:
        return None
    return row["office_id"], Term(row["holder_id"], row["begins"], row["ends"])


async def offices_in(
    connection: Connection, area: str, days: Days, *, after: tuple[str, str], limit: int
) -> list[Any]:
    return await connection.fetch(QUERIES["offices_in_area"], area, *days, *after, limit)


async def office_terms(connection: Connection, office: Office) -> list[Any]:
    return await connection.fetch(QUERIES["office_terms"], office.kind, office.area)
