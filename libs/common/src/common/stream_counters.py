"""How far each stream has come: as a producer serves it, and as a consumer asks for it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import httpx2
import msgspec
from msgspec import Struct

from common.database import Database, Queries
from common.stored_events import StoredEventsUnavailable

QUERIES = Queries.of("common", "reconcile.sql")

MAX_DIGESTS = 1_000
"""Streams of a page with digests: each event of them is read."""
PAGE = 5_000
TIMEOUT_SECONDS = 40.0
"""A page takes the producer one statement, which its database cuts after 30 s."""

Page = TypeVar("Page")
Id = tuple[str, str, int, UUID]
"""village_key, topic, sequence and id of one published event."""


@dataclass(frozen=True, slots=True)
class StreamCounter:
    """How far a stream has come."""

    topic: str
    village_key: str
    last_sequence: int
    last_time: datetime
    published: int
    """Up to here nothing waits to leave: the broker has acknowledged it."""
    digest: str | None
    """SHA-256 over the ids of all events in order, 16 bytes each; hexadecimal."""


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A record on a topic that stands at a sequence which was taken."""

    village_key: str
    topic: str
    sequence: int
    id: UUID
    replaced_by: int
    """The sequence at which its fact was published again."""


class StreamCounters:
    """The counters of one service's own streams, page by page."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self, after: tuple[str, str], limit: int, *, digests: bool = False
    ) -> list[StreamCounter]:
        """Streams behind (village_key, topic); with digests every event of them is read."""
        async with self._database.transaction() as connection:
            rows = await connection.fetch(QUERIES["counters"], *after, limit)
            read: list[Any] = [None] * len(rows)
            if digests:
                read = await connection.fetch(
                    QUERIES["digests"],
                    [row["village_key"] for row in rows],
                    [row["topic"] for row in rows],
                    [1] * len(rows),
                    [row["last_sequence"] for row in rows],
                )
        return [
            StreamCounter(**row, digest=found["digest"].hex() if found else None)
            for row, found in zip(rows, read, strict=True)
        ]

    async def withdrawn(self, after: Id, limit: int) -> list[Withdrawn]:
        """Withdrawn records behind a key."""
        async with self._database.transaction() as connection:
            rows = await connection.fetch(QUERIES["withdrawn"], *after, limit)
        return [Withdrawn(**row) for row in rows]


class _Counter(Struct, frozen=True):
    topic: str
    village_key: str
    last_sequence: int
    published: int


class _Counters(Struct, frozen=True):
    streams: list[_Counter]
    next: str | None


class _WithdrawnPage(Struct, frozen=True):
    withdrawn: list[Withdrawn]
    next: str | None


class Producer:
    """Asks the service that publishes how far its streams have come."""

    def __init__(self, address: str, token: Callable[[], str]) -> None:
        self._address = address
        self._token = token

    async def counters(self) -> AsyncIterator[_Counter]:
        """Every stream of the service; raises StoredEventsUnavailable."""
        async for body in self._pages("/streams"):
            for counter in self._read(body, _Counters).streams:
                yield counter

    async def withdrawn(self) -> AsyncIterator[Withdrawn]:
        """Every withdrawn record of the service; raises StoredEventsUnavailable."""
        async for body in self._pages("/streams/withdrawn"):
            for record in self._read(body, _WithdrawnPage).withdrawn:
                yield record

    async def _pages(self, path: str) -> AsyncIterator[bytes]:
        following: str | None = None
        async with httpx2.AsyncClient(timeout=TIMEOUT_SECONDS) as client:
            while True:
                asked = {"limit": str(PAGE)} | ({"after": following} if following else {})
                try:
                    answer = await client.get(
                        f"{self._address}{path}",
                        params=asked,
                        headers={"Authorization": f"Bearer {self._token()}"},
                    )
                except httpx2.HTTPError as error:
                    raise StoredEventsUnavailable(
                        f"{self._address} does not answer ({type(error).__name__})"
                    ) from error
                if answer.status_code != httpx2.codes.OK:
                    raise StoredEventsUnavailable(
                        f"{self._address}{path} answered {answer.status_code}"
                    )
                yield answer.content
                if (following := self._read(answer.content, _Next).next) is None:
                    return

    def _read(self, body: bytes, page: type[Page]) -> Page:
        try:
            return msgspec.json.decode(body, type=page)
        except msgspec.MsgspecError as error:
            raise StoredEventsUnavailable(f"{self._address} answered something else") from error


class _Next(Struct, frozen=True):
    next: str | None
