"""The service as one process: its parts, its command line, and life without its database."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
from common.process import run_parts
from common.security.demo import demo_token
from common.settings import Mode
from eligibility.main import build
from eligibility.settings import Settings
from structlog.testing import capture_logs
from support.databases import ServiceUrls
from support.waiting import eventually

NOWHERE = "postgresql://eligibility_work:x@127.0.0.1:1/eligibility"


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def settings_for(urls: ServiceUrls, kafka: str, prefix: str, secrets: Path) -> Settings:
    return Settings(
        mode=Mode.TEST,
        owner_url=urls.owner,
        app_url=urls.app,
        work_url=urls.work,
        kafka=kafka,
        topic_prefix=prefix,
        topic_partitions=3,
        port=free_port(),
        secrets_dir=secrets,
    )


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[httpx2.AsyncClient]:
    """The service with all its parts, and a client of its port."""
    stop = asyncio.Event()
    token = demo_token(settings.secrets_dir, audience="eligibility", scopes=["eligibility:read"])
    # Unconfigured, structlog draws every traceback with its variables: seconds of the event loop.
    with capture_logs():
        async with _running(settings, stop, token) as client:
            yield client


@asynccontextmanager
async def _running(
    settings: Settings, stop: asyncio.Event, token: str
) -> AsyncIterator[httpx2.AsyncClient]:
    async with (
        build(settings) as service,
        httpx2.AsyncClient(
            base_url=f"http://127.0.0.1:{settings.port}",
            headers={"Authorization": f"Bearer {token}"},
            timeout=20,
        ) as client,
    ):
        running = asyncio.create_task(run_parts(service.parts, stop=stop))
        try:
            yield client
        finally:
            stop.set()
            assert 0 == await asyncio.wait_for(running, 15)


async def status(client: httpx2.AsyncClient, path: str) -> int | None:
    try:
        return (await client.get(path)).status_code
    except httpx2.TransportError:
        return None


async def test_the_whole_service_becomes_ready_and_stops(
    eligibility_urls: ServiceUrls, kafka: str, prefix: str, tmp_path: Path
):
    """All parts start, /ready says so, the default rules are there, and all stop when asked."""
    async with serving(settings_for(eligibility_urls, kafka, prefix, tmp_path)) as client:
        await eventually(lambda: status(client, "/ready"), 200, within=40)

        rules = (await client.get("/rule-sets")).json()["rule_sets"]

    assert 3 == len(rules)


async def test_without_its_database_the_service_lives_and_says_why(
    kafka: str, prefix: str, tmp_path: Path
):
    """Alive, not ready, and every question is answered with 503 and when to come again."""
    urls = ServiceUrls(NOWHERE, NOWHERE, NOWHERE)
    async with serving(settings_for(urls, kafka, prefix, tmp_path)) as client:
        await eventually(lambda: status(client, "/live"), 200, within=20)

        ready = await client.get("/ready")
        answer = await client.get("/villages")

    assert (503, {"database", "start"}) == (
        ready.status_code,
        {"database", "start"} & set(ready.json()["reasons"]),
    )
    assert (503, "5") == (answer.status_code, answer.headers["Retry-After"])


async def test_the_command_line_lists_the_rules(eligibility_urls: ServiceUrls, tmp_path: Path):
    """`rules list` says what the database has; `parked list` says that nothing waits."""
    environment = {
        **os.environ,
        "MODE": "test",
        "ELIGIBILITY_OWNER_URL": eligibility_urls.owner,
        "ELIGIBILITY_APP_URL": eligibility_urls.app,
        "ELIGIBILITY_WORK_URL": eligibility_urls.work,
        "ELIGIBILITY_PORT": "8002",
        "KAFKA": "127.0.0.1:1",
        "SECRETS_DIR": str(tmp_path),
    }

    async def command(*words: str) -> tuple[int | None, str]:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "eligibility", *words),
            env=environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await asyncio.wait_for(process.communicate(), 30)
        return process.returncode, output.decode()

    none_yet = "no rule sets yet: `serve` installs the defaults at its first start\n"
    assert (0, none_yet) == await command("rules", "list")
    assert (0, "no village is parked\n") == await command("parked", "list")
