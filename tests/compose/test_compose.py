"""docker compose for real: up from nothing, the story, kills, recovery, nothing lost, down."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest
from embedded.ports import FREE_RANGE, is_free

pytestmark = [pytest.mark.compose, pytest.mark.timeout(1200)]

ROOT = Path(__file__).parents[2]
SERVICES = ("registry", "eligibility", "notifications")
PORTS = (
    *("KAFKA_PORT", "POSTGRES_PORT", "MAIL_PAGE_PORT", "ISSUER_PORT"),
    *(f"{service.upper()}_PORT" for service in SERVICES),
)
UP_SECONDS = 90.0
SUKOSEWU = "35.05.15.2004"
SUBJECTS = {
    "memenuhi syarat": 12,
    "menjadi Desa Sadar": 6,
    "terancam": 2,
    "pulih": 1,
    "belum terlindungi": 1,
    "Kepala Desa baru": 2,
    "penetapan": 2,
}
"""Of the story's mails."""


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


@pytest.fixture(scope="module")
def compose(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Compose]:
    env = tmp_path_factory.mktemp("compose") / ".env"
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


def test_up_the_story_kills_and_recovery(compose: Compose) -> None:
    """Healthy within 90 s from built images; what was killed goes on; reconcile prints nothing."""
    compose("--profile", "story", "build", within=900)
    seconds = compose.up()
    print(f"compose_up_s {seconds:.1f}")  # noqa: T201  # measured where it runs
    assert seconds <= UP_SECONDS

    compose("run", "--rm", "-T", "story", within=400)
    for subject, count in SUBJECTS.items():
        assert count == sum(subject in mail for mail in compose.mails())

    write, read = compose.token("registry", "write"), compose.token("eligibility", "read")
    compose("kill", "-s", "KILL", "kafka")
    held, headers = compose.ask(
        "registry",
        f"/villages/{SUKOSEWU}/sosialisasi",
        write,
        {"effective_on": "2026-01-05", "organiser": "BRANCH_OFFICE", "attendance": 40},
    )
    assert held["sosialisasi_id"]
    compose("kill", "-s", "KILL", "postgres", "eligibility")
    compose.up()
    position = headers["Event-Position"]
    status, _ = compose.ask(
        "eligibility", f"/villages/{SUKOSEWU}?wait_for={position}&timeout=10", read
    )
    assert ("ELIGIBLE", "DIRESMIKAN", "BAIK") == tuple(
        status["status"][name] for name in ("eligibility", "title", "standing")
    )

    for service in SERVICES:
        assert "" == compose("exec", "-T", service, "python", "-m", service, "reconcile").strip()
    assert sum(SUBJECTS.values()) == len(compose.mails())


def test_no_image_holds_a_secret_or_runs_as_root(compose: Compose) -> None:
    """What `make env` made is in no layer and no image's settings; each runs as user 10001."""
    for name in (*SERVICES, "tools"):
        image = f"desa-sadar/{name}"
        user = docker("inspect", "-f", "{{.Config.User}}", image)
        assert "10001" == user
        told = docker("inspect", "-f", "{{json .Config.Env}}", image) + docker(
            "history", "--no-trunc", "--format", "{{.CreatedBy}}", image
        )
        assert not [word for word in ("PASSWORD", "_KEY=", "TOKEN") if word in told]
        files = docker(
            *("run", "--rm", "--entrypoint", "find", image),
            *("/venv", "/var/lib/desa-sadar", "-name", "*.env", "-o", "-name", "*.jwk"),
        )
        assert "" == files


def docker(*arguments: str) -> str:
    done = subprocess.run(
        ("docker", *arguments), capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout.strip()
