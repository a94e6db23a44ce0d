"""The Postgres in memory and the real one behind one face, with what each answered."""

from __future__ import annotations

import contextlib
import json
import os
import random
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any, cast
from unittest.mock import patch
from uuid import UUID

import asyncpg
from common.database import Database
from common.ids import Ids

from support.databases import TestDatabases, on
from support.simulated import consuming, eligibility, notifications, registry
from support.simulated.connections import Pool
from support.simulated.postgres import Server, Statement, UnknownStatement
from support.simulated.processes import Process
from support.simulated.sessions import Session, Table
from support.simulated.trace import Trace
from support.simulated.weather import Weather

TABLES: Mapping[str, Sequence[Table]] = {
    "registry": registry.TABLES,
    "eligibility": (*eligibility.TABLES, consuming.TABLE),
    "notifications": notifications.TABLES,
}
STATEMENTS: Mapping[str, Mapping[str, tuple[str, Statement]]] = {
    "registry": registry.STATEMENTS,
    "eligibility": {**eligibility.STATEMENTS, **consuming.STATEMENTS},
    "notifications": notifications.STATEMENTS,
}
NAMES = {text: name for some in STATEMENTS.values() for text, (name, _) in some.items()}
EFFECTS = "CREATE TABLE effects (n bigserial, village_key text, topic text, sequence bigint)"
TRANSACTION_IDS = {"outbox.published", "outbox.running"}
"""Their numbers are the cluster's; scripts of two sessions hold them to each other."""


class SeededIds(Ids):
    """The same ids in the same order, whoever asks."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)

    def event(self, at: datetime) -> UUID:
        return self.random()

    def random(self) -> UUID:
        return UUID(int=self._chance.getrandbits(128), version=4)


@dataclass
class Port:
    """One of the two: a database to work with, sessions to play against each other."""

    service: str
    database: Database
    log: list[tuple[str, Any]]
    connect: Callable[[], Any]
    end: Callable[[Any], Any]
    """End a session's connection from the server's side."""
    prepare: Callable[[str, Sequence[Mapping[str, Any]]], Any]
    """Put rows into a table."""
    rows: Callable[[str], Any]
    term: Callable[[int], dict[str, Any]]
    """A holder's row: a range is two dates in memory."""
    used: set[str] = field(default_factory=set)


class Recording:
    """A connection whose answers are written down, by the names of the statements."""

    def __init__(self, connection: Any, log: list[tuple[str, Any]]) -> None:
        self._connection = connection
        self._log = log

    async def fetch(self, query: str, *arguments: Any) -> Any:
        name, rows = named(query), await self._connection.fetch(query, *arguments)
        if "ORDER BY" not in query:
            rows = sorted(rows, key=lambda row: repr(plain(row)))
        numbers = name in TRANSACTION_IDS
        self._log.append((name, len(rows) if numbers else [plain(row) for row in rows]))
        return rows

    async def fetchrow(self, query: str, *arguments: Any) -> Any:
        rows = await self.fetch(query, *arguments)
        return rows[0] if rows else None

    async def fetchval(self, query: str, *arguments: Any) -> Any:
        row = await self.fetchrow(query, *arguments)
        return None if row is None else row[0]

    async def execute(self, query: str, *arguments: Any) -> str:
        done = await self._connection.execute(query, *arguments)
        self._log.append((named(query), None))
        return str(done)

    def transaction(self) -> Any:
        return self._connection.transaction()


def named(query: str) -> str:
    if query not in NAMES:
        raise UnknownStatement(f"no simulation of this statement:\n{query}")
    return NAMES[query]


class RecordingPool:
    def __init__(self, pool: Any, log: list[tuple[str, Any]]) -> None:
        self._pool = pool
        self._log = log

    @contextlib.asynccontextmanager
    async def acquire(self, *, timeout: float) -> AsyncIterator[Recording]:  # noqa: ASYNC109
        async with self._pool.acquire(timeout=timeout) as connection:
            yield Recording(connection, self._log)


def plain(row: Any) -> dict[str, Any]:
    """A row as both ports can give it; of a statement without an order they may come in any."""
    return {name: same(value) for name, value in row.items()}


def same(value: Any) -> Any:
    """JSON without its spaces, ids as text: json, jsonb and uuid are text in memory."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, (list, tuple)):
        return [same(one) for one in value]
    if isinstance(value, str) and value[:1] in ("{", "["):
        with contextlib.suppress(ValueError):
            return json.dumps(json.loads(value), sort_keys=True)
    return value


@contextlib.asynccontextmanager
async def in_memory(service: str) -> AsyncIterator[Port]:
    loopless = Trace(lambda: 0.0)
    weather = Weather(random.Random(0), loopless)
    weather.calm = True
    server = Server(TABLES[service], STATEMENTS[service], now=lambda: datetime.now(UTC))
    pool = Pool(server, service, Process("contract"), weather)
    log: list[tuple[str, Any]] = []

    async def end(connection: Any) -> None:
        server.drop(connection.session)

    async def prepare(table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        session = Session(server, "prepare")
        for row in rows:
            session.insert(table, dict(row))
        session.commit()

    async def rows(table: str) -> list[Any]:
        found = server.rows[table]
        return [{name: same(v) for name, v in found[key].items()} for key in sorted(found)]

    database = Database(cast("Any", RecordingPool(pool, log)))
    port = Port(service, database, log, pool.connect, end, prepare, rows, _term)
    yield port
    port.used |= server.used


@contextlib.asynccontextmanager
async def in_postgres(service: str, databases: TestDatabases) -> AsyncIterator[Port]:
    async with databases.fresh(service) as urls:
        url = on(databases.postgres, urls.owner.rsplit("/", 1)[1])
        admin = await asyncpg.connect(url)
        await admin.execute("SET session_replication_role = replica")
        await admin.execute(EFFECTS)
        pool = await Database.open(url, name="contract", size=4)
        log: list[tuple[str, Any]] = []
        opened: list[Any] = []

        async def connect() -> Any:
            opened.append(await asyncpg.connect(url))
            return opened[-1]

        async def end(connection: Any) -> None:
            await admin.execute("SELECT pg_terminate_backend($1)", connection.get_server_pid())

        async def prepare(table: str, rows: Sequence[Mapping[str, Any]]) -> None:
            for row in rows:
                names = ", ".join(row)
                places = ", ".join(f"${n}" for n in range(1, len(row) + 1))
                query = f"INSERT INTO {table} ({names}) VALUES ({places})"  # noqa: S608  # of a test
                await admin.execute(query, *row.values())

        async def rows(table: str) -> list[Any]:
            found = await admin.fetch(f"SELECT * FROM {table}")  # noqa: S608  # of a test
            return [{name: same(value) for name, value in row.items()} for row in found]

        database = Database(cast("Any", RecordingPool(pool._pool, log)))
        yield Port(service, database, log, connect, end, prepare, rows, _real_term)
        for connection in (*opened, admin):
            connection.terminate()
        await pool.close()


def _term(number: int) -> dict[str, Any]:
    return {"holder_id": UUID(int=number), "office_id": number, "begins": date(2020, 1, 2)}


def _real_term(number: int) -> dict[str, Any]:
    row = _term(number)
    term = asyncpg.Range(row.pop("begins"))
    recorded = {"recorded_at": datetime(2026, 1, 1, tzinfo=UTC), "recorded_by": "test"}
    return {**row, "term": term, "name": b"", "acting": False, **recorded}


@contextlib.contextmanager
def same_chance() -> Iterator[None]:
    """The same random bytes, whichever port a script is told to."""
    with patch.object(os, "urandom", random.Random(11).randbytes):
        yield
