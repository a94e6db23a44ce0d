"""Postgres: pools with our settings, the transaction at the edge of a deed, SQL by name."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from importlib import resources
from typing import Any, TypeAlias

import asyncpg
from asyncpg.pool import PoolConnectionProxy

Connection: TypeAlias = "asyncpg.Connection[Any] | PoolConnectionProxy[Any]"

CONNECT_TIMEOUT = 5.0
ACQUIRE_TIMEOUT = 10.0
TRANSACTION_TIMEOUT = 30.0
"""Seconds after which a transaction is cut: an old snapshot would hold the outbox's dead rows."""

SETTINGS = {
    "jit": "off",
    "timezone": "UTC",
    "statement_timeout": "30s",
    "transaction_timeout": "30s",
    "idle_in_transaction_session_timeout": "30s",
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
}

_TRANSIENT = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # the server's last word came between two of our statements
    asyncpg.TransactionRollbackError,  # serialisation failure and deadlock among them
    asyncpg.OperatorInterventionError,  # shutdown, crash, query cancelled by a time-out
    asyncpg.InsufficientResourcesError,
    asyncpg.LockNotAvailableError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.ReadOnlySQLTransactionError,
)


def is_transient(error: BaseException) -> bool:
    """Whether the infrastructure failed rather than the request or the event."""
    if isinstance(error, asyncpg.exceptions.PostgresError):
        state = getattr(error, "sqlstate", None) or ""
        return isinstance(error, _TRANSIENT) or state[:2] in {"08", "53", "57"} or state == "25P04"
    return isinstance(error, _TRANSIENT)


def is_cut(error: BaseException) -> bool:
    """Whether a time-out of ours ended the statement: less work at once may get through."""
    state = getattr(error, "sqlstate", None)
    return state in {"57014", "25P03", "25P04"}


async def connect(url: str, *, name: str) -> asyncpg.Connection[Any]:
    """One connection with our settings; `name` shows in pg_stat_activity."""
    return await asyncpg.connect(
        url,
        timeout=CONNECT_TIMEOUT,
        command_timeout=TRANSACTION_TIMEOUT + 5,
        server_settings={**SETTINGS, "application_name": name},
    )


class Database:
    """A pool of one login role; no query outside a transaction."""

    def __init__(self, pool: asyncpg.Pool[Any]) -> None:
        self._pool = pool
        self._after_commit: list[Callable[[], None]] = []

    @classmethod
    async def open(
        cls,
        url: str,
        *,
        name: str,
        size: int = 10,
        settings: Mapping[str, str] | None = None,
    ) -> Database:
        """A pool that connects at first use, so a service starts while Postgres is away."""
        pool = asyncpg.create_pool(
            url,
            min_size=0,
            max_size=size,
            timeout=CONNECT_TIMEOUT,
            command_timeout=TRANSACTION_TIMEOUT + 5,
            max_inactive_connection_lifetime=300,
            server_settings={**SETTINGS, **(settings or {}), "application_name": name},
        )
        await pool
        return cls(pool)

    def on_commit(self, wake: Callable[[], None]) -> None:
        """Call `wake` after each commit: the in-process hint that the outbox may have rows."""
        self._after_commit.append(wake)

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """One READ COMMITTED transaction; committed on a clean exit, rolled back on any error."""
        async with self._pool.acquire(timeout=ACQUIRE_TIMEOUT) as connection:
            async with connection.transaction():
                yield connection
            for wake in self._after_commit:
                wake()

    async def close(self) -> None:
        """Close the pool; connections still in use after 5 s are cut."""
        try:
            await asyncio.wait_for(self._pool.close(), 5)
        except TimeoutError:
            self._pool.terminate()


class Queries(Mapping[str, str]):
    """The statements of one `queries.sql`, by name."""

    def __init__(self, text: str) -> None:
        parts = re.split(r"^-- name: (\w+)\s*$", text, flags=re.MULTILINE)[1:]
        pairs = list(zip(parts[::2], parts[1::2], strict=True))
        self._statements: dict[str, str] = {name: sql.strip() for name, sql in pairs}
        if len(self._statements) != len(pairs):
            raise ValueError("two statements have the same name")

    @classmethod
    def of(cls, package: str, file: str = "queries.sql") -> Queries:
        """Read `queries.sql` of a package, such as `registry.storage`."""
        return cls(resources.files(package).joinpath(file).read_text(encoding="utf-8"))

    def __getitem__(self, name: str) -> str:
        return self._statements[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._statements)

    def __len__(self) -> int:
        return len(self._statements)
