"""A notifications service in one process: real Postgres, real SMTP, a clock that stands still."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from support.databases import ServiceUrls

# Modules beside the tests are not found otherwise when tests are imported one by one.
sys.path.insert(0, str(Path(__file__).parent))
from faulty_smtp import FaultySmtp, faulty_smtp
from notifications_rig import Service


@pytest.fixture
async def post() -> AsyncIterator[FaultySmtp]:
    async with faulty_smtp() as server:
        yield server


@pytest.fixture
async def service(notifications_urls: ServiceUrls, post: FaultySmtp) -> AsyncIterator[Service]:
    opened = await Service.open(notifications_urls, post)
    try:
        yield opened
    finally:
        await opened.close()
