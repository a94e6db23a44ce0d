"""Migrations: applied once, by whoever comes first, and compared at start."""

from __future__ import annotations

import asyncio
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from common.bootstrap import bootstrap_service, service_urls
from common.migrations import applied, drift, expected, migrate
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


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package with one migration, which tests may edit."""
    folder = tmp_path / f"a{secrets.token_hex(4)}"
    (folder / "migrations").mkdir(parents=True)
    (folder / "__init__.py").touch()
    write_migration(folder, "CREATE TABLE first (n int);")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield folder
    sys.modules.pop(folder.name, None)


def write_migration(package: Path, statement: str, *, number: int = 900) -> None:
    expected.cache_clear()
    text = f"--A test's.\n-- depends:\n\n-- migrate: apply\n\n{statement}\n\n-- migrate: rollback\n"
    (package / "migrations" / f"0{number}_pre_test.sql").write_text(text)


async def test_an_edited_migration_is_named(common_urls: ServiceUrls, package: Path) -> None:
    """A file that was changed after it was applied is not what this database has."""
    await migrate(common_urls.owner, package.name)
    owner = await asyncpg.connect(common_urls.owner)
    try:
        same = await drift(owner, package.name)
        write_migration(package, "CREATE TABLE first (n bigint);")
        edited = await drift(owner, package.name)
        again = await migrate(common_urls.owner, package.name)
    finally:
        await owner.close()

    assert same is None
    assert edited is not None
    assert "edited after they were applied here (0900_pre_test): restore" in edited
    assert [] == again


async def test_what_an_earlier_release_applied_is_taken_for_the_same(
    common_urls: ServiceUrls,
) -> None:
    """It wrote no checksums; those that it left out are no trouble."""
    owner = await asyncpg.connect(common_urls.owner)
    try:
        await owner.execute("UPDATE _pogo_migration SET checksum = NULL")
        without = await drift(owner, "common")
        await owner.execute("ALTER TABLE _pogo_migration DROP COLUMN checksum")
        before = await drift(owner, "common")
    finally:
        await owner.close()

    assert (None, None) == (without, before)


async def test_migrations_are_applied_in_the_order_of_their_numbers(
    common_urls: ServiceUrls, package: Path
) -> None:
    """What a file says it depends on is for its reader; a failed one leaves those before it."""
    for number in range(920, 900, -1):
        write_migration(package, f"CREATE TABLE t{number} AS TABLE t{number - 1};", number=number)
    write_migration(package, "CREATE TABLE t900 (n int);")
    write_migration(package, "CREATE TABLE t921 AS TABLE nowhere;", number=921)

    with pytest.raises(asyncpg.UndefinedTableError):
        await migrate(common_urls.owner, package.name)

    owner = await asyncpg.connect(common_urls.owner)
    try:
        assert "0920_pre_test" == max(await applied(owner))
    finally:
        await owner.close()
