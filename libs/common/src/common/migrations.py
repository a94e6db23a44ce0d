"""Migrations: plain SQL, forward only, applied under an advisory lock."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import asyncpg
from pogo_core.util import migrate as pogo
from pogo_core.util import sql

from common.database import Connection

_LOCK = 0x6D69_6772
_SCHEMA = "public"


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
            await _apply(connection, folder)
        new = sorted(await applied(connection) - before)
        brought = expected(package)
        await connection.executemany(
            "UPDATE _pogo_migration SET checksum = $2 WHERE migration_id = $1",
            [(name, brought[name]) for name in new],
        )
        return new
    finally:
        await connection.close()


async def _apply(connection: asyncpg.Connection[Any], folder: Path) -> None:
    """Apply what is missing in the order of its numbers, each in a transaction."""
    await sql.ensure_pogo_sync(connection)
    migrations = await sql.read_migrations(folder, connection, schema_name=_SCHEMA)
    for migration in sorted(migrations, key=lambda migration: migration.id):
        if migration.applied:
            continue
        migration.load()
        async with pogo.transaction(connection, migration):
            await migration.apply(connection)
            await sql.migration_applied(
                connection, migration.id, migration.hash, schema_name=_SCHEMA
            )


async def applied(connection: asyncpg.Connection[Any]) -> set[str]:
    """Ids of the migrations that this database has."""
    if await connection.fetchval("SELECT to_regclass('public._pogo_migration')") is None:
        return set()
    rows = await connection.fetch("SELECT migration_id FROM _pogo_migration")
    return {row["migration_id"] for row in rows}


async def drift(connection: Connection, package: str) -> str | None:
    """How the database differs from this release, or None: a probe of readiness.

    What an earlier release applied has no checksum, and is taken for the same.
    """
    rows = await connection.fetch("SELECT * FROM _pogo_migration")
    has = {row["migration_id"]: row.get("checksum") for row in rows}
    brings = expected(package)
    if missing := sorted(brings.keys() - has.keys()):
        return f"migrations are missing ({', '.join(missing)}): run the service's `migrate`"
    if newer := sorted(has.keys() - brings.keys()):
        return f"the database is of a newer release ({', '.join(newer)}): upgrade the service"
    if edited := sorted(name for name, sum_ in has.items() if sum_ not in (None, brings[name])):
        return (
            f"migrations were edited after they were applied here ({', '.join(edited)}): "
            "restore their files, and write the change as a new migration"
        )
    return None


@cache
def expected(package: str) -> Mapping[str, str]:
    """The migrations that this release brings for `package`, with the checksum of each file."""
    folders = {_folder("common"), _folder(package)}
    files = [file for folder in folders for file in folder.glob("*.sql")]
    return {file.stem: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
