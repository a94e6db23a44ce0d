"""The consuming side of a service: its real inbox, two members a process, and what it saw."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from common.database import Connection, Database
from common.inbox import Effect, Inbox
from common.outbox import VillageLocks
from common.received import Received
from common.sealing import Sealer

from support.simulated.group import Member, consume
from support.simulated.processes import Process
from support.simulated.sessions import Session, Table
from support.simulated.world import World

NOTE = "INSERT INTO effects (village_key, topic, sequence) SELECT unnest($1::text[]), unnest($2::text[]), unnest($3::bigint[])"  # noqa: E501
TABLE = Table("effects", ("n",), serial="n")
MOST = 12
"""Records of a poll."""
IDLE = 0.4


def note(tx: Session, *columns: Sequence[Any]) -> None:
    for village, topic, sequence in zip(*columns, strict=True):
        tx.insert("effects", {"village_key": village, "topic": topic, "sequence": sequence})


STATEMENTS = {NOTE: ("simulation.note", note)}


class Watched:
    """An effect that is written down, event by event, in the transaction that has it."""

    def __init__(self, effect: Effect | None = None) -> None:
        self._effect = effect

    async def apply(
        self,
        connection: Connection,
        locks: VillageLocks,
        accepted: Mapping[str, Sequence[Received]],
    ) -> None:
        events = [event for some in accepted.values() for event in some]
        await connection.execute(
            NOTE,
            [event.subject for event in events],
            [event.topic for event in events],
            [event.sequence for event in events],
        )
        if self._effect is not None:
            await self._effect.apply(connection, locks, accepted)


def hear(
    world: World,
    process: Process,
    *,
    database: Database,
    service: str,
    inputs: Sequence[str],
    effect: Effect | None = None,
) -> None:
    """Two members with one inbox, as the services' routers have it."""
    inbox = Inbox(
        database,
        inputs=inputs,
        effect=Watched(effect),
        clock=world.clock(process),
        sealer=Sealer(bytes(32)),
    )
    group = world.group(service, inputs)
    for number in (1, 2):
        member = Member(group, f"{process.name}/{number}", process)
        process.run(_consuming(member, inbox))


def _consuming(member: Member, inbox: Inbox) -> Callable[[asyncio.Event], Awaitable[None]]:
    async def part(_: asyncio.Event) -> None:
        await consume(member, inbox.receive, most=MOST, idle=IDLE)

    return part
