"""Eligibility on a database of its own, with a clock that stands still."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from common.database import Database
from common.ids import Ids
from common.inbox import Inbox
from common.sealing import Sealer
from eligibility.application import Certification
from eligibility.consumers import INPUTS
from support.databases import ServiceUrls

from support.programme import Registry, SteadyClock


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
    return Inbox(
        work, inputs=INPUTS, effect=certification, clock=clock, sealer=Sealer(bytes(32))
    )
