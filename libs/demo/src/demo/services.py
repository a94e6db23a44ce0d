"""The three services as processes of their own, started, watched and stopped."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx2
from common.bootstrap import bootstrap_service, service_urls
from common.process import Backoff
from embedded.files import write_aside
from embedded.stack import Addresses

from demo.places import SERVICES, Places, port_of

READY_SECONDS = 60.0
STOP_SECONDS = 10.0
STEADY_SECONDS = 10.0
"""A service that ran for so long before it ended is started again at once."""


class ServiceFailed(RuntimeError):
    """A service did not become ready; its log says why."""


def password_of(places: Places) -> str:
    """The services' database password, made at the first start, mode 600."""
    file = places.secrets / "database.password"
    if not file.exists():
        places.secrets.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_aside(file, secrets.token_urlsafe(24).encode(), mode=0o600)
    return file.read_text()


async def prepare_databases(places: Places, addresses: Addresses) -> None:
    """A database and three roles per service."""
    for service in SERVICES:
        await bootstrap_service(addresses.postgres, service, password=password_of(places))


def environment(places: Places, addresses: Addresses) -> dict[str, str]:
    """What the services are told: the same variables that an operator would set."""
    told = {
        "MODE": "demo",
        "KAFKA": addresses.kafka,
        "SECRETS_DIR": str(places.secrets),
        "NOTIFICATIONS_SMTP_HOST": addresses.smtp_host,
        "NOTIFICATIONS_SMTP_PORT": str(addresses.smtp_port),
        "NOTIFICATIONS_MAIL_FROM": "desa-sadar@bpjs-ketenagakerjaan.example",
        "ELIGIBILITY_REGISTRY_URL": f"http://127.0.0.1:{port_of('registry')}",
        "ELIGIBILITY_OIDC_DISCOVERY": (
            f"http://127.0.0.1:{port_of('issuer')}/.well-known/openid-configuration"
        ),
        "NOTIFICATIONS_REGISTRY_URL": f"http://127.0.0.1:{port_of('registry')}",
        "NOTIFICATIONS_ELIGIBILITY_URL": f"http://127.0.0.1:{port_of('eligibility')}",
        "NOTIFICATIONS_PAGES_URL": f"http://127.0.0.1:{port_of('eligibility')}",
    }
    for service in SERVICES:
        urls = service_urls(addresses.postgres, service, password=password_of(places))
        name = service.upper()
        told |= {
            f"{name}_OWNER_URL": urls.owner,
            f"{name}_APP_URL": urls.app,
            f"{name}_WORK_URL": urls.work,
            f"{name}_PORT": str(port_of(service)),
        }
    return {**os.environ, **told}


async def command(
    told: Mapping[str, str], service: str, *arguments: str, log: Path | None = None
) -> None:
    """Run one of a service's commands to its end; its output is the terminal's, or the log's."""
    with contextlib.ExitStack() as opened:
        out = opened.enter_context(log.open("ab")) if log else None
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", service, *arguments), env=dict(told), stdout=out, stderr=out
        )
        code = await process.wait()
    if code != 0:
        where = log or "di atas"
        raise ServiceFailed(f"`python -m {service} {' '.join(arguments)}` gagal; lihat {where}")


class Service:
    """One service's process: started again when it ends unasked."""

    def __init__(
        self,
        name: str,
        told: Mapping[str, str],
        logs: Path,
        say: Callable[[str], None],
    ) -> None:
        self.name = name
        self._told = dict(told)
        self._log = logs / f"{name}.log"
        self._say = say
        self._process: asyncio.subprocess.Process | None = None
        self._watching: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()

    async def start(self) -> None:
        self._log.parent.mkdir(parents=True, exist_ok=True)
        await self._spawn()
        self._watching = asyncio.create_task(self._watch(), name=f"watch {self.name}")

    async def _spawn(self) -> None:
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                self.name,
                "serve",
                env=self._told,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    async def _watch(self) -> None:
        backoff = Backoff(first=0.5, cap=10.0)
        while not self._stopping.is_set() and self._process is not None:
            started = time.monotonic()
            code = await self._process.wait()
            if self._stopping.is_set():
                return
            if time.monotonic() - started > STEADY_SECONDS:
                backoff.reset()
            self._say(f"{self.name} berhenti (kode {code}), dijalankan lagi; lihat {self._log}")
            await backoff.wait(self._stopping)
            if not self._stopping.is_set():
                await self._spawn()

    async def ready(self) -> None:
        """Until /ready says so; raises ServiceFailed with its reasons after a minute."""
        reason = "belum menjawab"
        deadline = time.monotonic() + READY_SECONDS
        async with httpx2.AsyncClient(timeout=3.0) as client:
            while time.monotonic() < deadline and self._runs():
                with contextlib.suppress(httpx2.HTTPError):
                    answer = await client.get(
                        f"http://127.0.0.1:{self._told[f'{self.name.upper()}_PORT']}/ready"
                    )
                    if answer.status_code == httpx2.codes.OK:
                        return
                    reason = str(answer.json().get("reasons"))
                await asyncio.sleep(0.1)
        raise ServiceFailed(f"{self.name} tidak siap ({reason}); lihat {self._log}")

    def _runs(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def stop(self) -> None:
        """SIGTERM, and SIGKILL to the whole group after 10 s."""
        self._stopping.set()
        process = self._process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOP_SECONDS)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
        if self._watching is not None:
            await self._watching
