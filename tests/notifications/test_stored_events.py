"""A record broken on the topic is read from the service that published it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from common.database import Database
from common.events import topics
from common.health import Health
from common.ids import Ids
from common.inbox import Inbox
from common.parking import Parking
from common.process import api_part
from common.sealing import Sealer
from common.security import Authenticator, JwksFile
from common.security.demo import DEMO_ISSUER, JWKS, ensure_demo_secrets
from common.settings import Mode
from common.stored_events import StoredEventsUnavailable
from common.stream_counters import StreamCounters
from eligibility.application import Certification
from eligibility.consumers import INPUTS
from eligibility.main import create_app, reading_of
from notifications.settings import Settings
from notifications_rig import Service
from prometheus_client import CollectorRegistry
from support.databases import ServiceUrls
from support.programme import Registry, SteadyClock, fetch, staffed
from support.streams import KETANON, Record
from support.waiting import eventually


def settings(secrets: Path, **changes: Any) -> Settings:
    given: dict[str, Any] = {
        "mode": Mode.TEST,
        "owner_url": "postgresql://owner@h/d",
        "app_url": "postgresql://app@h/d",
        "work_url": "postgresql://work@h/d",
        "kafka": "h:9092",
        "port": 8003,
        "smtp_host": "h",
        "mail_from": "desasadar@bpjs.example",
        "secrets_dir": secrets,
    }
    return Settings(**(given | changes))


@pytest.fixture
async def eligibility(eligibility_urls: ServiceUrls) -> AsyncIterator[Database]:
    """Eligibility's database, in which Ketanon has one decision."""
    database = await Database.open(eligibility_urls.work, name="eligibility", size=2)
    clock = SteadyClock()
    certification = Certification(database, clock=clock, ids=Ids())
    await certification.install_default_rules()
    inbox = Inbox(
        database, inputs=INPUTS, effect=certification, clock=clock, sealer=Sealer(bytes(32))
    )
    posts, terms = [uuid4() for _ in range(9)], [uuid4() for _ in range(9)]
    await inbox.receive(staffed(Registry(), posts, terms))
    yield database
    await database.close()


@asynccontextmanager
async def serving(urls: ServiceUrls, secrets: Path) -> AsyncIterator[str]:
    """The address of eligibility's API over HTTP."""
    ensure_demo_secrets(secrets)
    database = await Database.open(urls.app, name="eligibility-app", size=2)
    clock = SteadyClock()
    app = create_app(
        reading=reading_of(database),
        certification=Certification(database, clock=clock, ids=Ids()),
        counters=StreamCounters(database),
        authenticator=Authenticator(
            issuer=DEMO_ISSUER, audience="eligibility", jwks=JwksFile(secrets / JWKS)
        ),
        health=Health(CollectorRegistry()),
        clock=clock,
    )
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    stop = asyncio.Event()
    part = api_part(app, "127.0.0.1", port, setting="PORT")
    running = asyncio.create_task(part.run(stop))
    address = f"http://127.0.0.1:{port}"

    async def lives() -> bool:
        try:
            async with httpx2.AsyncClient() as client:
                return (await client.get(f"{address}/live")).is_success
        except httpx2.TransportError:
            return False

    try:
        await eventually(lives, expected=True)
        yield address
    finally:
        stop.set()
        await running
        await database.close()


async def test_a_broken_decision_is_read_from_eligibility(
    service: Service, eligibility: Database, eligibility_urls: ServiceUrls, tmp_path: Path
):
    """Bytes that nobody can read park the village; a retry takes those that eligibility stored."""
    broken = Record(topics.ELIGIBILITY_CERTIFICATIONS, KETANON.encode(), b'{"specver', 0, 0)
    await service.inbox.receive([broken])
    assert 1 == await service.count("SELECT parked FROM marks")

    async with serving(eligibility_urls, tmp_path) as address:
        parking = Parking(
            service.work,
            service.inbox,
            sealer=service.sealer,
            clock=service.clock,
            ids=service.ids,
            stored=settings(tmp_path, eligibility_url=address).stored_events(),
        )
        drained = await parking.retry(KETANON)

    decided = await fetch(eligibility, "SELECT decision_id FROM decisions")
    assert (1, 0) == (drained.applied, drained.left)
    assert decided == await fetch(service.work, "SELECT decision_id FROM certifications")


async def test_an_address_that_is_missing_is_named(tmp_path: Path):
    """Asked for an event of a service without address or token, it says which variable to set."""
    stored = settings(tmp_path, eligibility_url="http://127.0.0.1:1").stored_events()
    assert stored is not None
    with pytest.raises(StoredEventsUnavailable, match="NOTIFICATIONS_REGISTRY_URL is not set"):
        await stored(topics.REGISTRY_VILLAGES, KETANON, 1)
    with pytest.raises(StoredEventsUnavailable, match=r"127\.0\.0\.1:1 does not answer"):
        await stored(topics.ELIGIBILITY_CERTIFICATIONS, KETANON, 1)

    assert settings(tmp_path).stored_events() is None
