"""Eligibility on a database of its own, with a clock that stands still."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import httpx2
import pytest
from common.database import Database
from common.health import Health
from common.ids import Ids
from common.inbox import Inbox
from common.sealing import Sealer
from common.security import Authenticator, JwksFile
from common.security.demo import DEMO_ISSUER, JWKS, demo_token, ensure_demo_secrets
from common.stream_counters import StreamCounters
from eligibility.application import Certification
from eligibility.consumers import INPUTS
from eligibility.main import create_app, reading_of
from eligibility.messages import Messages
from prometheus_client import CollectorRegistry
from support.databases import ServiceUrls
from support.filled_village import Filled
from support.programme import Registry, SteadyClock

# Modules beside the tests are not found otherwise when tests are imported one by one.
sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def clock() -> SteadyClock:
    return SteadyClock()


@pytest.fixture
def registry() -> Registry:
    return Registry()


@pytest.fixture
async def work(eligibility_urls: ServiceUrls) -> AsyncIterator[Database]:
    database = await Database.open(eligibility_urls.work, name="test-work", size=4)
    yield database
    await database.close()


@pytest.fixture
async def app(eligibility_urls: ServiceUrls) -> AsyncIterator[Database]:
    database = await Database.open(eligibility_urls.app, name="test-app", size=8)
    yield database
    await database.close()


@pytest.fixture
async def certification(work: Database, clock: SteadyClock) -> Certification:
    """The deeds of consumers and scheduler, with the default rules."""
    made = Certification(work, clock=clock, ids=Ids())
    await made.install_default_rules()
    return made


@pytest.fixture
def inbox(work: Database, certification: Certification, clock: SteadyClock) -> Inbox:
    return Inbox(work, inputs=INPUTS, effect=certification, clock=clock, sealer=Sealer(bytes(32)))


@pytest.fixture
def filled(  # what a village is filled with
    certification: Certification,
    app: Database,
    inbox: Inbox,
    clock: SteadyClock,
    registry: Registry,
    work: Database,
) -> Filled:
    """A village to be filled, with what notifications tells of it."""
    messages = Messages(work, clock=clock, sealer=Sealer(bytes(32)))
    acting = Certification(app, clock=clock, ids=Ids())
    return Filled(certification, acting, inbox, messages, clock, registry, work)


@pytest.fixture
async def api(
    app: Database, clock: SteadyClock, certification: Certification, tmp_path: Path
) -> AsyncIterator[Callable[..., Awaitable[httpx2.AsyncClient]]]:
    """Clients of the service's HTTP edge, each with the scopes and areas it asks for."""
    ensure_demo_secrets(tmp_path)
    service = create_app(
        reading=reading_of(app, clock),
        certification=Certification(app, clock=clock, ids=Ids()),
        counters=StreamCounters(app),
        authenticator=Authenticator(
            issuer=DEMO_ISSUER, audience="eligibility", jwks=JwksFile(tmp_path / JWKS)
        ),
        health=Health(CollectorRegistry()),
        clock=clock,
    )
    async with AsyncExitStack() as clients:

        async def client(*scopes: str, areas: Sequence[str] = ("*",)) -> httpx2.AsyncClient:
            token = demo_token(tmp_path, audience="eligibility", scopes=scopes, areas=areas)
            return await clients.enter_async_context(
                httpx2.AsyncClient(
                    transport=httpx2.ASGITransport(service),
                    base_url="http://eligibility",
                    headers={"Authorization": f"Bearer {token}"},
                )
            )

        yield client
