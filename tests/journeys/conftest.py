"""A whole system on the session's Kafka and Postgres, and the story told to one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from demo.places import Places
from support.databases import TestDatabases
from support.stack import TestStack
from support.system import SERVICES, System, system_on
from support.telling import VILLAGES, Telling


@pytest.fixture
async def system(tmp_path: Path, kafka: str, databases: TestDatabases) -> AsyncIterator[System]:
    async with system_on(tmp_path, kafka=kafka, databases=databases, villages=VILLAGES) as started:
        yield started


@pytest.fixture(scope="package")
async def telling(
    tmp_path_factory: pytest.TempPathFactory, stack: TestStack, databases: TestDatabases
) -> AsyncIterator[Telling]:
    """The story told to a fresh system, interrupted in Klaten and gone on with, for all tests."""
    home, kafka = tmp_path_factory.mktemp("story"), await stack.kafka()
    with pytest.MonkeyPatch.context() as variables:
        async with system_on(home, kafka=kafka, databases=databases, villages=VILLAGES) as started:
            for service in SERVICES:
                variables.setenv(f"{service.upper()}_PORT", str(started.ports[service]))
            telling = Telling(started, Places(started.home))
            for cut_at in ("klaten/1/Gemblegan", ""):
                told, _ = await telling.tell(cut_at)
                telling.told += told
            yield telling
