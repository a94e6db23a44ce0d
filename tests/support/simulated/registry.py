"""The registry's producing side: deeds of a generated programme, through the real outbox."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg
from common import idempotency
from common.clock import Clock
from common.database import Database, Queries, is_transient
from common.idempotency import Answer, Once
from common.ids import Ids
from common.outbox import Draft, Outbox, lock_villages
from common.relay import OutboxRelay

from support.simulated import statements
from support.simulated.processes import Process
from support.simulated.sessions import Fields, Session, Table
from support.simulated.sql import locked, named
from support.simulated.world import World

NAME = "registry"
QUERIES = Queries.of("registry.storage")
PAGE = 7
"""Rows of the queue that the relay takes at once: a backlog is several pages."""
PATIENCE = 8.0
"""Seconds until a client gives up an answer and asks again."""


def villages_locked(tx: Session, keys: Sequence[str]) -> list[Fields]:
    return locked(tx, "villages", keys, ("village_key",))


villages_locked.__name__ = "lock_villages"
TABLES = (*statements.TABLES, Table("villages", ("village_key",)))
STATEMENTS = {**statements.STATEMENTS, **named(QUERIES, NAME, villages_locked)}


@dataclass(frozen=True, slots=True)
class Deed:
    """What a client asks for: events of one or two villages, with the key of its request."""

    key: str
    drafts: tuple[Draft, ...]


class Api:
    """One life of the registry's process, as far as a deed needs it."""

    def __init__(self, world: World, process: Process) -> None:
        self.process = process
        self._database: Database = world.database(NAME)
        self._clock = world.clock(process)
        self._outbox = Outbox(clock=self._clock, ids=Ids())
        self._relay = OutboxRelay(NAME, "kafka", service=NAME, read=PAGE)
        self._database.on_commit(self._relay.wake)
        process.run(self._relay.run)

    async def do(self, deed: Deed) -> Answer:
        return await done(self._database, self._outbox, self._clock, deed)


async def done(database: Database, outbox: Outbox, clock: Clock, deed: Deed) -> Answer:
    """The deed's transaction, in the order that all deeds of the registry share."""
    once = Once("officer", deed.key, hashlib.sha256(deed.key.encode()).digest())
    async with database.transaction() as connection:
        now = clock.now()
        if answer := await idempotency.claim(connection, once, now):
            return answer
        keys = {draft.village_key for draft in deed.drafts}
        locks = await lock_villages(connection, keys, QUERIES["lock_villages"])
        appended = await outbox.append(connection, locks, deed.drafts)
        answer = Answer(201, {}, tuple(event.position for event in appended))
        await idempotency.store(connection, once, answer, now)
        return answer


def run_registry(world: World, process: Process) -> None:
    """The API, and the relay that its commits wake."""
    world.apis[process.name] = Api(world, process)


async def insist(world: World, deed: Deed) -> Answer:
    """Ask until there is an answer, with the same key; nobody knows what became of the others."""
    while True:
        api = world.chance.choice([world.apis[name] for name in sorted(world.apis)])
        if api.process.alive:
            doing = api.process.begin(api.do(deed))
            await asyncio.wait([doing], timeout=PATIENCE)
            if doing.done() and not doing.cancelled():
                error = doing.exception()
                if error is None:
                    world.trace("client", f"{deed.key} answered")
                    answer: Answer = doing.result()
                    return answer
                if not is_transient(error) and not isinstance(error, asyncpg.PostgresError):
                    raise error
            doing.cancel()
        await asyncio.sleep(world.chance.uniform(0.05, 0.6))
