"""What befalls a system: kills, stalls, frozen processes and lost ways; each told in a log."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

from embedded.stack import Stack

from support.post import Post
from support.proxy import Link
from support.stalls import stall
from support.system import System

AIM_SECONDS = 6.0
"""How long a kill of the courier waits for a mail to be on its way."""
COURIER = "notifications"


class Weather:
    """Each kind of event a method; it returns when the event is over."""

    def __init__(
        self, system: System, stack: Stack, post: Post, chance: Random, log: Path | None = None
    ) -> None:
        self.counts: Counter[tuple[str, str]] = Counter()
        """How often each kind of event befell whom."""
        self._system = system
        self._stack = stack
        self._post = post
        self._chance = chance
        self._log = log
        self._began = time.monotonic()

    async def kill(self, victim: str, meanwhile: str = "") -> None:
        """SIGKILL and a new start; of a server also a process that is killed while it is away."""
        assert [] == self._system.fallen(), "a process ended by itself"
        if victim in ("kafka", "postgres"):
            async with self._told("kill", f"{victim} {meanwhile}".strip()):
                await self._stack.kill(victim)  # type: ignore[arg-type]  # one of the two names
                await asyncio.sleep(self._chance.uniform(0.5, 1.5))
                if meanwhile:
                    await self._system.processes[meanwhile].kill()
                    await self._system.processes[meanwhile].start()
                await self._stack.restart(victim)  # type: ignore[arg-type]  # same
            return
        if victim == COURIER:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._post.taking.wait(), AIM_SECONDS)
        async with self._told("kill", victim):
            await self._system.processes[victim].kill()
            await asyncio.sleep(self._chance.uniform(0, 1.5))
            await self._system.processes[victim].start()

    async def stall(self, server: str, seconds: float) -> None:
        """Kafka or Postgres gives no sign of life for so long."""
        async with self._told("stall", server):
            await stall(self._stack.pid(server), seconds)  # type: ignore[arg-type]  # as above

    async def freeze(self, process: str, seconds: float) -> None:
        """A process is held and goes on with what it had in hand."""
        async with self._told("freeze", process):
            await stall(self._system.processes[process].pid, seconds)

    async def cut(self, link: Link, seconds: float) -> None:
        """Open connections are reset and new ones refused for so long."""
        async with self._told("cut", link.name):
            await link.cut()
            await asyncio.sleep(seconds)
            await link.mend()

    async def hold(self, link: Link, seconds: float) -> None:
        """Connections stay open and nothing passes for so long."""
        async with self._told("hold", link.name):
            link.stall()
            await asyncio.sleep(seconds)
            await link.mend()

    async def slow(self, link: Link, seconds: float) -> None:
        """Each piece comes up to 0.3 s late for so long."""
        async with self._told("slow", link.name):
            link.delay = self._chance.uniform(0.02, 0.3)
            await asyncio.sleep(seconds)
            await link.mend()

    async def tear(self, link: Link, seconds: float) -> None:
        """Connections are lost in the middle of what they say."""
        async with self._told("tear", link.name):
            link.reset_after(self._chance.randint(1, 4_000))
            await asyncio.sleep(seconds)
            await link.mend()

    @asynccontextmanager
    async def _told(self, kind: str, where: str) -> AsyncIterator[None]:
        began = time.monotonic()
        self.counts[kind, where] += 1
        try:
            yield
        finally:
            at, took = began - self._began, time.monotonic() - began
            self.note(f"{at:7.1f} s  {kind:<6} {where:<30} {took:5.1f} s")

    @property
    def age(self) -> float:
        """Seconds since it began."""
        return time.monotonic() - self._began

    def kills(self) -> int:
        """Processes and servers killed; who was killed while a server was away counts too."""
        return sum(
            number * len(where.split())
            for (kind, where), number in self.counts.items()
            if kind == "kill"
        )

    def note(self, line: str) -> None:
        """A line of the log."""
        if self._log is not None:
            with self._log.open("a") as log:
                log.write(f"{line}\n")
