"""What the tests stand on: a real Postgres and a real Kafka, one topic prefix per test.

Where they come from, in order: TEST_POSTGRES and TEST_KAFKA in the environment; containers with
TEST_PROVIDER=containers; else the embedded ones, started once. A part that is missing fails the
tests; none is skipped.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

import pytest
from common.clock import Clock
from common.ids import Ids
from common.topics_admin import ensure_topics
from support.containers import Containers
from support.databases import ServiceUrls, TestDatabases
from support.stack import SharedStack, TestStack, open_stack
from support.streams import fresh_prefix

SHARED = pytest.StashKey[SharedStack | Containers]()


STACK_FIXTURES = {"stack", "databases", "kafka", "prefix"}


def pytest_configure(config: pytest.Config) -> None:
    """With several workers the controller starts one stack for all of them."""
    if hasattr(config, "workerinput"):
        return
    if os.environ.get("TEST_PROVIDER") == "containers":
        config.stash[SHARED] = Containers.start()
    elif getattr(config.option, "dist", "no") != "no":
        config.stash[SHARED] = SharedStack.start()


def pytest_unconfigure(config: pytest.Config) -> None:
    if shared := config.stash.get(SHARED, None):
        shared.stop()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What asks for a part of the stack is marked so; `make check` leaves it to `make test`."""
    for item in items:
        if STACK_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.stack)


@pytest.fixture(scope="session")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[TestStack]:
    async with open_stack(tmp_path_factory) as opened:
        yield opened


@pytest.fixture(scope="session")
async def databases(stack: TestStack) -> AsyncIterator[TestDatabases]:
    made = TestDatabases(stack.postgres)
    yield made
    await made.drop_templates()


@pytest.fixture
async def common_urls(databases: TestDatabases) -> AsyncIterator[ServiceUrls]:
    async with databases.fresh("common") as urls:
        yield urls


@pytest.fixture
async def registry_urls(databases: TestDatabases) -> AsyncIterator[ServiceUrls]:
    async with databases.fresh("registry") as urls:
        yield urls


@pytest.fixture
async def eligibility_urls(databases: TestDatabases) -> AsyncIterator[ServiceUrls]:
    async with databases.fresh("eligibility") as urls:
        yield urls


@pytest.fixture
async def notifications_urls(databases: TestDatabases) -> AsyncIterator[ServiceUrls]:
    async with databases.fresh("notifications") as urls:
        yield urls


@pytest.fixture
async def kafka(stack: TestStack) -> str:
    """Bootstrap address of the real Kafka."""
    return await stack.kafka()


@pytest.fixture
async def prefix(kafka: str) -> str:
    """A prefix with topics of its own, three partitions each."""
    name = fresh_prefix()
    await ensure_topics(kafka, prefix=name, partitions=3)
    return name


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ids() -> Ids:
    return Ids()
