"""The story told to a system, and time moved on it, as `make run` and `make advance` do."""

from __future__ import annotations

import io
from collections.abc import Mapping
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
from support.watching import Watcher

SCENARIO = Scenario.load()
VILLAGES = {village.code for village in SCENARIO.villages.values()}
INTERRUPTIONS = (
    *(
        "klaten/1/Gemblegan" if chapter.name == "klaten" else f"{chapter.name}/"
        for chapter in SCENARIO.chapters[1:]
    ),
    "",
)
"""Before each chapter but the first, and in the middle of Klaten; then told to its end."""
OPENS_ON = date(2031, 1, 6)
"""A Monday: the story is told from 09.00 WIB on, and every date in a mail follows from it."""


class Cut(Exception):
    """The story was interrupted."""


class CutClient(Client):
    """Is interrupted at the first deed whose name begins so."""

    cut_at = ""

    async def post(self, service: str, path: str, step: str, body: Mapping[str, Any]) -> Any:
        if self.cut_at and step.startswith(self.cut_at):
            raise Cut
        return await super().post(service, path, step, body)


@dataclass(slots=True)
class Telling:
    """A system to which the story can be told as often as one likes."""

    system: System
    places: Places
    watcher: Watcher
    told: list[Told] = field(default_factory=list)
    """What happened until it was told to its end."""

    async def tell(self, cut_at: str = "") -> tuple[list[Told], str]:
        """Tell it, or go on; what happened, and what the terminal showed."""
        paper = io.StringIO()
        async with CutClient(self.places) as client:
            client.cut_at = cut_at
            story = Story(
                client,
                Journal(self.places.journal),
                mailbox=self.mailbox,
                console=Console(file=paper, width=80),
            )
            try:
                await story.tell(OPENS_ON)
            except Cut:
                assert cut_at
        return story.told, paper.getvalue()

    async def advance(self) -> list[str]:
        """Move time to the next due moment that matters; the lines that the terminal showed."""
        paper = io.StringIO()
        async with Client(self.places) as client:
            console = Console(file=paper, width=96)
            await Advance(client, mailbox=self.mailbox, console=console).to_next()
        return [line.strip() for line in paper.getvalue().splitlines() if line.strip()]

    async def mailbox(self) -> list[Arrived]:
        return await embedded_catcher(self.system.footing.mail.page)()
