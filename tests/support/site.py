"""Eligibility's process with its pages, over a database that is there already."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
from common.topics_admin import ensure_topics

from support.browsing import Site
from support.databases import ServiceUrls
from support.proxy import free_ports
from support.streams import fresh_prefix
from support.system import PARTITIONS, READY, Process
from support.waiting import eventually


@asynccontextmanager
async def site_on(
    home: Path, *, kafka: str, urls: ServiceUrls, parts: str = "api", prefix: str | None = None
) -> AsyncIterator[Site]:
    """The service as it runs, ready; some of its parts."""
    prefix = prefix or fresh_prefix()
    await ensure_topics(kafka, prefix=prefix, partitions=PARTITIONS)
    (port,) = free_ports(1)
    told = os.environ | {
        "MODE": "test",
        "KAFKA": kafka,
        "TOPIC_PREFIX": prefix,
        "TOPIC_PARTITIONS": str(PARTITIONS),
        "SECRETS_DIR": str(home / "secrets"),
        "ELIGIBILITY_OWNER_URL": urls.owner,
        "ELIGIBILITY_APP_URL": urls.app,
        "ELIGIBILITY_WORK_URL": urls.work,
        "ELIGIBILITY_PORT": str(port),
        "ELIGIBILITY_PARTS": parts,
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
