"""One run: servers, a network, a clock and the processes, all of one seed."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from unittest.mock import patch

import common.relay
from common.clock import Clock
from common.database import Database

from support.simulated.connections import Connection, Pool
from support.simulated.group import Group
from support.simulated.kafka import Broker, Producer
from support.simulated.loop import VirtualLoop, made_up, silence
from support.simulated.postgres import Server, Statement
from support.simulated.processes import Process, running, task_factory
from support.simulated.sessions import Table
from support.simulated.trace import Trace
from support.simulated.weather import Weather

START = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
"""09:00 WIB on a Monday."""
SKEW = 0.5
"""Seconds by which the clocks of two processes may differ, at most."""
POLL = 1.0
"""Of the relay, instead of 50 ms: an idle second of virtual time is to cost little."""


class World:
    """What is outside the processes. Build it, then `run` what is to happen."""

    def __init__(self, seed: int, *, kept: bool = False) -> None:
        self.seed = seed
        self.loop = VirtualLoop()
        self.loop.set_task_factory(cast("Any", task_factory))
        self.chance = random.Random(seed)
        self.trace = Trace(self.loop.time, kept=kept)
        self.weather = Weather(self.chance, self.trace)
        self.broker = Broker(self.weather)
        self.groups: dict[str, Group] = {}
        self.servers: dict[str, Server] = {}
        self.processes: dict[str, Process] = {}
        self.apis: dict[str, Any] = {}
        self._parts: dict[str, Callable[[Process], None]] = {}
        self._skews: dict[str, timedelta] = {}

    def now(self) -> datetime:
        """Real time, as the servers know it."""
        return START + timedelta(seconds=self.loop.time())

    def clock(self, process: Process) -> Clock:
        """Business time as a process has it."""
        return _Skewed(self.now, self._skews[process.name])

    def serve(
        self, name: str, tables: Sequence[Table], statements: Mapping[str, tuple[str, Statement]]
    ) -> Server:
        server = self.servers[name] = Server(tables, statements, now=self.now)
        return server

    def group(self, name: str, topics: Sequence[str]) -> Group:
        """The group of a service, made by the first who asks."""
        if name not in self.groups:
            self.groups[name] = Group(self.broker, name, tuple(topics))
        return self.groups[name]

    def pool(self, server: str) -> Pool:
        """A pool of the process whose code is running."""
        return Pool(self.servers[server], server, running(), self.weather)

    def database(self, server: str) -> Database:
        return Database(cast("Any", self.pool(server)))

    def define(self, name: str, begin: Callable[[Process], None]) -> None:
        """A process, and what begins when it is started."""
        self._parts[name] = begin
        self._skews[name] = timedelta(seconds=self.chance.uniform(0, SKEW))

    @property
    def defined(self) -> list[str]:
        """The names of all processes."""
        return list(self._parts)

    def start(self, name: str) -> None:
        """Start a process that is not running; `begin` is called as its own code."""
        process = self.processes[name] = Process(name)
        self.trace(name, "starts")
        process.begin(_begin(self._parts[name], process))

    async def kill(self, name: str) -> None:
        self.trace(name, "is killed")
        await self.processes[name].kill()

    def faults(self) -> dict[str, BaseException]:
        """Parts that ended by themselves; none ever may."""
        return {
            name: process.fault
            for name, process in self.processes.items()
            if process.fault is not None
        }

    def run(self, story: Callable[[], Awaitable[None]]) -> None:
        """Run a story to its end; its time is made up and its failures are quiet."""
        with silence(), made_up(self.loop, self.chance), self._ports():
            asyncio.set_event_loop(self.loop)
            try:
                self.loop.run_until_complete(self._told(story))
            finally:
                asyncio.set_event_loop(None)
                self.loop.close()

    async def _told(self, story: Callable[[], Awaitable[None]]) -> None:
        try:
            await story()
        finally:
            for name in self.processes:
                await self.processes[name].kill()

    @contextlib.contextmanager
    def _ports(self) -> Iterator[None]:
        async def connect(url: str, *, name: str) -> Connection:
            return await self.pool(url).connect()

        def build_producer(bootstrap: str, *, client: str) -> Producer:
            return Producer(self.broker, running(), self.weather)

        with (
            patch.object(common.relay, "connect", connect),
            patch.object(common.relay, "build_producer", build_producer),
            patch.object(common.relay, "POLL_SECONDS", POLL),
        ):
            yield


class _Skewed(Clock):
    def __init__(self, now: Callable[[], datetime], skew: timedelta) -> None:
        super().__init__()
        self._now = now
        self._skew = skew

    def now(self) -> datetime:
        return self._now() + self._skew


async def _begin(begin: Callable[[Process], None], process: Process) -> None:
    try:
        begin(process)
    except Exception as error:  # noqa: BLE001  # the run fails with it
        process.fault = error
