"""A whole system on the session's Kafka and Postgres, and the story told to one and watched."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from demo.places import Places
from support.browsing import chromium
from support.databases import TestDatabases
from support.officer import issuer_beside
from support.stack import TestStack
from support.system import SERVICES, System, system_on
from support.telling import INTERRUPTIONS, VILLAGES, Telling
from support.watching import watching


@pytest.fixture
async def system(tmp_path: Path, kafka: str, databases: TestDatabases) -> AsyncIterator[System]:
    async with system_on(tmp_path, kafka=kafka, databases=databases, villages=VILLAGES) as started:
        yield started


@pytest.fixture(scope="package")
async def telling(
    tmp_path_factory: pytest.TempPathFactory, stack: TestStack, databases: TestDatabases
) -> AsyncIterator[Telling]:
    """The story told to a fresh system that is watched on the pages, for all tests.

    It is interrupted before every chapter and in Klaten, and gone on with.
    """
    home, kafka = tmp_path_factory.mktemp("story"), await stack.kafka()
    async with AsyncExitStack() as opened:
        variables = opened.enter_context(pytest.MonkeyPatch.context())
        discovery = await opened.enter_async_context(issuer_beside(home / "secrets"))
        variables.setenv("ELIGIBILITY_OIDC_DISCOVERY", discovery)
        system = await opened.enter_async_context(
            system_on(home, kafka=kafka, databases=databases, villages=VILLAGES)
        )
        for service in SERVICES:
            variables.setenv(f"{service.upper()}_PORT", str(system.ports[service]))
        browser = await opened.enter_async_context(chromium())
        watcher = await opened.enter_async_context(watching(browser, system.address("eligibility")))
        telling = Telling(system, Places(system.home), watcher)
        for cut_at in INTERRUPTIONS:
            told, _ = await telling.tell(cut_at)
            for one in told:
                await watcher.look(one)
            telling.told += told
        yield telling
