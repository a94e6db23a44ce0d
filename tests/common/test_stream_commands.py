"""The operators' look at what a service has published: `streams list` and `streams show`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import eligibility.__main__ as eligibility
import notifications.__main__ as notifications
import pytest
import registry.__main__ as registry
import typer
from common.clock import Clock
from common.database import Database
from common.events.registry import LaunchHeld
from common.ids import Ids
from common.outbox import Draft, Outbox, lock_villages
from common.stream_commands import stream_commands
from support.databases import ServiceUrls
from support.service_settings import service_settings
from support.streams import KETANON, SUKOSEWU, sosialisasi
from typer.testing import CliRunner, Result

LOCK = "SELECT k AS village_key FROM unnest($1::text[]) AS k"
LAUNCH = LaunchHeld.model_validate(
    {
        "effective_on": "2019-09-03",
        "area_code": "33.26",
        "launch_id": "00000000-0000-4000-8000-000000000001",
        "level": "REGENCY",
        "host_office": "BUPATI",
        "venue": "PENDOPO",
    }
)


@pytest.fixture
async def database(common_urls: ServiceUrls, clock: Clock, ids: Ids) -> AsyncIterator[Database]:
    """Three events of two villages and a regency; the first has left."""
    opened = await Database.open(common_urls.work, name="test")
    drafts = [Draft(village, sosialisasi(village)) for village in (KETANON, KETANON, SUKOSEWU)]
    drafts.append(Draft("33.26", LAUNCH))
    async with opened.transaction() as connection:
        locks = await lock_villages(connection, {draft.village_key for draft in drafts}, LOCK)
        await Outbox(clock=clock, ids=ids).append(connection, locks, drafts)
        await connection.execute(
            "DELETE FROM unpublished WHERE village_key = $1 AND sequence = 1", KETANON
        )
    yield opened
    await opened.close()


@pytest.mark.stack
async def test_streams_are_listed_and_shown(database: Database, common_urls: ServiceUrls) -> None:
    """By the beginning of their code, with what waits; an event as it was published."""
    app = stream_commands(lambda: service_settings(common_urls))

    def ask(*words: str) -> Result:
        return CliRunner().invoke(app, words, env={"COLUMNS": "200"})

    here = await asyncio.to_thread(ask, "list", "33.26")
    shown = await asyncio.to_thread(ask, "show", "registry.notices", "33.26", "1")
    none = await asyncio.to_thread(ask, "show", "registry.notices", "33.26", "2")
    nobody = await asyncio.to_thread(ask, "list", "99")
    cut = await asyncio.to_thread(ask, "list", "--limit", "1")

    rows = [line.split()[:4] for line in here.output.splitlines()[1:]]
    assert [
        ["33.26", "registry.notices", "1", "1"],
        [KETANON, "registry.outreach", "2", "1"],
    ] == rows
    assert (0, True) == (shown.exit_code, '"registry.launch.held.v1"' in shown.output)
    assert (1, True) == (none.exit_code, "no event registry.notices/33.26/2" in none.output)
    assert "no stream begins with 99" in nobody.output
    assert (3, "and more") == (len(cut.output.splitlines()), cut.output.splitlines()[-1][:8])


SAME = {"serve", "migrate", "topics", "doctor", "reconcile", "republish", "clock", "streams"}
CONSUMERS = SAME | {"parked", "skipped"}


@pytest.mark.parametrize(
    ("app", "names"),
    [(registry.app, SAME), (eligibility.app, CONSUMERS), (notifications.app, CONSUMERS)],
    ids=["registry", "eligibility", "notifications"],
)
def test_each_service_has_the_same_commands(app: typer.Typer, names: set[str]) -> None:
    """Under the same names, each with a sentence."""
    group = typer.main.get_command(app)
    commands = group.commands  # type: ignore[attr-defined]  # it is a group

    assert names <= commands.keys()
    assert {"list", "show"} <= commands["streams"].commands.keys()
    assert [] == [name for name, one in commands.items() if not one.get_short_help_str()]
