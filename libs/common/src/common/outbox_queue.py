"""The queue of events that are to leave, as the leader reads it and empties it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import asyncpg

from common.outbox import QUERIES

Row = asyncpg.Record

# Hash and merge joins scan all sixteen partitions of `events` for a page of the queue. A deletion
# that a crash of Postgres takes back sends its events again; it need not wait for the disk.
SETTINGS = """SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_seqscan = off;
SET synchronous_commit = off"""
FULL_READ_LEAST = 1.0
FULL_READ_MOST = 60.0
FULL_READ_SHARE = 200
"""A read from the first id takes at most one part in so many of the time."""


class Floor:
    """The id up to which nothing can appear any more; reading begins behind it.

    While an old snapshot is held open, deleted rows cannot be removed, and a read from the first
    id walks over all of them. Ids are drawn one by one, each by a transaction that has its own id
    already (`append` sees to it). So when transaction X deletes rows up to L, whoever still holds
    an id up to L is older than X. Once all older than X have ended, a later read shows everything
    there will ever be up to L.
    """

    def __init__(self) -> None:
        self.value = 0
        self._settled = 0
        self._awaited: tuple[int, int] | None = None
        self._next = (0, 0)

    @property
    def awaits(self) -> bool:
        """Whether it may rise when older transactions have ended."""
        return self._awaited is not None

    def deleted(self, last_id: int, transaction: int) -> None:
        """Rows up to `last_id` were deleted by `transaction`."""
        self._next = (max(last_id, self._next[0]), transaction)
        self._awaited = self._awaited or self._next

    def ended(self, transaction: int) -> None:
        """All transactions older than `transaction` have ended."""
        if self._awaited and transaction >= self._awaited[1]:
            self._settled = max(self._settled, self._awaited[0])
            self._awaited = self._next if self._next != self._awaited else None

    def read(self, first_id: int | None) -> None:
        """A read begun after the last `ended` found `first_id` first, of all rows; or none."""
        above = self._settled if first_id is None else min(self._settled, first_id - 1)
        self.value = max(self.value, above)


class OutboxQueue:
    """Reads and empties `unpublished` on the connection that holds the leader's lock."""

    def __init__(self, connection: asyncpg.Connection[Any], *, page: int) -> None:
        self._connection = connection
        self._page = page
        self._floor = Floor()
        self._full_read_at = time.monotonic() + FULL_READ_LEAST

    @property
    def floor(self) -> int:
        """The id up to which nothing can appear any more."""
        return self._floor.value

    async def front(self, waiting: Sequence[str] = ()) -> Sequence[Row]:
        """The first rows in id order, without those of the villages that are `waiting`.

        Now and then it reads from the first id, so that a row put back there does not stay.
        """
        begun = time.monotonic()
        floor = self._floor.value if begun < self._full_read_at else 0
        rows = await self._connection.fetch(QUERIES["front"], self._page, floor, list(waiting))
        if floor == 0:
            now = time.monotonic()
            pause = min(FULL_READ_MOST, FULL_READ_SHARE * (now - begun))
            self._full_read_at = now + max(FULL_READ_LEAST, pause)
        if not waiting:
            self._floor.read(rows[0]["event_id"] if rows else None)
        if not rows:
            await self._look()
        return rows

    async def after(self, rows: Sequence[Row], waiting: Sequence[str] = ()) -> Sequence[Row]:
        """The page behind `rows`, read while they are on their way; empty: read the front again.

        A row committed late has a smaller id than the page's last. It is seen by the count of the
        same snapshot, and then nothing behind it may leave before it.
        """
        await self._look()
        if len(rows) < self._page:
            return ()
        ahead = await self._connection.fetch(
            QUERIES["after"], self._page, self._floor.value, list(waiting), rows[-1]["event_id"]
        )
        if not ahead or ahead[0]["behind"] != len(rows):
            return ()
        if not waiting:
            self._floor.read(rows[0]["event_id"])
        return ahead

    async def delete(self, ids: Sequence[int]) -> None:
        """Forget rows that the broker acknowledged."""
        if ids:
            transaction = await self._connection.fetchval(QUERIES["published"], ids)
            self._floor.deleted(max(ids), transaction)

    async def _look(self) -> None:
        if self._floor.awaits:
            self._floor.ended(await self._connection.fetchval(QUERIES["running"]))
