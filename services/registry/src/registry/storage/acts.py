"""Who did what: an append-only log, and which areas a transaction sees."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from common.database import Connection
from common.security import Caller

from registry.domain.areas import is_area
from registry.storage.queries import SQL

EVERYWHERE = ("*",)
_AREA = re.compile(r"\*|\d{2}(\.\d{2}){0,2}|\d{2}\.\d{2}\.\d{2}\.\d{4}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Act:
    """One deed about one thing in one village or area."""

    deed: str
    subject_id: UUID
    where: str
    """A village_key, or the code of a province or regency."""
    effective_on: date


async def see(connection: Connection, areas: Iterable[str]) -> None:
    """The areas whose rows this transaction sees; its first statement. No code, no rows."""
    await connection.execute(SQL["see"], " ".join(sorted(filter(_AREA.fullmatch, areas))))


async def add(connection: Connection, act: Act, caller: Caller, now: datetime) -> None:
    await connection.execute(
        SQL["add_area_act" if is_area(act.where) else "add_act"],
        act.deed,
        act.subject_id,
        act.where,
        act.effective_on,
        caller.issuer,
        caller.subject,
        now,
    )
