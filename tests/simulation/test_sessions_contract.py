"""Two sessions against each other, on the Postgres in memory and on the real one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import pytest
from common.database import is_transient
from common.inbox import QUERIES as INBOX
from common.outbox import QUERIES as OUTBOX
from common.relay import LEADER_LOCK
from support.databases import TestDatabases
from support.simulated.contract import STATEMENTS, TABLES, Port, in_memory, in_postgres
from support.simulated.postgres import Server

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
ADVISORY = "SELECT pg_try_advisory_lock($1)"
A, B = "33.26.10.2001", "33.26.10.2002"
SHORT = 0.3
"""Seconds in which a statement that need not wait has answered."""


@pytest.fixture(params=["memory", "postgres"])
async def port(request: pytest.FixtureRequest, databases: TestDatabases) -> AsyncIterator[Port]:
    opened = (
        in_memory("registry") if request.param == "memory" else in_postgres("registry", databases)
    )
    async with opened as made:
        yield made


def event(village: str, sequence: int) -> list[list[object]]:
    """The columns of `append` for one event."""
    number = UUID(int=sequence * 1000 + int(village[-3:]))
    return [[number], [village], ["registry.outreach"], [sequence], [NOW], [b"{}"]]


async def waits(doing: asyncio.Task) -> bool:
    await asyncio.wait({doing}, timeout=SHORT)
    return not doing.done()


async def marks(connection, *keys: str):
    return [tuple(row)[:2] for row in await connection.fetch(INBOX["lock"], sorted(keys))]


async def test_who_waits_for_a_row_sees_what_its_holder_left(port: Port) -> None:
    """READ COMMITTED: the row is read again when its lock is granted."""
    first, second = await port.connect(), await port.connect()
    await first.execute(INBOX["ensure"], [A, B], 1)
    async with first.transaction():
        assert [(A, [0]), (B, [0])] == await marks(first, A, B)

        async def after():
            async with second.transaction():
                return await marks(second, B, A)

        waiting = asyncio.create_task(after())
        assert await waits(waiting)
        await first.execute(INBOX["advance_one"], f"{{{B}}}", 1, "{7}", "{NULL}")

    assert [(A, [0]), (B, [7])] == await waiting


async def test_who_was_just_given_a_lock_waits_for_nobody() -> None:
    """In memory: a third one asks before the second has gone on, and queues behind it."""
    server = Server(TABLES["registry"], STATEMENTS["registry"], now=lambda: NOW)
    first, second, third = [server.connect(name) for name in "123"]
    await server.run(first, INBOX["ensure"], [[A], 1])
    first.commit()

    async def lock(session):
        session.open = True
        rows = await server.run(session, INBOX["lock"], [[A]])
        session.end()
        return rows

    first.open = True
    await server.run(first, INBOX["lock"], [[A]])
    waiting = asyncio.create_task(lock(second))
    assert await waits(waiting)
    first.end()

    assert await lock(third) == await waiting


async def test_what_is_not_committed_is_seen_by_nobody_else(port: Port) -> None:
    """And a row with a smaller id may become visible after one with a larger id."""
    late, early = await port.connect(), await port.connect()
    async with late.transaction():
        await late.execute(OUTBOX["append"], *event(A, 1))
        await early.execute(OUTBOX["append"], *event(B, 1))
        seen = [row["event_id"] for row in await early.fetch(OUTBOX["front"], 9, 0, [])]
        running = await early.fetchval(OUTBOX["running"])
        mine = await late.fetchval(OUTBOX["published"], [])
        assert running <= mine
    everything = [row["event_id"] for row in await early.fetch(OUTBOX["front"], 9, 0, [])]
    deleted = await early.fetchval(OUTBOX["published"], everything)

    assert [2] == seen
    assert [1, 2] == everything
    assert mine < deleted


@pytest.mark.parametrize("commits", [True, False])
async def test_on_conflict_waits_for_who_is_inserting(port: Port, *, commits: bool) -> None:
    """Nothing is done if that one commits; if it rolls back, the row is this one's."""
    first, second = await port.connect(), await port.connect()

    async def begin():
        async with first.transaction():
            await first.execute(INBOX["ensure"], [A], 1)
            inserted.set()
            await may_end.wait()
            if not commits:
                raise LookupError

    inserted, may_end = asyncio.Event(), asyncio.Event()
    holding = asyncio.create_task(begin())
    await inserted.wait()
    waiting = asyncio.create_task(second.execute(INBOX["ensure"], [A], 3))
    assert await waits(waiting)
    may_end.set()
    await asyncio.wait({holding, waiting})

    assert commits is (holding.exception() is None)
    async with second.transaction():
        assert [(A, [0] if commits else [0, 0, 0])] == await marks(second, A)


async def test_a_violation_ends_the_transaction_and_leaves_nothing(port: Port) -> None:
    """But the ids that were drawn are gone: sequences do not roll back."""
    connection = await port.connect()
    await connection.execute(OUTBOX["append"], *event(A, 1))

    async def violate() -> None:
        async with connection.transaction():
            await connection.execute(OUTBOX["append"], *event(B, 1))
            try:
                await connection.execute(OUTBOX["append"], *event(A, 1))
            except asyncpg.UniqueViolationError:
                await connection.fetch(OUTBOX["front"], 9, 0, [])

    with pytest.raises(asyncpg.InFailedSQLTransactionError):
        await violate()
    await connection.execute(OUTBOX["append"], *event(A, 2))

    rows = await connection.fetch(OUTBOX["front"], 9, 0, [])
    assert [(1, A), (4, A)] == [(row["event_id"], row["village_key"]) for row in rows]


async def test_a_lost_session_frees_what_it_held(port: Port) -> None:
    """Its rows, its leader's lock, and nothing that it wrote stays; its next call fails."""
    leader, other = await port.connect(), await port.connect()
    assert await leader.fetchval(ADVISORY, LEADER_LOCK)
    assert not await other.fetchval(ADVISORY, LEADER_LOCK)

    async def hold() -> None:
        async with leader.transaction():
            await leader.execute(INBOX["ensure"], [A], 1)
            waiting = asyncio.create_task(other.execute(INBOX["ensure"], [A], 2))
            assert await waits(waiting)
            await port.end(leader)
            await waiting
            await leader.fetch(INBOX["lock"], [A])

    (error,) = await asyncio.gather(hold(), return_exceptions=True)

    assert isinstance(error, Exception)
    assert is_transient(error)
    assert await other.fetchval(ADVISORY, LEADER_LOCK)
    async with other.transaction():
        assert [(A, [0, 0])] == await marks(other, A)


async def test_of_two_that_wait_for_each_other_one_is_refused(port: Port) -> None:
    """DeadlockDetectedError; the other one goes on."""
    sessions = [await port.connect(), await port.connect()]
    await sessions[0].execute(INBOX["ensure"], [A, B], 1)
    both = asyncio.Barrier(2)

    async def cross(connection, *keys: str):
        async with connection.transaction():
            for key in keys:
                await marks(connection, key)
                if key == keys[0]:
                    await both.wait()

    ends = await asyncio.gather(
        cross(sessions[0], A, B), cross(sessions[1], B, A), return_exceptions=True
    )
    refused = [end for end in ends if end is not None]

    assert [asyncpg.DeadlockDetectedError] == [type(error) for error in refused]
