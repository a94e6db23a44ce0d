"""Migrations: plain SQL, forward only, applied under an advisory lock."""

from __future__ import annotations

import logging
from importlib import resources
from pathlib import Path
from typing import Any

import asyncpg
from pogo_core.util import migrate as pogo

from common.database import Connection

_LOCK = 0x6D69_6772

log = logging.getLogger(__name__)
log.addFilter(lambda record: record.levelno > logging.WARNING)  # pogo warns of each it applies


def _folder(package: str) -> Path:
    return Path(str(resources.files(package).joinpath("migrations")))


async def migrate(owner_url: str, package: str) -> list[str]:
    """Apply what is missing of common's and then of `package`'s migrations; names those applied.

    Several processes may call it at once: the second waits for the first and finds nothing to do.
    """
    connection: asyncpg.Connection[Any] = await asyncpg.connect(
        owner_url, timeout=10, server_settings={"lock_timeout": "60s"}
    )
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", _LOCK)
        before = await applied(connection)
        for folder in dict.fromkeys((_folder("common"), _folder(package))):
            await pogo.apply(connection, folder, schema_name="public", logger=log)
        return sorted(await applied(connection) - before)
    finally:
        await connection.close()


async def applied(connection: asyncpg.Connection[Any]) -> set[str]:
    """Ids of the migrations that this database has."""
    if await connection.fetchval("SELECT to_regclass('public._pogo_migration')") is None:
        return set()
    rows = await connection.fetch("SELECT migration_id FROM _pogo_migration")
    return {row["migration_id"] for row in rows}


async def drift(connection: Connection, package: str) -> str | None:
    """How the database differs from this release, or None: a probe of readiness."""
    rows = await connection.fetch("SELECT migration_id FROM _pogo_migration")
    has, brings = {row["migration_id"] for row in rows}, expected(package)
    if missing := sorted(brings - has):
        return f"migrations are missing ({', '.join(missing)}): run the service's `migrate`"
    if newer := sorted(has - brings):
        return f"the database is of a newer release ({', '.join(newer)}): upgrade the service"
    return None


def expected(package: str) -> set[str]:
    """Ids of the migrations that this release brings for `package`."""
    folders = {_folder("common"), _folder(package)}
    return {file.stem for folder in folders for file in folder.glob("*.sql")}
