"""A registry of its own for every test: the real application on a real Postgres."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from common.clock import Clock
from common.database import Database
from common.ids import Ids
from common.outbox import Outbox
from httpx2 import ASGITransport, AsyncClient
from registry.areas.edition import Edition, read_edition
from registry.areas.load import load_areas
from registry.main import build
from support.databases import ServiceUrls

# Modules beside the tests are not found otherwise when tests are imported one by one.
sys.path.insert(0, str(Path(__file__).parent))
from registry_api import Api, settings_for, some_areas


@pytest.fixture(scope="session")
def edition() -> Edition:
    return read_edition()


@pytest.fixture(scope="session")
def secrets_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("secrets")


@pytest.fixture
async def owner(registry_urls: ServiceUrls) -> AsyncIterator[Database]:
    """The owner's view, past row security."""
    database = await Database.open(registry_urls.owner, name="test-owner", size=4)
    yield database
    await database.close()


@pytest.fixture
async def work(registry_urls: ServiceUrls) -> AsyncIterator[Database]:
    database = await Database.open(registry_urls.work, name="test-work", size=4)
    yield database
    await database.close()


@pytest.fixture
async def known_areas(work: Database, edition: Edition) -> Edition:
    """The kecamatan of the story are loaded."""
    some = some_areas(edition)
    await load_areas(work, Outbox(clock=Clock(), ids=Ids()), some)
    return some


@pytest.fixture
async def api(
    registry_urls: ServiceUrls, owner: Database, known_areas: Edition, secrets_dir: Path
) -> AsyncIterator[Api]:
    settings = settings_for(registry_urls, secrets_dir)
    async with build(settings) as service:
        transport = ASGITransport(app=service.app, raise_app_exceptions=False)
        async with AsyncClient(transport=transport, base_url="http://registry") as client:
            yield Api(client, owner, settings, service)
