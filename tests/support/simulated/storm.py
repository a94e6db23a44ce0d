"""Everything that goes wrong between the first request and rest, in an order made of the seed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from support.simulated.kafka import NAME as KAFKA
from support.simulated.registry import Deed, insist
from support.simulated.world import World

STRIKES = (4, 9)
"""How many faults, beside those that single steps meet."""
REST = 90.0
"""Seconds of virtual time in which everything has come to rest."""

Told = dict[str, int]


async def weather(world: World) -> None:
    """Strike at random moments: processes, servers, the network, sessions and memberships."""
    chance = world.chance
    strikes: Sequence[Callable[[World], Awaitable[None]]] = (
        kill, kill, kill, crash, outage, cut, cut, disconnect, disconnect, expel,
    )  # fmt: skip
    for _ in range(chance.randint(*STRIKES)):
        await asyncio.sleep(chance.uniform(0.05, 1.5))
        await chance.choice(strikes)(world)
    await asyncio.sleep(chance.uniform(0.1, 2.0))
    world.weather.calm = True
    world.trace("weather", "is calm")


async def kill(world: World) -> None:
    """A process, for a moment."""
    name = world.chance.choice(sorted(world.processes))
    if world.processes[name].alive:
        await world.kill(name)
        asyncio.get_running_loop().call_later(world.chance.uniform(0, 2), world.start, name)


async def crash(world: World) -> None:
    """A Postgres, for a moment."""
    name = world.chance.choice(sorted(world.servers))
    server = world.servers[name]
    world.trace(name, "crashes")
    server.crash()
    asyncio.get_running_loop().call_later(
        world.chance.uniform(0.1, 2.5), setattr, server, "up", True
    )


async def outage(world: World) -> None:
    """Kafka, for a moment."""
    world.trace(KAFKA, "is away")
    world.broker.up = False
    asyncio.get_running_loop().call_later(
        world.chance.uniform(0.1, 5.0), setattr, world.broker, "up", True
    )


async def cut(world: World) -> None:
    """One process from one server."""
    server = world.chance.choice([KAFKA, *sorted(world.servers)])
    world.weather.cut(
        world.chance.choice(sorted(world.processes)), server, world.chance.uniform(0.5, 5)
    )


async def disconnect(world: World) -> None:
    """One session; its process finds out at its next statement."""
    server = world.servers[world.chance.choice(sorted(world.servers))]
    if server.sessions:
        session = world.chance.choice(list(server.sessions))
        world.trace(server_name(world, session.server), f"drops a session of {session.name}")
        server.drop(session)


async def expel(world: World) -> None:
    """A member that is thought dead and is not."""
    group = world.groups[world.chance.choice(sorted(world.groups))]
    if group.members:
        group.expel(world.chance.choice(group.members))


def server_name(world: World, server: object) -> str:
    return next(name for name, one in world.servers.items() if one is server)


async def insisting(world: World, deeds: Sequence[Deed], answered: Told) -> None:
    """One client: its next deed begins when the last one was answered."""
    for deed in deeds:
        await asyncio.sleep(world.chance.uniform(0, 0.8))
        answer = await insist(world, deed)
        for position in answer.positions:
            answered[position] = answered.get(position, 0) + 1


async def at_rest(unrest: Callable[[], Sequence[str]]) -> None:
    """Return when nothing moves any more; fails with what still does."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + REST
    while moving := unrest():
        if loop.time() > deadline:
            raise AssertionError(f"after {REST} s still: {moving}")
        await asyncio.sleep(0.5)
