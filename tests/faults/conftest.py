"""A system on a Kafka and a Postgres of its own, which these tests may kill."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from embedded.stack import Stack
from support.system import SERVICES, System, in_villages, system_of_its_own

pytest.register_assert_rewrite("support.verdict")

VILLAGES = in_villages("35.05.15", range(1, 5))


@pytest.fixture(scope="module")
async def own(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[tuple[System, Stack]]:
    home: Path = tmp_path_factory.mktemp("own")
    async with system_of_its_own(home, villages=VILLAGES) as started:
        yield started


@pytest.fixture
async def system(own: tuple[System, Stack]) -> AsyncIterator[System]:
    """The system, whole before the test, and none of its processes fallen after it."""
    system, _ = own
    for service in SERVICES:
        await system.ready(service)
    yield system
    fallen = system.fallen()
    for name in fallen:
        await system.processes[name].start()
    assert [] == fallen, "a process ended by itself"


@pytest.fixture
async def own_stack(own: tuple[System, Stack], system: System) -> AsyncIterator[Stack]:
    """Kafka and Postgres, both up again after the test."""
    _, stack = own
    yield stack
    await stack.restart("kafka")
    await stack.restart("postgres")
