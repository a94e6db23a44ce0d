"""What a process holds of the Postgres in memory: a pool that looks like asyncpg's."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Any

import asyncpg

from support.simulated.postgres import Server, lost
from support.simulated.processes import Process
from support.simulated.sessions import Record, Session
from support.simulated.weather import TIMEOUT, Weather

LOST = 0.004
"""Share of statements and commits whose connection is lost on the way."""
LINGERS = 0.3
"""Share of killed processes whose sessions the server keeps until its keepalives fail."""
KEEPALIVE = 4.0


class Pool:
    """The connections of one process to one server."""

    def __init__(self, server: Server, name: str, process: Process, weather: Weather) -> None:
        self.server = server
        self.name = name
        self.process = process
        self.weather = weather
        self._idle: list[Connection] = []
        self._all: list[Connection] = []
        process.ends.append(self._end)

    @contextlib.asynccontextmanager
    async def acquire(self, *, timeout: float) -> AsyncIterator[Connection]:  # noqa: ASYNC109
        connection = self._idle.pop() if self._idle else await self.connect()
        try:
            yield connection
        finally:
            if not connection.closed:
                self._idle.append(connection)

    async def connect(self) -> Connection:
        """Raises OSError while the server is away."""
        await self.weather.pass_by(self.process)
        if self.weather.is_cut(self.process, self.name):
            await asyncio.sleep(TIMEOUT)
            raise TimeoutError("the database does not answer")
        connection = Connection(self, self.server.connect(self.process.name))
        self._all.append(connection)
        return connection

    def _end(self) -> None:
        """The process is dead: its sessions end now, or when the server finds out."""
        sessions = [connection.session for connection in self._all]
        if self.weather.strikes(LINGERS):
            loop = asyncio.get_running_loop()
            for session in sessions:
                loop.call_later(KEEPALIVE, self.server.drop, session)
        else:
            for session in sessions:
                self.server.drop(session)


class Connection:
    """One session as its client sees it; the statements are those of `.sql` files."""

    def __init__(self, pool: Pool, session: Session) -> None:
        self.pool = pool
        self.session = session
        self.closed = False

    async def fetch(self, query: str, *arguments: Any) -> list[Record]:
        rows = await self._call(query, arguments)
        return [Record(row) for row in rows] if isinstance(rows, Sequence) else []

    async def fetchrow(self, query: str, *arguments: Any) -> Record | None:
        rows = await self.fetch(query, *arguments)
        return rows[0] if rows else None

    async def fetchval(self, query: str, *arguments: Any) -> Any:
        row = await self.fetchrow(query, *arguments)
        return None if row is None else row[0]

    async def execute(self, query: str, *arguments: Any) -> str:
        done = await self._call(query, arguments)
        return f"DONE {done if isinstance(done, int) else len(done or ())}"

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        self._check()
        self.session.open = True
        try:
            yield
        except BaseException:
            await self._roll_back()
            raise
        await self._commit()

    def terminate(self) -> None:
        self.closed = True
        if self.pool.process.alive:
            self.pool.server.drop(self.session)

    async def _call(self, query: str, arguments: Sequence[Any]) -> Any:
        pool, session = self.pool, self.session
        name, _ = pool.server.named(query)
        await self._reach()
        try:
            done = await pool.server.run(session, query, arguments)
        except asyncpg.ConnectionDoesNotExistError:
            self.closed = True
            raise
        except asyncpg.PostgresError as error:
            if not session.open:
                session.end()
            pool.weather.trace(pool.process.name, f"{pool.name} {name} {type(error).__name__}")
            raise
        number = len(done) if isinstance(done, Sequence) else done
        pool.weather.trace(pool.process.name, f"{pool.name} {name} {number}")
        if not session.open:
            session.commit()
            await self._hear()
        return done

    async def _commit(self) -> None:
        """Whether it was committed is not known when the connection is lost meanwhile."""
        pool, session = self.pool, self.session
        await self._reach()
        if session.failed:
            session.end()
            return
        pool.weather.trace(pool.process.name, f"{pool.name} commit")
        session.commit()
        await self._hear()

    async def _roll_back(self) -> None:
        if not self.pool.process.alive:
            return
        self._check()
        self.session.end()
        self.pool.weather.trace(self.pool.process.name, f"{self.pool.name} rollback")

    async def _reach(self) -> None:
        """The way to the server, on which the connection may be lost."""
        pool = self.pool
        self._check()
        await pool.weather.pass_by(pool.process)
        if pool.weather.is_cut(pool.process, pool.name):
            await asyncio.sleep(TIMEOUT)
            self._lose()
        if self.session.lost or pool.weather.strikes(LOST):
            self._lose()

    async def _hear(self) -> None:
        """The way back: what was committed stays, but the client may never hear of it."""
        await self.pool.weather.pass_by(self.pool.process)
        if self.session.lost or self.pool.weather.strikes(LOST):
            self._lose()

    def _lose(self) -> None:
        self.pool.process.check()
        self.closed = True
        self.pool.server.drop(self.session)
        self.pool.weather.trace(self.pool.process.name, f"{self.pool.name} lost")
        raise lost()

    def _check(self) -> None:
        self.pool.process.check()
        if self.closed:
            raise asyncpg.InterfaceError("connection is closed")
