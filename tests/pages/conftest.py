"""Eligibility's pages over the whole country, served by the real process, and a real browser."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

import httpx2
import pytest
from common.topics_admin import ensure_topics
from playwright.async_api import Browser
from support.browsing import Site, chromium
from support.country import fill_country
from support.databases import ServiceUrls, TestDatabases
from support.proxy import free_ports
from support.stack import TestStack
from support.streams import fresh_prefix
from support.system import PARTITIONS, READY, Process
from support.waiting import eventually


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as started:
        yield started


@pytest.fixture(scope="package")
async def country_urls(databases: TestDatabases) -> AsyncIterator[ServiceUrls]:
    """Eligibility's database with every village of the country."""
    async with databases.fresh("eligibility") as urls:
        await fill_country(urls.owner)
        yield urls


@pytest.fixture(scope="package")
async def site(
    tmp_path_factory: pytest.TempPathFactory, stack: TestStack, country_urls: ServiceUrls
) -> AsyncIterator[Site]:
    """The service as it runs, with its API part only."""
    home, kafka, prefix = tmp_path_factory.mktemp("site"), await stack.kafka(), fresh_prefix()
    await ensure_topics(kafka, prefix=prefix, partitions=PARTITIONS)
    (port,) = free_ports(1)
    told = os.environ | {
        "MODE": "test",
        "KAFKA": kafka,
        "TOPIC_PREFIX": prefix,
        "TOPIC_PARTITIONS": str(PARTITIONS),
        "SECRETS_DIR": str(home / "secrets"),
        "ELIGIBILITY_OWNER_URL": country_urls.owner,
        "ELIGIBILITY_APP_URL": country_urls.app,
        "ELIGIBILITY_WORK_URL": country_urls.work,
        "ELIGIBILITY_PORT": str(port),
        "ELIGIBILITY_PARTS": "api",
    }
    process = Process("eligibility", told, home / "eligibility.log")
    await process.start()
    try:
        site = Site(f"http://127.0.0.1:{port}", home / "secrets")
        await eventually(lambda: _readiness(site), READY, within=60)
        yield site
    finally:
        await process.stop()


async def _readiness(site: Site) -> object:
    try:
        async with httpx2.AsyncClient(timeout=5) as client:
            return (await client.get(f"{site.url}/ready")).json()
    except httpx2.TransportError:
        return None
