"""The process: outages of Postgres and Kafka, the road to the topics, the command line."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from common.database import Database
from common.events import topics
from common.process import run_parts
from common.settings import PartName
from httpx2 import ASGITransport, AsyncClient
from registry.__main__ import app as command_line
from registry.main import TOPICS, build
from registry.purging import Purge
from registry.settings import Settings
from registry_api import KETANON, Api, a_nik, done, kinds, settings_for
from support.databases import ServiceUrls
from support.streams import all_records
from support.waiting import eventually
from typer.testing import CliRunner


@dataclass
class Line:
    """A way to Postgres that can be cut: connections end and new ones are refused."""

    host: str
    port: int
    open: bool = True
    writers: set[asyncio.StreamWriter] = field(default_factory=set)

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self.open:
            writer.close()
            return
        onward, back = await asyncio.open_connection(self.host, self.port)
        self.writers |= {writer, back}
        await asyncio.gather(_copy(reader, back), _copy(onward, writer))

    def cut(self) -> None:
        self.open = False
        for writer in self.writers:
            writer.close()
        self.writers.clear()


@dataclass(frozen=True)
class Road:
    """Where the events go."""

    kafka: str
    prefix: str


@pytest.fixture
async def road(kafka: str, prefix: str) -> Road:
    return Road(kafka, prefix)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@pytest.fixture
async def line(registry_urls: ServiceUrls) -> AsyncIterator[tuple[Line, ServiceUrls]]:
    """A cuttable line, and the service's URLs through it."""
    parts = urlsplit(registry_urls.app)
    cuttable = Line(parts.hostname or "", parts.port or 5432)
    server = await asyncio.start_server(cuttable.carry, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]

    def through(url: str) -> str:
        old = urlsplit(url)
        login = old.netloc.rsplit("@", 1)[0]
        return urlunsplit(old._replace(netloc=f"{login}@127.0.0.1:{port}"))

    urls = ServiceUrls(*map(through, (registry_urls.owner, registry_urls.app, registry_urls.work)))
    yield cuttable, urls
    cuttable.cut()
    server.close()


async def test_without_postgres_it_says_503_and_recovers(
    line: tuple[Line, ServiceUrls], owner: Database, known_areas: object, secrets_dir: Path
) -> None:
    """While the database is away: alive, not ready, 503 with Retry-After; afterwards as before."""
    cuttable, urls = line
    settings = settings_for(urls, secrets_dir)
    async with build(settings) as service:
        transport = ASGITransport(app=service.app, raise_app_exceptions=False)
        async with AsyncClient(transport=transport, base_url="http://registry") as client:
            api = Api(client, owner, settings, service)
            await api.enrolled(a_nik(1))

            cuttable.cut()
            refused = await api.enroll(a_nik(2))
            live, ready = await client.get("/live"), await client.get("/ready")
            cuttable.open = True
            await eventually(lambda: status_of(client, "/ready"), 200)
            accepted = await api.enroll(a_nik(2))

    assert (
        refused.status_code,
        refused.headers["Retry-After"],
        refused.headers["content-type"],
    ) == (503, "5", "application/problem+json")
    assert (live.status_code, ready.status_code) == (200, 503)
    assert accepted.status_code == 201
    assert await api.count("enrollments") == 2


async def status_of(client: AsyncClient, path: str) -> int:
    return (await client.get(path)).status_code


async def test_without_kafka_writes_are_accepted(api: Api) -> None:
    """Kafka is away: the relay waits, the deeds are done, the registry stays ready."""
    stop = asyncio.Event()
    parts = [part for part in api.service.parts if part.name in {"relay", "purge"}]
    running = asyncio.create_task(run_parts(parts, stop=stop))
    try:
        await api.active(a_nik())
        ready = await status_of(api.client, "/ready")
        waiting = await api.count("unpublished")
    finally:
        stop.set()
        code = await running

    assert (ready, code) == (200, 0)
    assert waiting >= 2


@pytest.fixture
async def carrying(
    registry_urls: ServiceUrls, owner: Database, known_areas: object, secrets_dir: Path, road: Road
) -> AsyncIterator[Api]:
    """A registry whose relay carries to a real Kafka."""
    settings = settings_for(
        registry_urls,
        secrets_dir,
        kafka=road.kafka,
        topic_prefix=road.prefix,
        topic_partitions=3,
    )
    stop = asyncio.Event()
    async with build(settings) as service:
        transport = ASGITransport(app=service.app)
        async with AsyncClient(transport=transport, base_url="http://registry") as client:
            parts = [part for part in service.parts if part.name != "api"]
            running = asyncio.create_task(run_parts(parts, stop=stop))
            yield Api(client, owner, settings, service)
            stop.set()
            await running


async def test_what_was_recorded_reaches_the_topics_in_order(carrying: Api, road: Road) -> None:
    """The stored bytes, keyed by village, in sequence; then nothing waits any more."""
    enrollment_id = await carrying.active(a_nik())
    done(await carrying.end(enrollment_id, "2020-01-01"))
    await eventually(lambda: carrying.count("unpublished"), 0)

    name = f"{road.prefix}{topics.REGISTRY_ENROLLMENTS}"
    records = await all_records(road.kafka, [name], partitions=3)

    events = [json.loads(record.value) for record in records]
    assert {KETANON.encode()} == {record.key for record in records}
    assert kinds(events) == ["enrollment.recorded", "enrollment.activated", "enrollment.ended"]
    assert await carrying.events() == events


def test_every_topic_of_the_registry_is_carried() -> None:
    named = {name for name in vars(topics).values() if isinstance(name, str)}

    assert {name for name in named if name.startswith("registry.")} == {
        *TOPICS,
        topics.REGISTRY_WATERMARKS,
    }


async def test_parts_are_run_as_told(registry_urls: ServiceUrls, secrets_dir: Path) -> None:
    """API and relay can run apart."""
    names = {}
    for parts in ({PartName.API}, {PartName.RELAY}):
        settings = settings_for(registry_urls, secrets_dir, parts=frozenset(parts))
        async with build(settings) as service:
            names[next(iter(parts))] = [part.name for part in service.parts]

    assert names == {
        PartName.API: ["topics", "watch", "api", "clock"],
        PartName.RELAY: ["topics", "watch", "clock", "relay", "watermarks", "purge", "reconcile"],
    }


async def test_old_keys_are_forgotten(api: Api, work: Database) -> None:
    """After seven days nobody repeats a request; until then the key stays."""
    await api.enrolled(a_nik())
    clock = api.service.clock

    early = await Purge(work, clock).once()
    clock.move_to(timedelta(days=7, minutes=1))
    late = await Purge(work, clock).once()

    assert (early, late, await api.count("idempotency")) == (0, 1, 0)


async def test_deeds_happen_in_business_time(api: Api) -> None:
    """Moved forward, the clock dates what is recorded and opens the days up to a year ahead."""
    api.service.clock.move_to(timedelta(days=700))

    await api.enrolled(a_nik(), on=str((datetime.now(UTC) + timedelta(days=1000)).date()))

    published = datetime.fromisoformat((await api.events())[0]["time"])
    async with api.owner.transaction() as connection:
        stored = await connection.fetchval("SELECT recorded_at FROM enrollments")
    for recorded in (published, stored):
        assert timedelta(days=699) < recorded - datetime.now(UTC) < timedelta(days=701)


@pytest.fixture
def environment(
    registry_urls: ServiceUrls, secrets_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "MODE": "test",
        "KAFKA": "127.0.0.1:1",
        "SECRETS_DIR": str(secrets_dir),
        "REGISTRY_OWNER_URL": registry_urls.owner,
        "REGISTRY_APP_URL": registry_urls.app,
        "REGISTRY_WORK_URL": registry_urls.work,
        "REGISTRY_PORT": "18101",
    }.items():
        monkeypatch.setenv(name, value)


async def test_the_command_line_migrates_and_makes_tokens(environment: None) -> None:
    """`migrate` again finds nothing to do; `token` prints one with every scope."""
    invoke = CliRunner().invoke

    migrated = await asyncio.to_thread(invoke, command_line, ["migrate"])
    token = await asyncio.to_thread(invoke, command_line, ["token", "--area", "33.26"])

    assert (migrated.exit_code, migrated.stdout.strip()) == (0, "nothing to do: up to date")
    assert (token.exit_code, len(token.stdout.strip().split("."))) == (0, 3)


async def test_the_command_line_loads_the_areas(environment: None, owner: Database) -> None:
    """`areas load` fills an empty database, says how much it added, and is quick."""
    loaded = await asyncio.to_thread(CliRunner().invoke, command_line, ["areas", "load"])

    async with owner.transaction() as connection:
        villages = await connection.fetchval("SELECT count(*) FROM villages")
    assert (loaded.exit_code, villages) == (0, 83762), loaded.output
    assert "83,762 villages added" in loaded.stdout


def test_production_refuses_invented_people(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the NIK-99 switch nor demo keys start in production; each is named."""
    monkeypatch.setenv("REGISTRY_NIK_99", "true")

    with pytest.raises(ValueError, match="REGISTRY_NIK_99") as refused:
        settings_for(ServiceUrls("x", "x", "x"), Path("x")).__class__(
            mode="production",
            owner_url="x",
            app_url="x",
            work_url="x",
            kafka="x",
            port=1,
            issuer="https://issuer.example",
            jwks="https://issuer.example/jwks",
        )

    assert "REGISTRY_MASTER_KEY" in str(refused.value)
    assert "REGISTRY_HMAC_KEY" in str(refused.value)
    assert not Settings.model_fields["nik_99"].get_default(
        call_default_factory=True, validated_data={}
    )
