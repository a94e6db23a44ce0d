"""The parts together: one home, one lock, started as one and stopped in reverse."""

import asyncio
import json
import logging
import shutil
import threading
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from embedded.errors import EmbeddedError
from embedded.files import write_aside
from embedded.jars import cache, fetch
from embedded.kafka import Kafka
from embedded.lock import HomeLock
from embedded.mail import MailCatcher
from embedded.part import PartName
from embedded.ports import Ports, settle
from embedded.postgres import Postgres
from embedded.supervisor import Supervisor

HOST = "127.0.0.1"
ADDRESSES = "addresses.json"

log = logging.getLogger("embedded")


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the parts are reached; a part left out has an empty address."""

    kafka: str
    postgres: str
    smtp_host: str
    smtp_port: int
    mail_page: str


class Stack:
    """A real Kafka, a real Postgres and a mail catcher on the data of one home.

    `fronted_kafka` gives Kafka listeners beside its own: the port of each, and the port that
    clients who come there are told, which is that of a proxy in front of it.
    """

    def __init__(
        self,
        home: Path,
        *,
        ports: Ports | None = None,
        kafka: bool = True,
        postgres: bool = True,
        mail: bool = True,
        fronted_kafka: Mapping[int, int] | None = None,
        say: Callable[[str], None] = log.info,
    ) -> None:
        self.home = home.resolve()
        self.mail: MailCatcher | None = None
        self._wanted = ports
        self._with_kafka = kafka
        self._with_postgres = postgres
        self._with_mail = mail
        self._fronted_kafka = fronted_kafka
        self._say = say
        self._lock = HomeLock(self.home)
        self._parts: dict[PartName, Supervisor] = {}
        self._addresses: Addresses | None = None
        self._folders = [self.home]

    async def start(self) -> Addresses:
        """Start every part and return once all are healthy.

        Raises HomeInUseError, PortTakenError, DownloadError and the rest of EmbeddedError; nothing
        is left running then.
        """
        await asyncio.to_thread(self._lock.take)
        try:
            self._addresses = await self._start()
        except BaseException:
            await self.stop()
            raise
        return self._addresses

    async def stop(self) -> None:
        """Stop every part, the last started first, and let go of the home; data is kept."""
        if not self._lock.taken:
            return
        try:
            if self.mail is not None:
                await self.mail.stop()
            for name in list(self._parts)[::-1]:
                await self._parts[name].stop()
        finally:
            (self.home / ADDRESSES).unlink(missing_ok=True)
            self._addresses = None
            self._lock.release()

    async def discard(self) -> None:
        """Stop, and delete the data: for the homes of tests."""
        await self.stop()
        for folder in self._folders:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def kill(self, part: PartName) -> None:
        """Kill a part with SIGKILL and leave it dead until `restart`."""
        await self._parts[part].kill()

    async def restart(self, part: PartName) -> None:
        """Start a part on its data and port, stopping it first if it runs; healthy on return."""
        await self._parts[part].stop()
        await self._parts[part].start()

    def pid(self, part: PartName) -> int:
        """The part's process; raises EmbeddedError when it does not run."""
        return self._parts[part].pid

    @property
    def addresses(self) -> Addresses:
        """Where the parts are; raises EmbeddedError before the start."""
        if self._addresses is None:
            raise EmbeddedError(f"Nothing runs on {self.home}; start it first.")
        return self._addresses

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    async def _start(self) -> Addresses:
        kafka = None
        if self._with_kafka:
            jars = await self._class_path()
            kafka = Kafka(self.home, jars, fronted=self._fronted_kafka)
        postgres = Postgres(self.home) if self._with_postgres else None
        self._parts = {
            part.name: Supervisor(part, self._say) for part in (postgres, kafka) if part is not None
        }
        # What a killed supervisor left running still holds the ports.
        for supervisor in self._parts.values():
            await supervisor.end_orphans()
        ports = settle(self._wanted or Ports.from_environment(), self._needed(), self.home)
        if kafka is not None:
            kafka.listen_on(ports.kafka, ports.kafka_controller)
        if postgres is not None:
            postgres.listen_on(ports.postgres)
            self._folders.append(postgres.folder)
        await _together([supervisor.start() for supervisor in self._parts.values()])
        if self._with_mail:
            self.mail = MailCatcher(
                self.home / "mail", smtp_port=ports.smtp, page_port=ports.mail_page
            )
            await self.mail.start()
        addresses = Addresses(
            kafka=kafka.address if kafka else "",
            postgres=postgres.url if postgres else "",
            smtp_host=HOST if self.mail else "",
            smtp_port=ports.smtp if self.mail else 0,
            mail_page=self.mail.page if self.mail else "",
        )
        self._write_down(addresses)
        return addresses

    def _needed(self) -> set[str]:
        names: set[str] = set()
        if self._with_kafka:
            names |= {"kafka", "kafka_controller"}
        if self._with_postgres:
            names |= {"postgres"}
        if self._with_mail:
            names |= {"smtp", "mail_page"}
        return names

    async def _class_path(self) -> list[Path]:
        cancelled = threading.Event()
        try:
            return await asyncio.to_thread(fetch, cache(), self._say, cancelled=cancelled)
        finally:
            # A thread cannot be cancelled from outside; it looks at this.
            cancelled.set()

    def _write_down(self, addresses: Addresses) -> None:
        text = json.dumps(asdict(addresses), indent=1)
        # It holds the superuser's password.
        write_aside(self.home / ADDRESSES, text.encode(), mode=0o600)


async def _together(starts: list[Coroutine[None, None, None]]) -> None:
    try:
        async with asyncio.TaskGroup() as group:
            for start in starts:
                group.create_task(start)
    except BaseExceptionGroup as several:
        raise several.exceptions[0] from None
