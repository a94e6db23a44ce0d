"""`make run`: parts, databases, services, areas, story; up until Ctrl-C, stopped in reverse."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import Awaitable
from typing import Any

import asyncpg
from common.migrations import migrate
from common.topics_admin import ensure_topics
from embedded.stack import Addresses, Stack
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from demo.client import Client
from demo.clocks import Clocks
from demo.farewell import AT_RISK, show_addresses, show_what_to_try
from demo.issuer import Serving
from demo.journal import Journal
from demo.leftovers import check_ports, end_leftovers
from demo.mailboxes import embedded_catcher
from demo.places import SERVICES, Places, address_of, port_of
from demo.services import (
    Service,
    command,
    environment,
    prepare_databases,
)
from demo.story import Story
from demo.wording import say_number

PARTITIONS = 12
VILLAGES = 83_762
HEARD_SECONDS = 120.0
HEARD = "SELECT count(*) FROM villages WHERE name IS NOT NULL"


class Run:
    """One run of everything on this machine."""

    def __init__(self, places: Places, console: Console) -> None:
        self._places = places
        self._console = console
        self._started = time.monotonic()
        self._services: list[Service] = []
        self._issuer: Serving | None = None

    def _say(self, text: str) -> None:
        seconds = time.monotonic() - self._started
        self._console.print(f"[dim]{seconds:6.1f} s[/dim]  {text}", soft_wrap=True)

    async def up(self, *, story: bool = True) -> None:
        """Run until SIGINT or SIGTERM."""
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        self._say("Menjalankan Kafka, Postgres dan penangkap surat ...")
        stack = Stack(self._places.embedded, say=self._say)
        addresses = await unless(stop, stack.start())
        try:
            if addresses is not None and await unless(stop, self._tell(addresses, story=story)):
                await stop.wait()
        finally:
            self._say("Menghentikan semuanya ...")
            await asyncio.gather(*(service.stop() for service in self._services))
            if self._issuer is not None:
                await self._issuer.stop()
            await stack.stop()
            self._say(
                "Selesai. Data tersimpan; `make run` melanjutkan, `make clean-data` menghapus."
            )

    async def _tell(self, addresses: Addresses, *, story: bool) -> bool:
        await self._start_services(addresses)
        await self._load_areas(environment(self._places, addresses))
        now, village = None, {}
        if story:
            async with Client(self._places) as client:
                journal = Journal(self._places.journal)
                await Story(
                    client,
                    journal,
                    mailbox=embedded_catcher(addresses.mail_page),
                    console=self._console,
                ).tell()
                now = await Clocks(client).now()
                village = await client.get("eligibility", f"/villages/{AT_RISK}")
        self._console.print()
        self._say("[bold]Siap.[/bold] Ctrl-C menghentikan.")
        self._console.print()
        show_addresses(self._console, addresses.mail_page)
        if now is not None:
            show_what_to_try(self._console, now, village)
        return True

    async def _start_services(self, addresses: Addresses) -> None:
        if left := await end_leftovers(self._places):
            self._say(f"Layanan sisa dari putaran yang terputus dihentikan: {', '.join(left)}.")
        check_ports()
        self._say("Kafka, Postgres dan penangkap surat siap.")
        await prepare_databases(self._places, addresses)
        told = environment(self._places, addresses)
        await asyncio.gather(
            ensure_topics(addresses.kafka, prefix="", partitions=PARTITIONS),
            *(migrate(told[f"{s.upper()}_OWNER_URL"], f"{s}.storage") for s in SERVICES),
        )
        self._say("Basis data dan topik siap.")
        self._issuer = Serving(
            self._places.secrets, port=port_of("issuer"), pages_url=address_of("eligibility")
        )
        self._issuer.start()
        self._services = [Service(name, told, self._places.logs, self._say) for name in SERVICES]
        for service in self._services:
            await service.start()
        await asyncio.gather(*(service.ready() for service in self._services))
        self._say("Semua siap: registry, eligibility, notifications.")

    async def _load_areas(self, told: dict[str, str]) -> None:
        """All areas of Indonesia, and all villages heard of by eligibility."""
        marker = self._places.home / "areas.loaded"
        if marker.exists():
            self._say(f"{say_number(VILLAGES)} desa dan kelurahan sudah termuat.")
            return
        log = self._places.logs / "areas.log"
        loading = asyncio.create_task(command(told, "registry", "areas", "load", log=log))
        try:
            async with asyncio.timeout(HEARD_SECONDS):
                await self._hear_areas(told, loading)
        finally:
            loading.cancel()
        marker.touch()
        self._say(f"{say_number(VILLAGES)} desa dan kelurahan termuat.")

    async def _hear_areas(self, told: dict[str, str], loading: asyncio.Task[None]) -> None:
        """Until they are loaded and eligibility knows all villages; raises ServiceFailed."""
        columns = (TextColumn("          {task.description}"), BarColumn(), MofNCompleteColumn())
        connection = await asyncpg.connect(told["ELIGIBILITY_WORK_URL"])
        try:
            with Progress(*columns, console=self._console, transient=True) as progress:
                bar = progress.add_task("Memuat wilayah Indonesia", total=VILLAGES)
                while (heard := await connection.fetchval(HEARD)) < VILLAGES:
                    progress.update(bar, completed=heard)
                    if loading.done():
                        await loading
                    await asyncio.sleep(0.5)
            await loading
        finally:
            await connection.close()


async def unless(stop: asyncio.Event, work: Awaitable[Any]) -> Any:
    """The work's result, or None when `stop` came first; the work is cancelled then."""
    task = asyncio.ensure_future(work)
    stopped = asyncio.ensure_future(stop.wait())
    await asyncio.wait((task, stopped), return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if task.done():
        return task.result()
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    return None
