"""Databases and roles of the services on a new Postgres (done by a superuser, once)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg

GROUPS = ("desa_app", "desa_work")
"""Group roles that the migrations grant to: API and pages; relay, scheduler, consumers, courier."""

_LOCK = 0x6465_7361


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
    name = database or service
    connection = await asyncpg.connect(postgres, timeout=10)
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", _LOCK)
        for group in GROUPS:
            await _role(connection, group, "NOLOGIN")
        secret = await connection.fetchval("SELECT quote_literal($1::text)", password)
        for role in ("owner", "app", "work"):
            await _role(connection, f"{service}_{role}", f"LOGIN PASSWORD {secret}")
        for group in GROUPS:
            login = f"{service}_{group.removeprefix('desa_')}"
            await connection.execute(f'GRANT "{group}" TO "{login}"')
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
            await connection.execute(f'CREATE DATABASE "{name}" OWNER "{service}_owner"')
        await connection.execute(f'REVOKE ALL ON DATABASE "{name}" FROM PUBLIC')
        for role in ("app", "work"):
            await connection.execute(f'GRANT CONNECT ON DATABASE "{name}" TO "{service}_{role}"')
    finally:
        await connection.close()


async def _role(connection: asyncpg.Connection[Any], name: str, options: str) -> None:
    exists = await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", name)
    await connection.execute(f'{"ALTER" if exists else "CREATE"} ROLE "{name}" {options}')
