"""The story told: chapter by chapter over the public APIs, said aloud, done once."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from rich.console import Console

from demo.client import Client
from demo.clocks import Clocks
from demo.deeds import Deeds
from demo.journal import Journal
from demo.mailboxes import Arrived, Mailbox
from demo.printing import Printer
from demo.scenario import Chapter, Scenario
from demo.wording import say_number

TOLD = "told"
TODAY = "today"


@dataclass(frozen=True, slots=True)
class Told:
    """A chapter that was told: how its villages stand, and which mails it caused."""

    chapter: str
    villages: Mapping[str, Mapping[str, Any]]
    mails: Sequence[Arrived]
    """As they came."""


class Story:
    """The five articles, from Blitar in 2018 to the heads of today."""

    def __init__(
        self,
        client: Client,
        journal: Journal,
        *,
        mailbox: Mailbox,
        console: Console,
        scenario: Scenario | None = None,
    ) -> None:
        self._client = client
        self._clocks = Clocks(client)
        self._journal = journal
        self._mailbox = mailbox
        self._console = console
        self._scenario = scenario or Scenario.load()
        self._printer = Printer(console, self._scenario)
        self.told: list[Told] = []
        """What was told by now."""

    async def tell(self, opens_on: date | None = None) -> None:
        """Go on from where the story was left; told once, it is only summed up.

        It is told in office hours of a working day, of `opens_on` if given.
        """
        if TOLD in self._journal:
            self._console.print("\n Cerita ini sudah dituturkan; tidak ada yang diulang.")
        else:
            await self._chapters(opens_on)
            self._journal.done(TOLD, [chapter.name for chapter in self._scenario.chapters])
        await self._sum_up()

    async def _chapters(self, opens_on: date | None) -> None:
        today = await self._today(opens_on)
        deeds = Deeds(self._client, self._clocks, self._scenario, today)
        for number, chapter in enumerate(self._scenario.chapters, start=1):
            if chapter.name not in self._journal:
                self._printer.chapter(number, chapter, chapter.day(today, otherwise=today))
                self.told.append(await self._chapter(chapter, deeds))
                self._journal.done(chapter.name, today)

    async def _today(self, opens_on: date | None) -> date:
        """The day on which the story is told, kept for a story that is gone on with."""
        if TODAY not in self._journal:
            self._journal.done(TODAY, await self._clocks.open_the_office(opens_on))
        return date.fromisoformat(str(self._journal.result(TODAY)))

    async def _chapter(self, chapter: Chapter, deeds: Deeds) -> Told:
        before = len(await self._mailbox())
        with self._console.status("Mencatat ..."):
            for number in range(len(chapter.steps)):
                self._printer.recorded(await deeds.do(chapter, number))
            await self._clocks.rest()
        villages = await self._standing(chapter.villages())
        mails = await self._mailbox()
        new = mails[: len(mails) - before][::-1]
        self._printer.concluded(villages)
        self._printer.sent(new)
        return Told(chapter.name, villages, new)

    async def _standing(self, names: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        """How villages stand now, by name."""
        codes = (self._scenario.villages[name].code for name in names)
        found = await asyncio.gather(
            *(self._client.get("eligibility", f"/villages/{code}") for code in codes)
        )
        return dict(zip(names, found, strict=True))

    async def _sum_up(self) -> None:
        """Targets beside the counts, and all villages of the story as they stand."""
        villages = await self._standing(list(self._scenario.villages))
        titles = [village["status"]["title"] for village in villages.values()]
        named = sum(title in {"DITETAPKAN", "DIRESMIKAN"} for title in titles)
        mails = await self._mailbox()
        now = (
            f"{named} Desa Sadar, {titles.count('DICANANGKAN')} dicanangkan, dari {len(titles)} "
            f"desa dan kelurahan dalam cerita; {say_number(len(mails))} surat terkirim"
        )
        targets = [(str(target.year), target.words) for target in self._scenario.targets]
        self._printer.table(
            "Capaian dan sasaran BPJS Ketenagakerjaan, dan cerita ini", [*targets, ("Kini", now)]
        )
        self._console.print()
        self._printer.concluded(villages)
