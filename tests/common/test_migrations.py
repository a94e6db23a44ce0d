"""Migrations: applied once, by whoever comes first, and compared at start."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest
from common.bootstrap import bootstrap_service, service_urls
from common.migrations import drift, expected, migrate
from support.databases import ServiceUrls, TestDatabases

pytestmark = pytest.mark.stack


async def test_several_processes_migrate_at_once(databases: TestDatabases) -> None:
    """One of them does it, the others wait and find nothing to do."""
    name = f"t_{databases.run}_migrating"
    await bootstrap_service(databases.postgres, "common", database=name, password="test")
    owner = service_urls(databases.postgres, "common", database=name, password="test").owner
    try:
        applied = await asyncio.gather(*(migrate(owner, "common") for _ in range(4)))
    finally:
        connection = await asyncpg.connect(databases.postgres)
        await connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        await connection.close()

    assert [sorted(expected("common")), [], [], []] == sorted(applied, key=len, reverse=True)


async def test_a_database_of_another_release_is_named(common_urls: ServiceUrls) -> None:
    """Missing and newer migrations are different troubles with different cures."""
    owner = await asyncpg.connect(common_urls.owner)
    try:
        same = await drift(owner, "common")
        await owner.execute(
            "UPDATE _pogo_migration SET migration_id = '9999_pre_later'"
            " WHERE migration_id = '0002_pre_inbox'"
        )
        missing = await drift(owner, "common")
        await owner.execute("DELETE FROM _pogo_migration WHERE migration_id = '9999_pre_later'")
        await owner.execute(
            "INSERT INTO _pogo_migration (migration_hash, migration_id, applied, schema_name)"
            " VALUES ('x', '0002_pre_inbox', now(), 'public'), ('y', '9999', now(), 'public')"
        )
        newer = await drift(owner, "common")
    finally:
        await owner.close()

    assert same is None
    assert missing is not None
    assert "0002_pre_inbox" in missing
    assert "`migrate`" in missing
    assert newer is not None
    assert "newer release (9999)" in newer


async def test_the_login_roles_may_look(common_urls: ServiceUrls) -> None:
    """Readiness asks as the role that serves."""
    for url in (common_urls.app, common_urls.work):
        connection = await asyncpg.connect(url)
        try:
            assert await drift(connection, "common") is None
        finally:
            await connection.close()
