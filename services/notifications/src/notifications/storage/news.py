"""What news is compared with and kept as: reasons before, heads of villages, ceremonies."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from common.database import Connection
from common.events.registry import Coverage
from common.events.words import PostKind
from pydantic import TypeAdapter

from notifications.domain.ceremonies import Ceremony
from notifications.domain.heads import Head
from notifications.domain.letters import Facts
from notifications.storage import NEWS

COVERAGE = TypeAdapter(tuple[Coverage, ...])

Planned = tuple[str, UUID, Ceremony]
"""village_key, the event that told it, what it told."""


async def facts_before(connection: Connection, villages: Collection[str]) -> dict[str, Facts]:
    """The facts of the latest decisions heard so far."""
    rows = await connection.fetch(NEWS["criteria_before"], sorted(villages))
    return {row["village_key"]: Facts.model_validate_json(row["facts"]) for row in rows}


async def heads_of(connection: Connection, villages: Collection[str]) -> dict[str, Head]:
    rows = await connection.fetch(NEWS["heads_of"], sorted(villages))
    return {row["village_key"]: head_of(row) for row in rows}


def head_of(row: Any) -> Head:
    return Head(
        term_id=row["term_id"],
        post_kind=PostKind(row["post_kind"]),
        acting=row["acting"],
        begins=row["begins"],
        ends=row["ends"],
        coverage=COVERAGE.validate_json(row["coverage"]),
    )


async def note_heads(connection: Connection, heads: Mapping[str, Head]) -> None:
    rows = sorted(heads.items())
    await connection.execute(
        NEWS["note_heads"],
        [key for key, _ in rows],
        [head.term_id for _, head in rows],
        [head.post_kind for _, head in rows],
        [head.acting for _, head in rows],
        [head.begins for _, head in rows],
        [head.ends for _, head in rows],
        [COVERAGE.dump_json(head.coverage).decode() for _, head in rows],
    )


async def note_ceremonies(connection: Connection, planned: Mapping[UUID, Planned]) -> None:
    rows = [planned[ceremony_id] for ceremony_id in sorted(planned)]
    await connection.execute(
        NEWS["note_ceremonies"],
        [ceremony.ceremony_id for _, _, ceremony in rows],
        [key for key, _, _ in rows],
        [told_by for _, told_by, _ in rows],
        [ceremony.kind for _, _, ceremony in rows],
        [ceremony.planned_for for _, _, ceremony in rows],
        [ceremony.begins_at for _, _, ceremony in rows],
        [ceremony.venue for _, _, ceremony in rows],
        [ceremony.host for _, _, ceremony in rows],
    )
