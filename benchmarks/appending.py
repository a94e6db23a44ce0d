"""Enrollments that only count, appended to the registry's outbox as its own deeds do."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import uuid4

from common.clock import Clock
from common.database import Database
from common.ids import Ids
from common.outbox import Draft, Outbox, lock_villages
from filling import enrollment
from registry.storage.queries import SQL

AT_ONCE = 10
"""Events in one transaction, each of another village."""


class Appending:
    """A writer beside the API, which would take its CPU from what is measured."""

    def __init__(self, database: Database, keys: Sequence[str]) -> None:
        self._database = database
        self._keys = keys
        self._outbox = Outbox(clock=Clock(), ids=Ids())
        self.appended = 0

    @classmethod
    @asynccontextmanager
    async def open(cls, work_url: str, keys: Sequence[str]) -> AsyncIterator[Appending]:
        database = await Database.open(work_url, name="bench", size=1)
        try:
            yield cls(database, keys)
        finally:
            await database.close()

    async def once_each(self) -> None:
        """One event for every village, so that the next ones only count."""
        for _ in range(0, len(self._keys), AT_ONCE):
            await self._append()

    async def run(self, rate: float, stop: asyncio.Event) -> None:
        """`rate` events a second until `stop`."""
        begin, first = time.monotonic(), self.appended
        while not stop.is_set():
            due = begin + (self.appended - first) / rate
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            await self._append()

    async def _append(self) -> None:
        place = self.appended % len(self._keys)
        keys = self._keys[place : place + AT_ONCE]
        drafts = [Draft(key, enrollment(key, uuid4().int)) for key in keys]
        async with self._database.transaction() as connection:
            locks = await lock_villages(connection, keys, SQL["lock_villages"])
            await self._outbox.append(connection, locks, drafts)
        self.appended += len(keys)
