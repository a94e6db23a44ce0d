"""Eligibility's pages over the whole country, served by the real process, and a real browser."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser
from support.browsing import Site, chromium
from support.country import fill_country
from support.databases import ServiceUrls, TestDatabases
from support.site import site_on
from support.stack import TestStack


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
    """The service with its API part only."""
    home, kafka = tmp_path_factory.mktemp("site"), await stack.kafka()
    async with site_on(home, kafka=kafka, urls=country_urls) as started:
        yield started
