"""The live feed: what happens in a caller's areas, as it happens."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator, Set  # noqa: PYI025
from contextlib import asynccontextmanager
from uuid import UUID

import structlog
from common.clock import Clock
from common.database import Connection, Database, Queries, is_transient
from common.waiting import first_set, set_within

from eligibility.storage.feed import BEGINNING, FeedStore, Happening

STREAMS = 200
"""Open streams of one process; each is a connection and some kilobytes."""
POLL = 1.0
"""Seconds between two looks for what other processes have written."""
PAUSE = 0.05
"""Seconds between two looks at most: a busy consumer commits more often than people read."""
LATE = 60_000
"""Milliseconds after which nothing earlier can come: a transaction is cut after 30 s."""
PAGE = 50

log = structlog.get_logger(__name__)


class TooManyStreams(Exception):
    """As many streams are open as a process may keep."""


class Feed:
    """Gives each open stream what is new; woken by commits of this process, else it looks."""

    def __init__(self, database: Database, *, clock: Clock, streams: int = STREAMS) -> None:
        self._database = database
        self._clock = clock
        self._see = Queries.of("eligibility.storage")["see"]
        self._store = FeedStore()
        self._woken = asyncio.Event()
        self._closed = asyncio.Event()
        self._streams = streams
        self._listening: set[asyncio.Event] = set()

    def wake(self) -> None:
        """Something was committed in this process."""
        self._woken.set()

    async def newest(self, areas: Set[str], limit: int) -> list[Happening]:
        """The newest in the caller's areas, the newest first."""
        async with self._seeing(areas) as connection:
            return await self._store.newest(connection, areas, self._ahead(), limit)

    async def run(self, stop: asyncio.Event) -> None:
        """Wake the streams when there is something new, until the process stops."""
        seen: set[UUID] = set()
        while not await self._pause(stop):
            if not self._listening:
                continue
            try:
                found = {one.id for one in await self._since({"*"}, BEGINNING)}
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("feed_unavailable", reason=type(error).__name__)
                continue
            if found - seen:
                for news in self._listening:
                    news.set()
            seen = found
        self._closed.set()
        for news in self._listening:
            news.set()

    @contextlib.contextmanager
    def place(self) -> Iterator[asyncio.Event]:
        """A stream's place while it is open; raises TooManyStreams."""
        if len(self._listening) >= self._streams:
            raise TooManyStreams
        news = asyncio.Event()
        self._listening.add(news)
        try:
            yield news
        finally:
            self._listening.discard(news)

    async def follow(
        self, news: asyncio.Event, areas: Set[str], after: UUID, seconds: float
    ) -> AsyncIterator[Happening]:
        """What happened after an entry, and happens, the oldest first; a page of it at the start.

        Ends after `seconds`, or at shutdown. For a list without an entry all is new.
        """
        end = asyncio.get_running_loop().time() + seconds
        looked = self._now()
        # Each village's own newest: a quiet area among loud ones has no entry for long stretches.
        listed = await self.newest(areas, PAGE)
        behind = _at(min(after.int >> 80, looked) - LATE)
        told = {one.id for one in listed if one.id <= after}
        found = [one for one in listed if one.id > behind]
        while not self._closed.is_set():
            new = [one for one in reversed(found) if one.id not in told]
            # What is no longer on the page cannot come back to it: younger ones stand before it.
            told = {one.id for one in found}
            for one in new:
                yield one
            left = end - asyncio.get_running_loop().time()
            if left <= 0 or not await set_within(news, left):
                return
            news.clear()
            # Behind the last look, for a transaction may commit after a later one.
            behind, looked = _at(looked - LATE), self._now()
            found = await self._since(areas, behind)

    def _ahead(self) -> UUID:
        """The least id of a clock that is too far ahead of ours."""
        return _at(self._now() + LATE)

    def _now(self) -> int:
        return int(self._clock.now().timestamp() * 1000)

    async def _since(self, areas: Set[str], after: UUID) -> list[Happening]:
        async with self._seeing(areas) as connection:
            return await self._store.since(connection, after, self._ahead(), PAGE)

    async def _pause(self, stop: asyncio.Event) -> bool:
        """Wait for a commit here or for the next look; whether the process stops."""
        if await set_within(stop, PAUSE):
            return True
        await first_set(POLL, stop, self._woken)
        self._woken.clear()
        return stop.is_set()

    @asynccontextmanager
    async def _seeing(self, areas: Set[str]) -> AsyncIterator[Connection]:
        async with self._database.transaction() as connection:
            await connection.execute(self._see, " ".join(sorted(areas)))
            yield connection


def _at(moment: int) -> UUID:
    """The least id of a moment in milliseconds (UUIDv7)."""
    return UUID(int=max(moment, 0) << 80)
