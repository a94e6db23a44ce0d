"""The mail server that misbehaves stands beside the tests of notifications."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "notifications"))
from faulty_smtp import FaultySmtp, faulty_smtp


@pytest.fixture
async def smtp() -> AsyncIterator[FaultySmtp]:
    async with faulty_smtp() as server:
        yield server
