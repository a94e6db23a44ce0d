"""The story told to a system, as a player of it and as an operator who moves time."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from demo.advancing import Advance
from demo.client import Client
from demo.journal import Journal
from demo.mailboxes import Arrived, embedded_catcher
from demo.places import Places
from demo.scenario import Scenario
from demo.story import Story, Told
from rich.console import Console

from support.system import System

SCENARIO = Scenario.load()
VILLAGES = {village.code for village in SCENARIO.villages.values()}
OPENS_ON = date(2031, 1, 6)
"""A Monday: the story is told from 09.00 WIB on, and every date in a mail follows from it."""


@dataclass(slots=True)
class Telling:
    """A system to which the story can be told, as often as one likes."""

    system: System
    places: Places
    first: list[Told] = field(default_factory=list)
    """What happened the first time."""
    said: str = ""
    """What the terminal showed then."""

    async def tell(self) -> tuple[list[Told], str]:
        """Tell it; what happened, and what the terminal showed."""
        paper = io.StringIO()
        async with Client(self.places) as client:
            told = await Story(
                client,
                Journal(self.places.journal),
                mailbox=self.mailbox,
                console=Console(file=paper, width=80),
            ).tell(OPENS_ON)
        return told, paper.getvalue()

    async def advance(self, *, days: float | None = None) -> str:
        """Move time as `demo advance` does; what the terminal showed."""
        paper = io.StringIO()
        async with Client(self.places) as client:
            ahead = Advance(client, mailbox=self.mailbox, console=Console(file=paper, width=80))
            await (ahead.to_next() if days is None else ahead.by_days(days))
        return re.sub(r" +$", "", paper.getvalue(), flags=re.MULTILINE)

    async def mailbox(self) -> list[Arrived]:
        return await embedded_catcher(self.system.footing.mail.page)()

    async def village(self, name: str) -> dict[str, Any]:
        async with self.system.client("eligibility") as client:
            answer = await client.get(f"/villages/{SCENARIO.villages[name].code}")
        found: dict[str, Any] = answer.json()
        return found
