"""`doctor` names what is wrong and what to do, one line for each thing, whatever else is wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
import typer
from common.doctor import Ailment, Check, Doctor, examine
from common.doctor_command import add_doctor_command
from common.settings import ServiceSettings
from support.databases import ServiceUrls, TestDatabases
from support.service_settings import service_settings
from typer.testing import CliRunner

PACKAGE = "registry.storage"


@pytest.fixture
async def urls(databases: TestDatabases) -> AsyncIterator[ServiceUrls]:
    async with databases.fresh("registry") as made:
        yield made


@pytest.fixture
def well(urls: ServiceUrls, kafka: str, prefix: str, tmp_path) -> ServiceSettings:
    """A service that stands on all that it needs."""
    return service_settings(
        urls,
        mode="test",
        kafka=kafka,
        topic_prefix=prefix,
        topic_partitions=3,
        secrets_dir=tmp_path,
        jwks="",
    )


async def findings(settings: ServiceSettings) -> dict[str, tuple[bool, str]]:
    found = await examine(Doctor(settings, PACKAGE).checks())
    return {finding.check: (finding.well, finding.text) for finding in found}


async def ill(settings: ServiceSettings) -> dict[str, str]:
    return {check: text for check, (well, text) in (await findings(settings)).items() if not well}


async def execute(urls: ServiceUrls, statement: str, *arguments: object) -> None:
    connection = await asyncpg.connect(urls.owner)
    await connection.execute(statement, *arguments)
    await connection.close()


async def test_all_is_well(well: ServiceSettings) -> None:
    """Each check says in a few words what it found."""
    assert {} == await ill(well)
    found = await findings(well)
    assert found["kafka and topics"] == (True, "as declared")
    assert found["what waits"] == (True, "0 held, 0 skipped, 0 unroutable, 0 unpublished")


async def test_each_ailment_says_what_to_do(well: ServiceSettings, urls: ServiceUrls) -> None:
    """Migrations edited or missing, topics that differ, parked villages, a stop: all at once."""
    now = datetime.now(UTC)
    await execute(urls, "DELETE FROM _pogo_migration WHERE migration_id = '0002_pre_inbox'")
    await execute(urls, "UPDATE clock SET moved_by = $1", timedelta(days=3))
    await execute(
        urls,
        "INSERT INTO parked (village_key, topic, kafka_partition, kafka_offset, reason, detail,"
        " parked_at) VALUES ('33.26', 'registry.villages', 0, 0, 'UNREADABLE', '', $1)",
        now,
    )

    found = await ill(well.model_copy(update={"topic_partitions": 4}))

    assert {"migrations", "kafka and topics", "what waits"} == set(found)
    assert "run the service's `migrate`" in found["migrations"]
    assert "declared 4 (TOPIC_PARTITIONS)" in found["kafka and topics"]
    assert "1 villages are parked: `parked list`" == found["what waits"]
    assert "3 days" in (await findings(well))["clock"][1]

    await execute(
        urls, "INSERT INTO consuming_stopped (reason, stopped_at) VALUES ('EFFECT_FAILED', $1)", now
    )
    assert (
        "consuming is stopped (EFFECT_FAILED): `parked resume`" == (await ill(well))["what waits"]
    )


async def test_what_is_away_is_said_and_the_rest_is_checked(well: ServiceSettings) -> None:
    """Kafka and the issuer away: the database's checks still answer."""
    away = well.model_copy(update={"kafka": "127.0.0.1:1", "jwks": "http://127.0.0.1:1/jwks"})

    found = await ill(away)

    assert {"kafka and topics", "token issuer"} == set(found)
    assert all("is it running, and the address right?" in text for text in found.values())


def test_the_command_prints_a_line_a_check_and_exits_with_one(urls: ServiceUrls, tmp_path) -> None:
    """An operator sees which line to look at; a script sees the code."""

    async def tired() -> str:
        raise Ailment("the server says 421: look at its log")

    def also() -> dict[str, Check]:
        return {"smtp": tired}

    app = typer.Typer()
    gone = service_settings(urls, mode="test", jwks="", secrets_dir=tmp_path)
    add_doctor_command(app, settings=lambda: gone, package=PACKAGE, also=also)
    told = CliRunner().invoke(app, [])

    assert 1 == told.exit_code
    told_flat = " ".join(told.output.split())
    assert "look smtp the server says 421: look at its log" in told_flat
    assert "look kafka and topics" in told_flat
    assert "ok logins can do no more than their part" in told_flat
