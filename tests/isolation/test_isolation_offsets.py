"""What must not come first: offsets, an effect without its mark, an event behind a parked one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any

import pytest
from common.database import Connection, Database
from common.events import topics
from common.inbox import Inbox
from common.kafka import build_admin, build_broker
from common.outbox import VillageLocks
from common.received import Received
from common.sealing import Sealer
from eligibility.consumers import registry_router
from faststream.kafka import KafkaRouter
from notifications.consumers import router_of
from support.databases import ServiceUrls
from support.programme import SteadyClock, fetch
from support.streams import KETANON, Offsets, publish, sosialisasi, value_of
from support.waiting import eventually

VILLAGES = topics.REGISTRY_VILLAGES
OUTREACH = topics.REGISTRY_OUTREACH


class AtWork:
    """An inbox whose transaction has not committed yet."""

    def __init__(self) -> None:
        self.begun, self.commit = asyncio.Event(), asyncio.Event()

    async def receive(self, records: Sequence[Any]) -> None:
        self.begun.set()
        await self.commit.wait()


async def committed(kafka: str, group: str) -> int:
    """How many records the group has passed, over all its topics."""
    admin = build_admin(kafka, client="tests")
    await admin.start()
    try:
        offsets = await admin.list_consumer_group_offsets(group)
    finally:
        await admin.close()
    return sum(max(0, place.offset) for place in offsets.values())


@pytest.mark.parametrize(
    ("service", "router"), [("eligibility", registry_router), ("notifications", router_of)]
)
async def test_no_offset_is_committed_before_the_effect(
    kafka: str, prefix: str, service: str, router: Callable[..., KafkaRouter]
) -> None:
    """While a batch is at work its offsets stay; after its commit they follow."""
    inbox = AtWork()
    value = value_of(sosialisasi(), village=KETANON, sequence=1)
    await publish(kafka, f"{prefix}{VILLAGES}", (KETANON.encode(), value))
    broker = build_broker(kafka, service=service, routers=[router(inbox, prefix=prefix)])
    await broker.start()
    try:
        await asyncio.wait_for(inbox.begun.wait(), 20)
        before = await committed(kafka, f"{prefix}{service}")
        inbox.commit.set()
        await eventually(lambda: committed(kafka, f"{prefix}{service}"), 1)
    finally:
        inbox.commit.set()
        await broker.stop()

    assert 0 == before


class Noting:
    """An effect that is a row; the infrastructure is away so many times."""

    def __init__(self, away: int = 0) -> None:
        self.away = away

    async def apply(
        self,
        connection: Connection,
        locks: VillageLocks,
        accepted: Mapping[str, Sequence[Received]],
    ) -> None:
        if self.away:
            self.away -= 1
            raise ConnectionResetError
        await connection.execute("INSERT INTO noted SELECT")


@pytest.fixture
async def database(common_urls: ServiceUrls) -> AsyncIterator[Database]:
    opened = await Database.open(common_urls.owner, name="isolation", size=4)
    async with opened.transaction() as connection:
        await connection.execute("CREATE TABLE noted ()")
    yield opened
    await opened.close()


async def test_the_effect_goes_with_its_mark(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut between the effect and its mark: neither is there, and the batch comes again."""
    inbox = Inbox(
        database, inputs=[OUTREACH], effect=Noting(), clock=SteadyClock(), sealer=Sealer(bytes(32))
    )
    record = Offsets().record(sosialisasi(), village=KETANON, sequence=1)
    with monkeypatch.context() as patched:

        async def cut(*_: Any) -> None:
            raise ConnectionResetError

        patched.setattr(inbox, "_advance", cut)
        patched.setattr("common.inbox.PATIENCE_SECONDS", 0.0)
        with pytest.raises(ConnectionResetError):
            await inbox.receive([record])
        before = await fetch(database, "SELECT FROM noted")
    await inbox.receive([record])

    assert (0, 1) == (len(before), len(await fetch(database, "SELECT FROM noted")))


async def test_a_parked_village_waits_on_every_topic(database: Database) -> None:
    """Behind a broken record nothing of its village has an effect, of whatever topic it is."""
    inbox = Inbox(
        database,
        inputs=[OUTREACH, VILLAGES],
        effect=Noting(),
        clock=SteadyClock(),
        sealer=Sealer(bytes(32)),
    )
    offsets = Offsets()
    await inbox.receive([offsets.raw(VILLAGES, KETANON.encode(), b"broken")])
    await inbox.receive([offsets.record(sosialisasi(), village=KETANON, sequence=1)])

    parked = await fetch(database, "SELECT reason FROM parked ORDER BY parked_id")
    assert ["UNDECODABLE", "BEHIND_PARKED"] == [row["reason"] for row in parked]
    assert [] == await fetch(database, "SELECT FROM noted")


async def test_an_outage_parks_nothing(database: Database) -> None:
    """What the infrastructure did is waited out and no event's fault."""
    effect, clock = Noting(away=2), SteadyClock()
    inbox = Inbox(database, inputs=[OUTREACH], effect=effect, clock=clock, sealer=Sealer(bytes(32)))
    await inbox.receive([Offsets().record(sosialisasi(), village=KETANON, sequence=1)])

    assert [] == await fetch(database, "SELECT FROM parked")
    assert 1 == len(await fetch(database, "SELECT FROM noted"))
