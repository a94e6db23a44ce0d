"""What villages will be at their next day, kept until they are judged."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

import msgspec
from common.database import Connection, Queries

from eligibility.judging import Foreseen, Judged
from eligibility.storage.arrays import columns

DECODER = msgspec.json.Decoder(Judged)


class ForeseenStore:
    """Rows are written and deleted by who holds the village's lock."""

    def __init__(self, queries: Queries) -> None:
        self._queries = queries

    async def wanting(self, connection: Connection, until: datetime, limit: int) -> list[str]:
        """Lock villages that time will change before `until` and that nobody has foreseen yet."""
        rows = await connection.fetch(self._queries["lock_unforeseen"], until, limit)
        return [row["village_key"] for row in rows]

    async def keep(self, connection: Connection, foreseen: Mapping[str, Foreseen]) -> None:
        rows = [
            (key, seen.judge_on, seen.rule_sets, msgspec.json.encode(seen.judged).decode())
            for key, seen in foreseen.items()
        ]
        if rows:
            await connection.execute(self._queries["foresee"], *columns(rows))

    async def of(self, connection: Connection, keys: Collection[str]) -> dict[str, Foreseen]:
        rows = await connection.fetch(self._queries["foreseen_of"], list(keys))
        return {
            key: Foreseen(judge_on, rule_sets, DECODER.decode(judged))
            for key, judge_on, rule_sets, judged in rows
        }

    async def forget(self, connection: Connection, keys: Collection[str]) -> None:
        """The villages are judged: what was foreseen of them is past."""
        if keys:
            await connection.execute(self._queries["forget_foreseen"], list(keys))
