"""A mail server in memory: it takes mails, refuses them, or falls silent; every mail is counted."""

from __future__ import annotations

import asyncio
from collections import Counter
from enum import StrEnum
from uuid import UUID

from notifications.domain.deliveries import NotSent, Outcome, Sent, Unknown
from notifications.domain.letters import Letter

from support.simulated.processes import Process
from support.simulated.weather import Weather

LONGEST = 2.0
FAULTS = 0.25
"""Share of mails that are not simply taken."""


class Fate(StrEnum):
    """What the server does with a mail."""

    TAKEN = "taken"
    AWAY = "no connection"
    BUSY = "451 try again later"
    REFUSED = "550 refused"
    SILENT = "no answer after the dot, and it was taken"
    LOST = "no answer after the dot, and it was not taken"


class Post:
    """The mails taken, by the delivery that each one names."""

    def __init__(self) -> None:
        self.taken: Counter[UUID] = Counter()


class Mail:
    """The channel of one process."""

    longest = LONGEST

    def __init__(self, post: Post, process: Process, weather: Weather) -> None:
        self._post = post
        self._process = process
        self._weather = weather

    async def send(self, delivery_id: UUID, letter: Letter, address: str) -> Outcome:
        fate = Fate.TAKEN
        if self._weather.strikes(FAULTS):
            fate = self._weather.chance.choice(list(Fate)[1:])
        return await self.meet(fate, delivery_id)

    async def meet(self, fate: Fate, delivery_id: UUID) -> Outcome:
        """Send a mail to a server that does this with it."""
        weather = self._weather
        await weather.pass_by(self._process)
        weather.trace(self._process.name, f"mail: {fate}")
        match fate:
            case Fate.AWAY:
                return NotSent(fate, final=False, unreachable=True)
            case Fate.BUSY | Fate.REFUSED:
                return NotSent(fate, final=fate is Fate.REFUSED)
            case Fate.TAKEN | Fate.SILENT:
                self._post.taken[delivery_id] += 1
        silent = fate is not Fate.TAKEN
        await asyncio.sleep(LONGEST if silent else 0.3 * weather.chance.random())
        self._process.check()
        return Unknown(fate) if silent else Sent("250 ok")

    async def unreachable(self) -> str | None:
        await self._weather.pass_by(self._process)
        return None

    def hurry(self, seconds: float) -> None:
        pass

    def close(self) -> None:
        """Nothing is kept."""
