"""No secret is seen from outside: not in a log, an answer, a message or the list of processes."""

from __future__ import annotations

import asyncio
import base64
import os
import secrets
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
from embedded.ports import FREE_RANGE, is_free
from support.databases import TestDatabases
from support.waiting import eventually

SERVICES = ("registry", "eligibility", "notifications")
COMMANDS = {
    "registry": (("migrate",), ("topics",), ("areas", "load"), ("clock", "advance")),
    "eligibility": (("migrate",), ("topics",), ("parked", "list"), ("parked", "resume")),
    "notifications": (("migrate",), ("topics",), ("parked", "list"), ("parked", "retry", "33.26")),
}


class Canaries:
    """Secrets that are recognised wherever they turn up, in the clear or in base64."""

    def __init__(self) -> None:
        self.all: list[str] = []

    def new(self) -> str:
        canary = f"kenari{secrets.token_hex(8)}"
        self.all.append(canary)
        return canary

    def key(self) -> str:
        raw = secrets.token_bytes(32)
        self.all += [base64.b64encode(raw).decode(), raw.hex()]
        return self.all[-2]

    def seen_in(self, text: str) -> list[str]:
        return [canary for canary in self.all if canary in text]


def told(service: str, url: str, canaries: Canaries, port: int) -> dict[str, str]:
    """Settings of a production whose every secret is a canary; `{}` in the URL is a password."""
    name = service.upper()
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
        "MODE": "production",
        "KAFKA": "127.0.0.1:1",
        "ISSUER": "https://issuer.example",
        "JWKS": "https://127.0.0.1:1/jwks",
        **{f"{name}_{role}_URL": url.format(canaries.new()) for role in ("OWNER", "APP", "WORK")},
        **{
            f"{name}_{key}_KEY": canaries.key()
            for key in ("PARKING", "MASTER", "HMAC", "DIRECTORY")
        },
        f"{name}_REGISTRY_TOKEN": canaries.new(),
        f"{name}_ELIGIBILITY_TOKEN": canaries.new(),
        f"{name}_REGISTRY_URL": "http://127.0.0.1:1",
        f"{name}_SMTP_HOST": "127.0.0.1",
        f"{name}_SMTP_PORT": "1",
        f"{name}_SMTP_USERNAME": "desa-sadar",
        f"{name}_SMTP_PASSWORD": canaries.new(),
        f"{name}_MAIL_FROM": "desa-sadar@bpjs-ketenagakerjaan.example",
        f"{name}_PORT": str(port),
    }


async def start(
    service: str, *arguments: str, env: Mapping[str, str], out: Path
) -> asyncio.subprocess.Process:
    with out.open("wb") as file:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", service, *arguments),
            env=dict(env),
            stdout=file,
            stderr=file,
            start_new_session=True,
        )


def a_port() -> int:
    return next(port for port in FREE_RANGE if is_free(port))


@pytest.mark.timeout(120)
@pytest.mark.parametrize("service", SERVICES)
async def test_a_process_whose_parts_are_all_away_names_no_secret(
    service: str, tmp_path: Path
) -> None:
    """Postgres, Kafka, SMTP and issuer away: the log, answers and /proc hold none."""
    canaries, out, port = Canaries(), tmp_path / "log", a_port()
    env = told(service, "postgresql://nobody:{}@127.0.0.1:1/x", canaries, port)
    running = await start(service, "serve", env=env, out=out)
    address = f"http://127.0.0.1:{port}"
    try:
        async with httpx2.AsyncClient(base_url=address) as client:

            async def answers() -> bool:
                try:
                    return (await client.get("/ready")).status_code == 503
                except httpx2.TransportError:
                    return False

            await eventually(answers, True)
            seen = [
                (await client.get(path, headers={"Authorization": f"Bearer {canaries.new()}"})).text
                for path in ("/ready", "/metrics", "/docs", "/openapi.json", "/streams", "/offices")
            ]

        async def refused() -> bool:
            return "guard waits for the database" in out.read_text()

        await eventually(refused, True)
        command_line = await asyncio.to_thread(Path(f"/proc/{running.pid}/cmdline").read_text)
    finally:
        running.send_signal(signal.SIGTERM)
        await asyncio.wait_for(running.wait(), 30)

    assert 0 == running.returncode
    assert [] == canaries.seen_in(command_line + "".join(seen) + out.read_text())


async def test_a_wrong_password_ends_the_process_and_is_not_named(
    databases: TestDatabases, tmp_path: Path
) -> None:
    """Waiting would not help: the last words name the variable."""
    canaries, out = Canaries(), tmp_path / "log"
    server = urlsplit(databases.postgres)
    url = f"postgresql://nobody:{{}}@{server.hostname}:{server.port}/eligibility"
    running = await start(
        "eligibility", "serve", env=told("eligibility", url, canaries, a_port()), out=out
    )

    assert 1 == await asyncio.wait_for(running.wait(), 30)

    for variable in ("ELIGIBILITY_APP_URL", "ELIGIBILITY_WORK_URL"):
        assert f"refused to serve: {variable}: Postgres lets us not in" in out.read_text()
    assert [] == canaries.seen_in(out.read_text())


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    ("service", "url"),
    [
        ("registry", "postgresql://nobody:{}@127.0.0.1:1/x"),
        ("eligibility", "postgresql://nobody:{}@127.0.0.1:port/x"),
        ("notifications", "postgresql://nobody:{}@127.0.0.1:5432/x?sslmode=nonsense"),
        ("registry", "nobody:{}"),
        ("eligibility", "postgresql://nobody:{}%zz@[::1/x"),
    ],
    ids=["away", "no-port", "no-sslmode", "no-url", "no-host"],
)
async def test_commands_that_fail_name_no_secret(service: str, url: str, tmp_path: Path) -> None:
    """A URL that is wrong is not printed: the message names what to mend, never the password."""
    canaries, port = Canaries(), a_port()
    env = told(service, url, canaries, port)
    for number, command in enumerate((*COMMANDS[service], ("serve",))):
        out = tmp_path / f"{number}"
        running = await start(service, *command, env=env, out=out)
        try:
            await asyncio.wait_for(running.wait(), 3 if command == ("serve",) else 40)
        except TimeoutError:
            running.kill()
            await running.wait()
        assert [] == canaries.seen_in(out.read_text()), command
        if command != ("serve",):
            assert running.returncode, command
