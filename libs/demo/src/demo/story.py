"""The story told: each step over the public APIs, said aloud, done once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from demo import scenario
from demo.client import Client
from demo.journal import Journal
from demo.mailboxes import Arrived, Mailbox
from demo.scenario import AMPELGADING, VILLAGES, VillageOfStory

PATIENCE_SECONDS = 60.0
POLL_SECONDS = 0.1

WORDS = {
    "CANNOT_DECIDE": "belum dapat diputuskan",
    "NOT_ELIGIBLE": "belum memenuhi syarat",
    "ELIGIBLE": "memenuhi syarat",
    "NONE": "belum ada",
    "DICANANGKAN": "dicanangkan",
    "DITETAPKAN": "ditetapkan",
    "DIRESMIKAN": "diresmikan",
    "BAIK": "baik",
    "TERANCAM": "terancam",
    "DITANGGUHKAN": "ditangguhkan",
    "DICABUT": "dicabut",
}


MONTHS = (
    *("Januari", "Februari", "Maret", "April", "Mei", "Juni"),
    *("Juli", "Agustus", "September", "Oktober", "November", "Desember"),
)


def _day(iso: str) -> str:
    """10 Januari 2027."""
    year, month, day = map(int, iso.split("-"))
    return f"{day} {MONTHS[month - 1]} {year}"


class StoryStuck(RuntimeError):
    """What the story waits for did not happen within a minute."""


class Story:
    """Two villages of Blitar: eligible, named, and one of them at risk."""

    def __init__(
        self, client: Client, journal: Journal, *, mailbox: Mailbox, console: Console
    ) -> None:
        self._client = client
        self._journal = journal
        self._mailbox = mailbox
        self._console = console

    async def tell(self) -> None:
        """Go on from where the story was left; told once, it is only summed up."""
        if "told" in self._journal:
            await self._sum_up()
            return
        await self._chapter("Kantor daerah dan pejabatnya", self._offices)
        for village in VILLAGES:
            title = f"Desa {village.name}, Kecamatan {village.kecamatan}, Kabupaten Blitar"
            await self._chapter(title, partial(self._register, village))
        await self._chapter("Kedua desa memenuhi syarat", self._eligible)
        await self._chapter("Penetapan oleh kantor cabang, 5 Juli 2018", self._designate)
        await self._chapter("Kepala desa baru di Ampelgading", self._new_head)
        self._journal.done("told", [village.code for village in VILLAGES])

    async def _sum_up(self) -> None:
        self._console.print("\n[bold]Cerita ini sudah dituturkan; tidak ada yang diulang.[/bold]")
        for village in VILLAGES:
            known = await self._client.get("eligibility", f"/villages/{village.code}")
            status = known["status"]
            words = [WORDS[status[field]] for field in ("eligibility", "title", "standing")]
            self._say(
                f"Desa {village.name}: {words[0]}; gelar: {words[1]}; keadaan gelar: {words[2]}."
            )
        mails = await self._arrived(0)
        self._say(f"{len(mails)} surat telah terkirim.")

    async def _chapter(self, title: str, tell: Callable[[], Awaitable[None]]) -> None:
        self._console.print(f"\n[bold]{title}[/bold]")
        await tell()

    async def _step(self, name: str, act: Callable[[], Awaitable[Any]]) -> Any:
        """Do a step, or remember what it brought when it was done before."""
        if name not in self._journal:
            self._journal.done(name, await act())
        return self._journal.result(name)

    def _say(self, text: str) -> None:
        self._console.print(f"  {text}", soft_wrap=True)

    async def _offices(self) -> None:
        for kind, area, name, email in scenario.OFFICES:
            step = f"office/{kind}/{area}"
            body = {"name": name, "begins": scenario.OFFICES_SINCE.isoformat(), "email": email}
            path = f"/offices/{kind}/{area}/holders"
            await self._step(step, partial(self._client.post, "notifications", path, step, body))
        self._say("Bupati Blitar, Camat Gandusari dan Camat Selorejo tercatat beserta alamatnya.")

    async def _register(self, village: VillageOfStory) -> None:
        posts = await self._decree(village)
        self._say(f"Susunan pemerintah desa: kepala desa dan {len(posts) - 1} perangkat.")
        columns = (TextColumn("  {task.description}"), BarColumn(), MofNCompleteColumn())
        position = ""
        with Progress(*columns, console=self._console, transient=True) as progress:
            bar = progress.add_task("Mendaftarkan kepala desa dan perangkat", total=len(posts))
            for number, post in enumerate(posts):
                position = await self._official(village, number, post)
                progress.advance(bar)
        self._say(f"{len(posts)} orang diangkat dan menjadi peserta JKK dan JKM (fiktif).")
        held = await self._step(
            f"{village.code}/sosialisasi",
            lambda: self._client.post(
                "registry",
                f"/villages/{village.code}/sosialisasi",
                f"{village.code}/sosialisasi",
                {
                    "effective_on": scenario.SOSIALISASI_ON.isoformat(),
                    "organiser": "BRANCH_OFFICE",
                    "attendance": 120,
                },
            ),
        )
        self._say("Sosialisasi oleh kantor cabang, dihadiri 120 warga.")
        status = await self._client.get(
            "eligibility",
            f"/villages/{village.code}",
            wait_for=f"{position}, {held['positions']}",
            timeout=10,
        )
        self._say(f"Status: {WORDS[status['status']['eligibility']]}.")

    async def _decree(self, village: VillageOfStory) -> list[dict[str, Any]]:
        step = f"{village.code}/posts"
        decree = await self._step(
            step,
            lambda: self._client.post(
                "registry",
                f"/villages/{village.code}/posts",
                step,
                {"effective_on": scenario.DECREED_ON.isoformat(), "posts": scenario.POSTS},
            ),
        )
        posts: list[dict[str, Any]] = decree["posts"]
        return posts

    async def _official(self, village: VillageOfStory, number: int, post: dict[str, Any]) -> str:
        """Appoint an official and have the membership active; the last Event-Position."""
        base = f"{village.code}/official/{number}"
        nik = scenario.nik(village, number)
        await self._step(
            f"{base}/term",
            lambda: self._client.post(
                "registry",
                f"/villages/{village.code}/officials",
                f"{base}/term",
                {
                    "post_id": post["post_id"],
                    "nik": nik,
                    "effective_on": scenario.DECREED_ON.isoformat(),
                },
            ),
        )
        enrolled = await self._step(
            f"{base}/enrollment",
            lambda: self._client.post(
                "registry",
                f"/villages/{village.code}/enrollments",
                f"{base}/enrollment",
                {
                    "nik": nik,
                    "segment": "PU",
                    "programmes": ["JKK", "JKM"],
                    "effective_on": scenario.ENROLLED_ON.isoformat(),
                },
            ),
        )
        active = await self._step(
            f"{base}/activation",
            lambda: self._client.post(
                "registry",
                f"/enrollments/{enrolled['enrollment_id']}/activation",
                f"{base}/activation",
                {"effective_on": scenario.ACTIVE_FROM.isoformat()},
            ),
        )
        return str(active["positions"])

    async def _eligible(self) -> None:
        for village in VILLAGES:
            await self._until(village, "eligibility", "ELIGIBLE")
            self._say(f"Desa {village.name}: memenuhi syarat (12 dari 12 terdaftar).")
        await self._mails("eligible", 4)

    async def _designate(self) -> None:
        for number, village in enumerate(VILLAGES, start=1):
            step = f"{village.code}/penetapan"
            letter = {
                "act": "PENETAPAN",
                "number": f"B/{number:03}/072018",
                "effective_on": scenario.DESIGNATED_ON.isoformat(),
                "signing_office": scenario.SIGNING_OFFICE,
            }
            path = f"/villages/{village.code}/acts"
            await self._step(step, partial(self._client.post, "eligibility", path, step, letter))
            await self._until(village, "title", "DITETAPKAN", "DIRESMIKAN")
            self._say(f"Desa {village.name} ditetapkan sebagai Desa Sadar.")
        await self._mails("designated", 4)

    async def _new_head(self) -> None:
        village = AMPELGADING
        began = await self._step("new_head/day", self._head_began)
        posts = await self._decree(village)
        post = next(post for post in posts if post["kind"] == "KEPALA_DESA")
        await self._step(
            "new_head/term",
            lambda: self._client.post(
                "registry",
                f"/villages/{village.code}/officials",
                "new_head/term",
                {
                    "post_id": post["post_id"],
                    "nik": scenario.nik(village, 99),
                    "effective_on": began,
                    "replaces_holder": True,
                },
            ),
        )
        days = scenario.HEAD_IN_OFFICE_DAYS
        self._say(f"Kepala desa baru dilantik {days} hari lalu dan belum terdaftar.")
        status = await self._until(village, "standing", "TERANCAM")
        self._say(f"Status Desa Sadar terancam; tenggat pemulihan {_day(status['grace_ends'])}.")
        await self._mails("at_risk", 1)

    async def _head_began(self) -> str:
        today = datetime.now(UTC).date()
        return (today - timedelta(days=scenario.HEAD_IN_OFFICE_DAYS)).isoformat()

    async def _until(self, village: VillageOfStory, field: str, *wanted: str) -> Any:
        """Wait for one of a village's four fields."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            status = await self._client.get("eligibility", f"/villages/{village.code}")
            if status["status"][field] in wanted or self._past(field, status):
                return status
            if time.monotonic() > deadline:
                raise StoryStuck(
                    f"{village.name}: {field} is {status['status'][field]}, "
                    f"not {' or '.join(wanted)}; see `make run`'s log folder"
                )
            await asyncio.sleep(POLL_SECONDS)

    def _past(self, field: str, status: Any) -> bool:
        """A story told before has gone further: eligible may have become at risk since."""
        return field == "eligibility" and status["status"]["title"] != "NONE"

    async def _mails(self, name: str, expected: int) -> None:
        """Wait until the mails of this chapter have arrived, and say to whom."""
        if f"mails/{name}" in self._journal:
            self._say(f"{expected} surat sudah terkirim pada putaran sebelumnya.")
            return
        before = sum(
            self._journal.result(f"mails/{other}")
            for other in ("eligible", "designated", "at_risk")
            if f"mails/{other}" in self._journal
        )
        mails = await self._arrived(before + expected)
        for mail in reversed(mails[:expected]):
            self._say(f"[green]✉[/green] {', '.join(mail.recipients)}: {mail.subject}")
        self._journal.done(f"mails/{name}", expected)

    async def _arrived(self, number: int) -> list[Arrived]:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while len(mails := await self._mailbox()) < number:
            if time.monotonic() > deadline:
                raise StoryStuck(f"{len(mails)} mails have arrived, {number} were expected")
            await asyncio.sleep(POLL_SECONDS)
        return mails
