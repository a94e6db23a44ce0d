"""The whole system as an operator runs it: each part of a service a process of its own.

Every process can be killed with SIGKILL and started again; what it said stands in `log/`.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import asyncpg
import httpx2
from common.bootstrap import bootstrap_service, service_urls
from common.clock import Clock
from common.database import Database
from common.ids import Ids
from common.migrations import migrate
from common.outbox import Outbox
from common.security.demo import demo_token
from common.topics_admin import ensure_topics
from embedded.mail import MailCatcher
from embedded.ports import Ports
from embedded.stack import Stack
from registry.areas.edition import read_edition
from registry.areas.load import load_areas

from support.databases import PACKAGES, ServiceUrls, TestDatabases
from support.proxy import free_ports
from support.streams import all_records, fresh_prefix
from support.waiting import eventually
from support.ways import BRANCH, Ways, port_of

SERVICES = ("registry", "eligibility", "notifications")
PARTITIONS = 6
STOP_SECONDS = 10.0
SHOWN = 20
"""Complaints shown of a test that failed."""
READY = {"ready": True, "reasons": {}}

WHOLE = {
    "registry": ("registry", "api,relay"),
    "eligibility": ("eligibility", "api,consumer,scheduler,relay"),
    "notifications": ("notifications", "api,consumer,courier,relay"),
}
"""One process a service: its name, the service, its parts."""
APART = {
    "registry-api": ("registry", "api"),
    "registry-relay": ("registry", "relay"),
    "eligibility-1": ("eligibility", "api,consumer,scheduler,relay"),
    "eligibility-2": ("eligibility", "consumer"),
    "notifications": ("notifications", "api,consumer,courier,relay"),
}
"""The registry's API and relay apart, and two members of eligibility's group."""

SCOPES = {
    "registry": ("registry:read", "registry:people", "registry:write", "registry:streams"),
    "eligibility": ("eligibility:read", "eligibility:act", "eligibility:operate"),
    "notifications": ("notifications:read", "notifications:write", "notifications:decide"),
}


@dataclass(frozen=True, slots=True)
class Footing:
    """What the services stand on."""

    kafka: str
    prefix: str
    urls: Mapping[str, ServiceUrls]
    mail: MailCatcher
    partitions: int = PARTITIONS
    ways: Ways | None = None
    """Links between each process and its servers, when they are to be cut."""


class Process:
    """One process of a service."""

    def __init__(self, service: str, told: Mapping[str, str], log: Path) -> None:
        self._service = service
        self._told = dict(told)
        self.log = log
        self._running: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it; it is not asked whether it is ready."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._running = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", self._service, "serve"),
                env=self._told,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def tell(self, name: str, value: str) -> None:
        """A variable of its environment, from the next start on."""
        self._told[name] = value

    @property
    def pid(self) -> int:
        assert self._running is not None
        return self._running.pid

    @property
    def runs(self) -> bool:
        return self._running is not None and self._running.returncode is None

    async def kill(self) -> None:
        """SIGKILL: nothing of it can clean up."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> tuple[int, float]:
        """SIGTERM; its exit code and how many seconds it took."""
        began = time.monotonic()
        code = await self._end(signal.SIGTERM)
        return code, time.monotonic() - began

    async def _end(self, number: signal.Signals) -> int:
        assert self._running is not None
        with contextlib.suppress(ProcessLookupError):
            self._running.send_signal(number)
        try:
            return await asyncio.wait_for(self._running.wait(), 2 * STOP_SECONDS)
        except TimeoutError:
            self._running.kill()
            return await self._running.wait()


class System:
    """Processes of the three services on one footing, and what can be asked of them."""

    def __init__(
        self, home: Path, footing: Footing, processes: Mapping[str, tuple[str, str]]
    ) -> None:
        self.home = home
        self.footing = footing
        self.partitions = footing.partitions
        self._apis = {service for service, parts in processes.values() if "api" in parts}
        self.ports = dict(zip(SERVICES, free_ports(len(SERVICES)), strict=True))
        self.told = self._environment()
        if footing.ways:
            footing.ways.lead(self.ports)
        self.processes = {
            name: Process(
                service,
                self._told_to(name) | {f"{service.upper()}_PARTS": parts},
                home / "log" / f"{name}.log",
            )
            for name, (service, parts) in processes.items()
        }

    def _environment(self) -> dict[str, str]:
        footing = self.footing
        told = os.environ | {
            "MODE": "test",
            "KAFKA": footing.kafka,
            "TOPIC_PREFIX": footing.prefix,
            "TOPIC_PARTITIONS": str(self.partitions),
            "SECRETS_DIR": str(self.home / "secrets"),
            "ELIGIBILITY_REGISTRY_URL": self.address("registry"),
            "NOTIFICATIONS_REGISTRY_URL": self.address("registry"),
            "NOTIFICATIONS_ELIGIBILITY_URL": self.address("eligibility"),
            "NOTIFICATIONS_SMTP_HOST": footing.mail.smtp_host,
            "NOTIFICATIONS_SMTP_PORT": str(footing.mail.smtp_port),
            "NOTIFICATIONS_SMTP_TOTAL_SECONDS": "4",
            "NOTIFICATIONS_LEASE_SPARE_SECONDS": "1",
            "NOTIFICATIONS_MAIL_FROM": "desa-sadar@bpjs-ketenagakerjaan.example",
        }
        for service, urls in footing.urls.items():
            name = service.upper()
            told |= {
                f"{name}_OWNER_URL": urls.owner,
                f"{name}_APP_URL": urls.app,
                f"{name}_WORK_URL": urls.work,
                f"{name}_PORT": str(self.ports[service]),
            }
        return told

    def tell_partitions(self, number: int) -> None:
        """How many partitions processes and commands take for declared, from their next start."""
        self.partitions = number
        self.told["TOPIC_PARTITIONS"] = str(number)
        for process in self.processes.values():
            process.tell("TOPIC_PARTITIONS", str(number))

    def _told_to(self, process: str) -> dict[str, str]:
        ways = self.footing.ways
        return ways.told(process, self.told) if ways else self.told

    async def start(self) -> None:
        """Start every process, and wait until all APIs are ready."""
        for process in self.processes.values():
            await process.start()
        for service in self._apis:
            await self.ready(service)

    async def end(self) -> None:
        """Kill what still runs; a test that failed shows what the services complained of."""
        for process in self.processes.values():
            if process.runs:
                await process.kill()
        for line in self.complaints()[:SHOWN]:
            print(line[:2000])  # noqa: T201  # captured, and shown when the test fails

    def fallen(self) -> list[str]:
        """Processes that do not run."""
        return [name for name, process in self.processes.items() if not process.runs]

    def complaints(self) -> list[str]:
        """Errors that the processes have logged (not the client's while Kafka is away), and
        whatever was no log line at all.
        """
        return [
            f"{name}: {line}"
            for name, process in self.processes.items()
            if process.log.exists()
            for line in process.log.read_text().splitlines()
            if not line.startswith("{") or ('"level": "error"' in line and '"aiokafka' not in line)
        ]

    async def ready(self, service: str, *, within: float = 60) -> None:
        await eventually(lambda: self.readiness(service), READY, within=within)

    async def readiness(self, service: str) -> Any:
        """What /ready says; None when nobody answers."""
        with contextlib.suppress(httpx2.TransportError):
            async with httpx2.AsyncClient(timeout=5) as client:
                return (await client.get(f"{self.address(service)}/ready")).json()
        return None

    def address(self, service: str) -> str:
        return f"http://127.0.0.1:{self.ports[service]}"

    def client(self, service: str, *, seconds: float = 15) -> httpx2.AsyncClient:
        """A caller with every scope of one service, in the whole country."""
        token = demo_token(self.home / "secrets", audience=service, scopes=SCOPES[service])
        ways = self.footing.ways
        port = ways.links[BRANCH, service].port if ways else self.ports[service]
        return httpx2.AsyncClient(
            base_url=f"http://127.0.0.1:{port}",
            timeout=seconds,
            headers={"Authorization": f"Bearer {token}"},
        )

    async def rows(self, service: str, query: str, *arguments: object) -> list[asyncpg.Record]:
        """What stands in a service's database, as its owner sees it."""
        connection = await asyncpg.connect(self.footing.urls[service].owner, timeout=10)
        try:
            found: list[asyncpg.Record] = await connection.fetch(query, *arguments)
            return found
        finally:
            await connection.close()

    async def records(self, *topics: str) -> list[Any]:
        """Everything that stands on the topics, duplicates included."""
        names = [f"{self.footing.prefix}{topic}" for topic in topics]
        return await all_records(self.footing.kafka, names, partitions=self.partitions)

    async def load(self, villages: Collection[str]) -> None:
        """Make some villages of the area data known, and wait until everybody has heard."""
        edition = read_edition()
        wanted = tuple(v for v in edition.villages if v.village_key in villages)
        assert len(villages) == len(wanted)
        database = await Database.open(self.footing.urls["registry"].work, name="areas", size=1)
        try:
            outbox = Outbox(clock=Clock(), ids=Ids())
            await load_areas(database, outbox, replace(edition, villages=wanted))
        finally:
            await database.close()
        await eventually(self.heard_of, [len(villages)] * 2, within=30)

    async def heard_of(self) -> list[int]:
        """How many villages eligibility and notifications know by name."""
        query = "SELECT count(*) FROM villages WHERE name IS NOT NULL"
        return [
            (await self.rows(service, query))[0][0] for service in ("eligibility", "notifications")
        ]

    async def command(self, service: str, *words: str) -> tuple[int | None, str]:
        """Run a service's command line to its end: exit code and output."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", service, *words),
            env=self.told | {"COLUMNS": "250"},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await asyncio.wait_for(process.communicate(), 30)
        return process.returncode, output.decode()


@asynccontextmanager
async def system_on(
    home: Path,
    *,
    kafka: str,
    databases: TestDatabases,
    villages: Collection[str],
    processes: Mapping[str, tuple[str, str]] | None = None,
) -> AsyncIterator[System]:
    """A system on the session's Kafka and Postgres, with databases and topics of its own."""
    prefix = fresh_prefix()
    await ensure_topics(kafka, prefix=prefix, partitions=PARTITIONS)
    async with contextlib.AsyncExitStack() as opened:
        urls = {s: await opened.enter_async_context(databases.fresh(s)) for s in SERVICES}
        mail = MailCatcher()
        await mail.start()
        opened.push_async_callback(mail.stop)
        system = System(home, Footing(kafka, prefix, urls, mail), processes or WHOLE)
        opened.push_async_callback(system.end)
        await system.start()
        await system.load(villages)
        yield system


@asynccontextmanager
async def system_of_its_own(
    home: Path,
    *,
    villages: Collection[str],
    processes: Mapping[str, tuple[str, str]] | None = None,
    ways: Ways | None = None,
) -> AsyncIterator[tuple[System, Stack]]:
    """A system on a Kafka and a Postgres that nobody else uses, so that they may be killed."""
    fronted = ways.fronted_kafka if ways else None
    stack = Stack(home / "stack", ports=Ports.any(), fronted_kafka=fronted)
    async with contextlib.AsyncExitStack() as opened:
        opened.push_async_callback(stack.discard)
        known = await stack.start()
        assert stack.mail is not None
        if ways:
            ways.lead({"postgres": port_of(known.postgres), "smtp": known.smtp_port})
        urls = await _own_databases(known.postgres)
        await ensure_topics(known.kafka, prefix="", partitions=PARTITIONS)
        footing = Footing(known.kafka, "", urls, stack.mail, ways=ways)
        system = System(home, footing, processes or WHOLE)
        if ways:
            opened.push_async_callback(ways.close)
            await ways.open()
        opened.push_async_callback(system.end)
        await system.start()
        await system.load(villages)
        yield system, stack


async def _own_databases(postgres: str) -> dict[str, ServiceUrls]:
    urls = {}
    for service in SERVICES:
        await bootstrap_service(postgres, service, password="test")
        made = service_urls(postgres, service, password="test")
        await migrate(made.owner, PACKAGES[service])
        urls[service] = ServiceUrls(made.owner, made.app, made.work)
    return urls


def in_villages(kecamatan: str, ordinals: Iterable[int]) -> Sequence[str]:
    """Keys of desa in a kecamatan: `35.05.15` and 4 is `35.05.15.2004`."""
    return [f"{kecamatan}.2{ordinal:03}" for ordinal in ordinals]
