"""A mail server in memory: it takes mails, refuses them, or falls silent; every mail is counted."""

from __future__ import annotations

import asyncio
from collections import Counter
from uuid import UUID

from notifications.domain.deliveries import NotSent, Outcome, Sent, Unknown
from notifications.domain.letters import Letter

from support.simulated.processes import Process
from support.simulated.weather import Weather

LONGEST = 2.0
REFUSES = SILENT = DEAD = 0.06


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
        weather = self._weather
        await weather.pass_by(self._process)
        if weather.strikes(DEAD):
            return NotSent("no connection", final=False, unreachable=True)
        if weather.strikes(REFUSES):
            return NotSent("451 try again", final=False)
        if weather.strikes(SILENT):
            return Unknown("no answer after the dot")
        self._post.taken[delivery_id] += 1
        weather.trace(self._process.name, "mail taken")
        silent = weather.strikes(SILENT)
        await asyncio.sleep(LONGEST if silent else 0.3 * weather.chance.random())
        self._process.check()
        return Unknown("no answer after the dot") if silent else Sent("250 ok")

    async def unreachable(self) -> str | None:
        await self._weather.pass_by(self._process)
        return None

    def close(self) -> None:
        """Nothing is kept."""
