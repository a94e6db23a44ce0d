"""Isolation specifications, in the manner of PostgreSQL's own `src/test/isolation`.

Each test names two or three sessions that do real deeds on a real Postgres, and the statements
before which each of them stops. The tester (`support.isolation`) plays every order in which the
sessions can take their steps (two sessions of four steps: 70 orders), lets one that waits for a
lock wait, and after each order the invariants are asked of the rows: no order's golden output is
compared, since several are right.

A failure prints the order that it failed in. To tell that one again alone:

    PERMUTATION='enroll end end enroll …' pytest tests/isolation/<file>::<test>

A specification also fails when one of its stops was never reached, and says what it must have seen
(that somebody waited, that both outcomes came), so that it cannot pass by missing its point.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from common import inbox, outbox
from common.clock import Clock
from common.database import Database, Queries
from common.ids import Ids
from registry.areas.edition import read_edition
from registry.areas.load import load_areas
from registry.storage.queries import SQL as REGISTRY
from support.databases import ServiceUrls, TestDatabases
from support.isolation import IsolationTester

# The rigs beside the services' own tests are not found otherwise.
sys.path.insert(0, str(Path(__file__).parents[1] / "registry"))
sys.path.insert(0, str(Path(__file__).parents[1] / "notifications"))
from registry_api import some_areas
from support.isolation_eligibility import Rig
from support.isolation_mail import Post

COMMON = (outbox.QUERIES, inbox.QUERIES, Queries.of("common", "idempotency.sql"))


@pytest.fixture
async def registry(registry_urls: ServiceUrls) -> AsyncIterator[Database]:
    """The API's view of a registry that knows the story's villages."""
    work = await Database.open(registry_urls.work, name="isolation-work", size=2)
    await load_areas(work, outbox.Outbox(clock=Clock(), ids=Ids()), some_areas(read_edition()))
    await work.close()
    database = await Database.open(registry_urls.app, name="isolation", size=2)
    yield database
    await database.close()


@pytest.fixture
async def deeds(registry: Database, registry_urls: ServiceUrls) -> AsyncIterator[IsolationTester]:
    """Sessions of the registry's API."""
    tester = IsolationTester(registry_urls.app, *COMMON, REGISTRY)
    yield tester
    await tester.close()


@pytest.fixture(scope="module")
async def rig(databases: TestDatabases) -> AsyncIterator[Rig]:
    """Eligibility with the default rules: sessions `act` come as its API, others as its work."""
    async with databases.fresh("eligibility") as urls:
        opened = await Rig.open(urls)
        yield opened
        await opened.close()


@pytest.fixture(scope="module")
async def post(databases: TestDatabases) -> AsyncIterator[Post]:
    """Notifications: sessions `directory` and `desk` come as its API, others as its work."""
    async with databases.fresh("notifications") as urls:
        opened = await Post.open(urls)
        yield opened
        await opened.close()
