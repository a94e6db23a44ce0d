"""A whole system on the session's Kafka and Postgres, knowing the story's two villages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from demo import scenario
from support.databases import TestDatabases
from support.system import System, system_on


@pytest.fixture
async def system(tmp_path: Path, kafka: str, databases: TestDatabases) -> AsyncIterator[System]:
    villages = {village.code for village in scenario.VILLAGES}
    async with system_on(tmp_path, kafka=kafka, databases=databases, villages=villages) as started:
        yield started
