"""What the server wrote to its log: bytes of a whole stretch, and of each table and index in it."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import asyncpg
from embedded.postgres_binaries import find_binaries

_RECORD = re.compile(r"rmgr: (\S+)\s+len \(rec/tot\):\s+(\d+)/\s*(\d+),.*?desc: (\S+)")
_RELATION = re.compile(r"rel \d+/(\d+)/(\d+)")


@dataclass(frozen=True, slots=True)
class Stretch:
    """Bytes of records, bytes of images of full pages, and the records' bytes by what they are of.

    A record of several pages counts for the relation of its first one.
    """

    records: int
    images: int
    of: Counter[str]


class WriteAheadLog:
    """Reads the log of a server of this machine with pg_waldump; relations of one database."""

    def __init__(self, postgres: asyncpg.Connection, database: asyncpg.Connection) -> None:
        self._postgres = postgres
        self._database = database

    async def mark(self) -> str:
        """A checkpoint, so that every page's next change brings its image; the position after."""
        await self._postgres.execute("CHECKPOINT")
        return await self._end()

    async def since(self, start: str) -> Stretch:
        """All that was written since a mark."""
        data = Path(await self._postgres.fetchval("SHOW data_directory"))
        reading = await asyncio.create_subprocess_exec(
            str(find_binaries() / "pg_waldump"),
            f"--path={data / 'pg_wal'}",
            f"--start={start}",
            f"--end={await self._end()}",
            stdout=asyncio.subprocess.PIPE,
        )
        told, _ = await reading.communicate()
        names = await self._names()
        stretch, records, images = Counter[str](), 0, 0
        for line in told.decode(errors="replace").splitlines():
            if (record := _RECORD.search(line)) is None:
                continue
            size, total = int(record[2]), int(record[3])
            records, images = records + size, images + total - size
            relation = _RELATION.search(line)
            place = names.get(int(relation[2]), "another relation") if relation else record[1]
            stretch[f"{place} {record[4]}"] += size
        if not records:
            raise RuntimeError(f"pg_waldump said nothing of what follows {start}")
        return Stretch(records, images, stretch)

    async def _end(self) -> str:
        return str(await self._postgres.fetchval("SELECT pg_current_wal_flush_lsn()::text"))

    async def _names(self) -> dict[int, str]:
        """Table or index by the number of its file; partitions of one table are one."""
        rows = await self._database.fetch(
            "SELECT pg_relation_filenode(oid) AS file, relname FROM pg_class"
        )
        return {
            row["file"]: re.sub(r"^events_\d\d", "events", row["relname"])
            for row in rows
            if row["file"] is not None
        }
