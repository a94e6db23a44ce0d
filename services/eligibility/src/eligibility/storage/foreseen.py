"""What villages will be at their next day, kept until they are judged."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from datetime import datetime
from functools import cache
from importlib import resources

import msgspec
from common.database import Connection, Queries

from eligibility.judging import Foreseen, Judged
from eligibility.storage.arrays import columns

DECODER = msgspec.json.Decoder(Judged | None)


class ForeseenStore:
    """Rows are written and deleted by who holds the village's lock."""

    def __init__(self, queries: Queries) -> None:
        self._queries = queries

    async def wanting(
        self, connection: Connection, until: datetime, limit: int, rule_sets: int
    ) -> list[str]:
        """Lock villages that time will change before `until` and that nobody has foreseen yet."""
        rows = await connection.fetch(
            self._queries["lock_unforeseen"], until, limit, judged_by(), rule_sets
        )
        return [row["village_key"] for row in rows]

    async def keep(self, connection: Connection, foreseen: Mapping[str, Foreseen]) -> None:
        rows = [
            (key, seen.judge_on, seen.rule_sets, msgspec.json.encode(seen.judged).decode())
            for key, seen in foreseen.items()
        ]
        if rows:
            await connection.execute(self._queries["foresee"], *columns(rows), judged_by())

    async def of(self, connection: Connection, keys: Collection[str]) -> dict[str, Foreseen]:
        rows = await connection.fetch(self._queries["foreseen_of"], list(keys), judged_by())
        return {
            key: Foreseen(judge_on, rule_sets, DECODER.decode(judged))
            for key, judge_on, rule_sets, judged in rows
        }

    async def forget(self, connection: Connection, keys: Collection[str]) -> None:
        """The villages are judged: what was foreseen of them is past."""
        if keys:
            await connection.execute(self._queries["forget_foreseen"], list(keys))


@cache
def judged_by() -> str:
    """By what this release judges: a checksum of the modules that do, 16 characters.

    A release that judges otherwise does not enter what the one before it has foreseen.
    """
    package = resources.files("eligibility")
    domain = package / "domain"
    files = [file for file in domain.iterdir() if file.name.endswith((".py", ".json"))]
    files += [package / "judging.py", package / "told.py"]
    checksum = hashlib.sha256()
    for file in sorted(files, key=lambda file: file.name):
        checksum.update(file.read_bytes())
    return checksum.hexdigest()[:16]
