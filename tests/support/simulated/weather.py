"""Which fault strikes when: everything that goes wrong is drawn here, from one seed."""

from __future__ import annotations

import asyncio
import random

from support.simulated.processes import Process
from support.simulated.trace import Trace

TIMEOUT = 3.0
"""Seconds after which a client gives up a server that does not answer."""


class Weather:
    """Draws delays and faults; once it is calm nothing fails any more."""

    def __init__(self, chance: random.Random, trace: Trace) -> None:
        self.chance = chance
        self.trace = trace
        self.calm = False
        self._cut: dict[tuple[str, str], float] = {}

    def strikes(self, share: float) -> bool:
        """Whether a fault that happens to `share` of all steps happens to this one."""
        return not self.calm and self.chance.random() < share

    async def pass_by(self, process: Process) -> None:
        """The time of one way over the network; most are short, a few are very long."""
        slow = self.chance.random()
        if slow > 0.99 and not self.calm:
            await asyncio.sleep(slow * self.chance.random())
        else:
            await asyncio.sleep(0.003 * slow * slow)
        process.check()

    def cut(self, process: str, server: str, seconds: float) -> None:
        """Nothing passes between the two for a while."""
        self.trace("network", f"{process} and {server} cut for {seconds:.3f}")
        self._cut[process, server] = asyncio.get_running_loop().time() + seconds

    def is_cut(self, process: Process, server: str) -> bool:
        until = self._cut.get((process.name, server), 0.0)
        return asyncio.get_running_loop().time() < until
