"""The project's docker compose, under a name and on ports of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from typing import Any

from embedded.ports import FREE_RANGE, is_free

ROOT = Path(__file__).parents[2]
SERVICES = ("registry", "eligibility", "notifications")
PORTS = (
    *("KAFKA_PORT", "POSTGRES_PORT", "MAIL_PAGE_PORT", "ISSUER_PORT"),
    *(f"{service.upper()}_PORT" for service in SERVICES),
)
UP_SECONDS = 90.0
"""From built images to healthy, at most."""


class Compose:
    """The project's compose file under a name, an .env and ports of its own."""

    def __init__(self, env: Path, ports: Mapping[str, int]) -> None:
        self.ports = ports
        self._command = (
            *("docker", "compose", "--env-file", str(env)),
            *("-p", f"desa-sadar-test-{token_hex(3)}"),
        )

    def __call__(self, *arguments: str, within: float = 300) -> str:
        """Run a compose command; its standard output. A failure shows all that it said."""
        done = subprocess.run(
            (*self._command, *arguments),
            cwd=ROOT, capture_output=True, text=True, timeout=within, check=False,
        )  # fmt: skip
        assert 0 == done.returncode, f"{arguments}: {done.stdout[-3000:]}{done.stderr[-3000:]}"
        return done.stdout

    def up(self) -> float:
        """Everything up and healthy; how many seconds it took."""
        began = time.monotonic()
        self("up", "-d", "--wait", within=300)
        return time.monotonic() - began

    def token(self, service: str, *scopes: str) -> str:
        some = [part for scope in scopes for part in ("--scope", f"{service}:{scope}")]
        told = self(
            *("exec", "-T", "registry", "python", "-m", "common.security.demo", "token"),
            *("--service", service, *some),
        )
        return told.strip()

    def ask(
        self, service: str, path: str, token: str, body: Mapping[str, Any] | None = None
    ) -> tuple[Any, Mapping[str, str]]:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        if body is not None:
            headers["Idempotency-Key"] = token_hex(16)
        request = urllib.request.Request(  # an address of this test
            f"http://127.0.0.1:{self.ports[f'{service.upper()}_PORT']}{path}",
            headers=headers,
            data=None if body is None else json.dumps(body).encode(),
        )
        with urllib.request.urlopen(request, timeout=40) as answer:  # noqa: S310  # same
            return json.loads(answer.read()), answer.headers

    def mails(self) -> list[str]:
        """Subjects of the mails that have arrived."""
        page = f"http://127.0.0.1:{self.ports['MAIL_PAGE_PORT']}/email"
        with urllib.request.urlopen(page, timeout=10) as answer:  # same
            return [mail["subject"] for mail in json.loads(answer.read())]

    def build(self) -> None:
        self("--profile", "story", "build", within=900)


@contextmanager
def project(folder: Path) -> Iterator[Compose]:
    """Passwords and ports are made in the folder; everything is taken down and away at the end."""
    env = folder / ".env"
    subprocess.run((sys.executable, str(ROOT / "deploy/make_env.py"), str(env)), check=True)
    free = (port for port in FREE_RANGE if is_free(port))
    ports = {name: next(free) for name in PORTS}
    with env.open("a") as file:
        file.writelines(f"{name}={port}\n" for name, port in ports.items())
    compose = Compose(env, ports)
    try:
        yield compose
    finally:
        compose("--profile", "story", "down", "-v", "--remove-orphans", "-t", "15")
        assert [] == compose("ps", "-aq").split()


def is_here() -> bool:
    """Whether there is Docker, with compose and the image that ours are made of."""
    asked = (("compose", "version"), ("image", "inspect", "python:3.13-slim"))
    try:
        for one in asked:
            subprocess.run(("docker", *one), capture_output=True, timeout=30, check=True)
    except (FileNotFoundError, subprocess.SubprocessError):
        return False
    return True
