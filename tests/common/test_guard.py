"""A process refuses logins that can do too much, and in production a database of a demo."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest
from common.guard import Guard
from common.process import Part, run_parts
from support.databases import ServiceUrls, TestDatabases
from support.service_settings import service_settings
from support.waiting import eventually


@pytest.fixture
async def urls(databases: TestDatabases) -> AsyncIterator[ServiceUrls]:
    async with databases.fresh("registry") as made:
        yield made


async def test_the_service_s_own_logins_pass(urls: ServiceUrls) -> None:
    """The roles that the bootstrap makes can do no more than their part."""
    assert [] == await Guard(service_settings(urls)).refusals()


async def test_logins_that_can_do_too_much_are_refused(
    urls: ServiceUrls, databases: TestDatabases
) -> None:
    """A superuser passes by every grant and row policy; the owner could rewrite the record."""
    database = urls.app.rsplit("/", 1)[1]
    superuser = f"{databases.postgres.rsplit('/', 1)[0]}/{database}"

    for mode in ("production", "test"):
        found = await Guard(
            service_settings(urls, mode=mode, app_url=superuser, work_url=urls.owner)
        ).refusals()
        assert [
            (
                "APP_URL: the login postgres is a superuser and passes by row security; "
                "give the service's own login role"
            ),
            "WORK_URL: the login registry_owner owns the tables; give the service's own login role",
        ] == found


async def test_logins_that_were_swapped_are_refused(urls: ServiceUrls) -> None:
    """The working login sees every row: an API with it would show the country to everyone."""
    found = await Guard(
        service_settings(urls, app_url=urls.work, work_url="postgresql://x:y@127.0.0.1:1/none")
    ).refusals()

    assert [
        (
            "APP_URL: the login registry_work has what only desa_work may; "
            "give the service's own login role"
        )
    ] == found


async def test_production_refuses_a_database_whose_time_was_moved(urls: ServiceUrls) -> None:
    """Days that a demo has skipped would stand in every fact; the demo itself goes on."""
    connection = await asyncpg.connect(urls.owner)
    await connection.execute("UPDATE clock SET moved_by = $1", timedelta(days=90))
    await connection.close()

    (refusal,) = await Guard(service_settings(urls)).refusals()

    assert "moved by 90 days" in refusal
    assert [] == await Guard(service_settings(urls, mode="demo")).refusals()


async def test_nothing_is_begun_before_the_guard_has_passed(
    urls: ServiceUrls, caplog: pytest.LogCaptureFixture
) -> None:
    """A refused process ends with 1 and has consumed, relayed and sent nothing."""
    begun: list[str] = []

    def part(name: str) -> Part:
        async def run(stop: asyncio.Event) -> None:
            begun.append(name)
            await stop.wait()

        return Part(name, run)

    async def names() -> list[str]:
        return sorted(begun)

    parts = [part("consumer"), part("relay")]
    refused = Guard(service_settings(urls, work_url=urls.owner)).before(parts)
    with caplog.at_level(logging.ERROR):
        code = await asyncio.wait_for(run_parts(refused), 20)
    assert (1, []) == (code, begun)
    assert "refused to serve: WORK_URL: the login registry_owner owns the tables" in caplog.text

    stop = asyncio.Event()
    running = asyncio.create_task(run_parts(Guard(service_settings(urls)).before(parts), stop=stop))
    await eventually(names, ["consumer", "relay"])
    stop.set()
    assert 0 == await running


async def test_it_waits_for_the_migrations(databases: TestDatabases) -> None:
    """A database that is not there yet, or empty, is waited for: nothing is refused for it."""
    gone = "postgresql://nobody:nothing@127.0.0.1:1/none"
    stop = asyncio.Event()
    guard = Guard(service_settings(ServiceUrls(gone, gone, gone)))

    running = asyncio.create_task(guard.run(stop))
    done, _ = await asyncio.wait({running}, timeout=0.5)
    stop.set()
    await asyncio.wait_for(running, 10)

    assert set() == done
