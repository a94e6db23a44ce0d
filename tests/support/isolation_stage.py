"""One session of an isolation test: its connection stops where the specification says."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any

from common.database import Database

COMMIT = "COMMIT"
BEGIN = "begin"

Deed = Callable[["Stage"], Awaitable[Any]]


class Stage:
    """Where one session plays: its database, and the stops at which the tester holds it."""

    def __init__(
        self, name: str, connection: Any, stops: Sequence[str], names: Mapping[str, str]
    ) -> None:
        self.name = name
        self.pid: int = connection.get_server_pid()
        self.stepped = Stepped(self, connection)
        self.database = Database(_Pool(self.stepped))  # type: ignore[arg-type]  # acquires the same
        self.names = names
        self.reached: list[str] = []
        self._stops = deque(stops)
        self._at = BEGIN
        self._quiet = asyncio.Event()
        self._turn = asyncio.Semaphore(0)
        self._line = asyncio.Lock()
        self.task: asyncio.Task[Any]

    def begin(self, deed: Deed) -> None:
        self.task = asyncio.create_task(self._play(deed), name=f"isolation-{self.name}")

    async def _play(self, deed: Deed) -> Any:
        try:
            await self._hold(BEGIN)
            return await deed(self)
        finally:
            self._quiet.set()

    async def at(self, place: str | None) -> None:
        """Stop here if this is the next stop of the session."""
        if place is None or place not in self._stops:
            return
        async with self._line:
            if self._stops and self._stops[0] == place:
                self._stops.popleft()
                self.reached.append(place)
                await self._hold(place)

    async def _hold(self, place: str) -> None:
        await self.stepped.free()  # a deed may send while its connection reads
        self._at = place
        self._quiet.set()
        await self._turn.acquire()

    @property
    def quiet(self) -> bool:
        """Whether it stands at a stop or has ended."""
        return self._quiet.is_set()

    @property
    def ready(self) -> bool:
        """Whether it may take its next step."""
        return self.quiet and not self.task.done()

    def go(self) -> str:
        """Let it go one step; the name of that step."""
        self._quiet.clear()
        self._turn.release()
        return f"{self.name}: {self._at}"

    async def rest(self, seconds: float) -> bool:
        """Wait so long for it to stop or end; whether it has."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._quiet.wait(), seconds)
        return self.quiet


class Stepped:
    """A connection that stops before the statements of its stage."""

    def __init__(self, stage: Stage, connection: Any) -> None:
        self._stage = stage
        self._connection = connection
        self._in_flight = 0
        self._landed = asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    async def _run(self, call: Callable[..., Awaitable[Any]], *parameters: Any, **more: Any) -> Any:
        await self._stage.at(self._stage.names.get(parameters[0].strip()))
        self._in_flight += 1
        self._landed.clear()
        try:
            return await call(*parameters, **more)
        finally:
            self._in_flight -= 1
            self._landed.set()

    async def free(self) -> None:
        """Until no statement is on its way."""
        while self._in_flight:
            await self._landed.wait()

    async def fetch(self, *parameters: Any, **more: Any) -> Any:
        return await self._run(self._connection.fetch, *parameters, **more)

    async def fetchrow(self, *parameters: Any, **more: Any) -> Any:
        return await self._run(self._connection.fetchrow, *parameters, **more)

    async def fetchval(self, *parameters: Any, **more: Any) -> Any:
        return await self._run(self._connection.fetchval, *parameters, **more)

    async def execute(self, *parameters: Any, **more: Any) -> Any:
        return await self._run(self._connection.execute, *parameters, **more)

    @contextlib.asynccontextmanager
    async def transaction(self, **options: Any) -> AsyncIterator[None]:
        async with self._connection.transaction(**options):
            yield
            await self._stage.at(COMMIT)


class _Pool:
    """A pool of one: a deed's transactions follow each other on the session's connection."""

    def __init__(self, stepped: Stepped) -> None:
        self._stepped = stepped
        self._free = asyncio.Lock()

    @contextlib.asynccontextmanager
    async def acquire(self, *, timeout: float | None = None) -> AsyncIterator[Stepped]:  # noqa: ASYNC109
        async with self._free:
            yield self._stepped
