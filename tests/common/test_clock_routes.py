"""Business time over HTTP: what is due, how far topics were heard, and moving it forward only."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from common.clock import Clock
from common.clock_routes import clock_routes
from common.clockwork import ClockFollower
from common.database import Connection, Database
from common.problems import install_problems
from common.security import Authenticator, JwksFile, install_security
from common.security.demo import DEMO_ISSUER, JWKS, demo_token, ensure_demo_secrets
from fastapi import FastAPI
from support.databases import ServiceUrls

DUE = "SELECT 2 AS due, $1::timestamptz + interval '1 day' AS next_due"
INPUTS = ("registry.villages", "registry.outreach")
DAY = 86_400.0


@pytest.fixture
async def database(common_urls: ServiceUrls) -> AsyncIterator[Database]:
    opened = await Database.open(common_urls.work, name="clock", size=2)
    yield opened
    await opened.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def caller(
    database: Database, clock: Clock, tmp_path: Path
) -> AsyncIterator[httpx2.AsyncClient]:
    ensure_demo_secrets(tmp_path)
    app = FastAPI(docs_url=None, redoc_url=None)
    app.include_router(clock_routes("eligibility", database, clock, inputs=INPUTS, due=DUE))
    install_problems(app)
    keys = JwksFile(tmp_path / JWKS)
    install_security(app, Authenticator(issuer=DEMO_ISSUER, audience="eligibility", jwks=keys))
    token = demo_token(tmp_path, audience="eligibility", scopes=["eligibility:clock"])
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app),
        base_url="http://eligibility",
        headers={"Authorization": f"Bearer {token}"},
    ) as client:
        yield client


async def test_time_goes_forward_only(
    caller: httpx2.AsyncClient, database: Database, clock: Clock
) -> None:
    """A move is stored and holds at once; a smaller one changes nothing; more than ten years no."""
    moved = [
        (await caller.post("/clock", json={"moved_by_seconds": seconds})).json()
        for seconds in (DAY, DAY / 2, 2 * DAY)
    ]
    assert [DAY, DAY, 2 * DAY] == [view["moved_by_seconds"] for view in moved]
    assert timedelta(days=2) == clock.offset
    async with database.transaction() as connection:
        assert timedelta(days=2) == await connection.fetchval("SELECT moved_by FROM clock")
    for refused in (-1, 4000 * DAY):
        answer = await caller.post("/clock", json={"moved_by_seconds": refused})
        assert 422 == answer.status_code


async def test_a_move_that_was_not_stored_moves_nothing(
    caller: httpx2.AsyncClient, database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commit is lost: this process is not to be ahead of those that follow the stored time."""
    whole = database.transaction

    @contextlib.asynccontextmanager
    async def lost() -> AsyncIterator[Connection]:
        async with whole() as connection:
            yield connection
            raise ConnectionResetError

    monkeypatch.setattr(database, "transaction", lost)
    with contextlib.suppress(ConnectionResetError):
        await caller.post("/clock", json={"moved_by_seconds": DAY})
    assert timedelta(0) == clock.offset


async def test_what_is_due_and_heard(caller: httpx2.AsyncClient, database: Database) -> None:
    """What the service owes, when it owes next, and the events of each input that it has heard."""
    empty = (await caller.get("/clock")).json()
    assert {"registry.villages": 0, "registry.outreach": 0} == empty["heard"]
    async with database.transaction() as connection:
        await connection.execute(
            "INSERT INTO marks (village_key, sequences, times) VALUES"
            " ('33.26.12.2008', '{3, 1}', '{-infinity, -infinity}'),"
            " ('33.26.10.2001', '{2}', '{-infinity}')"  # before there was a second input
        )
    view = (await caller.get("/clock")).json()
    assert {"registry.villages": 5, "registry.outreach": 1} == view["heard"]
    assert (2, True) == (view["due"], view["next_due"] > view["now"])


class Meanwhile:
    """A connection beside which a batch is committed between two statements."""

    def __init__(self, connection: Connection, database: Database) -> None:
        self._connection = connection
        self._other = Database.transaction(database)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    async def fetch(self, *arguments: Any) -> Any:
        rows = await self._connection.fetch(*arguments)
        async with self._other as other:
            await other.execute(
                "INSERT INTO marks (village_key, sequences, times)"
                " VALUES ('33.26.12.2008', '{3, 1}', '{-infinity, -infinity}')"
            )
        return rows


async def test_a_view_is_of_one_moment(
    caller: httpx2.AsyncClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or a service would have heard everything, and not yet published what follows from it."""
    whole = database.transaction

    @contextlib.asynccontextmanager
    async def beside() -> AsyncIterator[Any]:
        async with whole() as connection:
            yield Meanwhile(connection, database)

    monkeypatch.setattr(database, "transaction", beside)
    view = (await caller.get("/clock")).json()
    assert {"registry.villages": 0, "registry.outreach": 0} == view["heard"]


async def test_only_with_its_scope(caller: httpx2.AsyncClient, tmp_path: Path) -> None:
    """Time is not everybody's to move."""
    token = demo_token(tmp_path, audience="eligibility", scopes=["eligibility:act"])
    answer = await caller.post(
        "/clock", json={"moved_by_seconds": DAY}, headers={"Authorization": f"Bearer {token}"}
    )
    assert 403 == answer.status_code


async def test_a_follower_is_not_overtaken(
    database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock is moved between a follower's reading and its taking over: it goes on."""

    async def moved_meanwhile(_: Connection) -> timedelta:
        clock.move_to(timedelta(days=3))
        return timedelta(days=1)

    monkeypatch.setattr("common.clockwork.stored_offset", moved_meanwhile)
    await ClockFollower(database, clock).follow_once()
    assert timedelta(days=3) == clock.offset
