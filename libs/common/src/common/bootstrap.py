"""Databases and roles of the services on a new Postgres (done by a superuser, once)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import asyncpg

GROUPS = ("desa_app", "desa_work")
"""Group roles that the migrations grant to: API and pages; relay, scheduler, consumers, courier."""

_LOCK = 0x6465_7361
QUIET = """SET log_statement = 'none'; SET log_min_duration_statement = -1;
SET log_min_error_statement = 'panic'"""
"""Statements with passwords in them: the server's log is to hold none, whatever its settings."""
_NAME = re.compile(r"[a-z0-9_]{1,63}")


@dataclass(frozen=True, slots=True)
class Urls:
    """The three logins of one service's database."""

    owner: str
    app: str
    work: str


def service_urls(
    postgres: str, service: str, *, password: str, database: str | None = None
) -> Urls:
    """URLs of a service's database on the server of the superuser's URL `postgres`."""
    parts = urlsplit(postgres)
    host = f"{parts.hostname}:{parts.port or 5432}"

    def url(role: str) -> str:
        login = f"{service}_{role}:{quote(password, safe='')}@{host}"
        return urlunsplit((parts.scheme, login, f"/{database or service}", parts.query, ""))

    return Urls(url("owner"), url("app"), url("work"))


async def bootstrap_service(
    postgres: str, service: str, *, password: str, database: str | None = None
) -> None:
    """Create the service's roles and database, or set the passwords of those that exist."""
    await bootstrap(postgres, service_urls(postgres, service, password=password, database=database))


async def bootstrap(postgres: str, urls: Urls) -> None:
    """Create the roles and the database that the URLs name, each role with its own password."""
    logins = [_Login.of(url) for url in (urls.owner, urls.app, urls.work)]
    owner, app, work = logins
    database = owner.database
    connection = await asyncpg.connect(postgres, timeout=10)
    try:
        await connection.execute(QUIET)
        await connection.execute("SELECT pg_advisory_lock($1)", _LOCK)
        for group in GROUPS:
            await _role(connection, group, "NOLOGIN")
        for login in logins:
            secret = await connection.fetchval("SELECT quote_literal($1::text)", login.password)
            await _role(connection, login.role, f"LOGIN PASSWORD {secret}")
        for group, login in zip(GROUPS, (app, work), strict=True):
            await connection.execute(f'GRANT "{group}" TO "{login.role}"')
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", database):
            await connection.execute(f'CREATE DATABASE "{database}" OWNER "{owner.role}"')
        await connection.execute(f'REVOKE ALL ON DATABASE "{database}" FROM PUBLIC')
        for login in (app, work):
            await connection.execute(f'GRANT CONNECT ON DATABASE "{database}" TO "{login.role}"')
    finally:
        await connection.close()


@dataclass(frozen=True, slots=True)
class _Login:
    role: str
    password: str
    database: str

    @classmethod
    def of(cls, url: str) -> _Login:
        parts = urlsplit(url)
        role, password = unquote(parts.username or ""), unquote(parts.password or "")
        database = unquote(parts.path.lstrip("/"))
        for name in (role, database):
            if not _NAME.fullmatch(name):
                raise ValueError("a role's URL is postgresql://role:password@host:port/database")
        if not password:
            raise ValueError(f"the URL of {role} has no password")
        return cls(role, password, database)


async def _role(connection: asyncpg.Connection[Any], name: str, options: str) -> None:
    exists = await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", name)
    await connection.execute(f'{"ALTER" if exists else "CREATE"} ROLE "{name}" {options}')
