"""Half an hour of weather: `make test-faults`.

The writers and the verdict of `test_storm.py`, and everything at once that can go wrong: kills,
servers that hang as on a slow disk, processes that come back as zombies, and ways that are cut,
held, slow or torn, each for one process alone. STORM_MINUTES says for how long, STORM_SEED tells
the same storm again, and each event of weather is a line in the file that STORM_LOG names.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from embedded.stack import Stack
from support.forecast import PROTECTED, blows, losses, pass_by
from support.memory import LONG_SECONDS, Memory
from support.post import Post, appoint
from support.reckoning import unrest, watch_effects
from support.system import APART, System, in_villages, system_of_its_own
from support.verdict import check_all, check_reconcile
from support.waiting import eventually
from support.ways import Ways
from support.weather import Weather
from support.writers import Branch, write_during

HALF_AN_HOUR = 30.0
MINUTES = float(os.environ.get("STORM_MINUTES") or HALF_AN_HOUR)
KILLS = 50
REST_SECONDS = 300.0

pytestmark = [
    pytest.mark.stack,
    pytest.mark.faults,
    pytest.mark.long,
    pytest.mark.timeout(MINUTES * 60 + 1200),
]

VILLAGES = [*in_villages("35.05.15", range(1, 9)), *in_villages("33.26.12", range(1, 5))]
PACE = 25.0
"""A few deeds a second, for as long as it lasts."""


@pytest.fixture
async def storm(tmp_path: Path) -> AsyncIterator[tuple[System, Stack, Ways]]:
    ways = Ways(APART)
    async with system_of_its_own(tmp_path, villages=VILLAGES, processes=APART, ways=ways) as (
        system,
        stack,
    ):
        yield system, stack, ways


async def test_half_an_hour_of_weather(storm: tuple[System, Stack, Ways]) -> None:
    """Every acknowledged write once and in order in every place, at most a mail, memory flat."""
    system, stack, ways = storm
    seed = int(os.environ.get("STORM_SEED") or secrets.randbelow(10**6))
    log = Path(os.environ.get("STORM_LOG") or system.home / "weather.log")
    await watch_effects(system)
    await appoint(system)
    post = Post()
    system.footing.mail.on_data = post.take
    branch = Branch(system, seed, pace=PACE)
    weather = Weather(system, stack, post, branch.chance("weather"), log)
    weather.note(f"STORM_SEED={seed} STORM_MINUTES={MINUTES:g}")

    memory = Memory(system.processes)
    watching = asyncio.create_task(memory.watch(), name="memory")
    await write_during(branch, VILLAGES, weather_of(weather, ways, branch))
    weather.note(f"over after {weather.age:.0f} s")
    await eventually(lambda: unrest(system), {}, within=REST_SECONDS)
    weather.note(f"at rest after {weather.age:.0f} s")
    watching.cancel()
    assert [] == system.fallen(), "a process ended by itself"

    tell(weather, branch, memory)
    weather.note(f"mails: {post.taken.total()}")
    await check_all(system, branch, VILLAGES, post.taken, retrying=True)
    await check_reconcile(system)
    check_memory(memory)
    if MINUTES >= HALF_AN_HOUR:
        assert weather.kills() >= KILLS
    weather.note("all promises held")


async def weather_of(weather: Weather, ways: Ways, branch: Branch) -> None:
    """Blows and losses side by side, a third of the time after the other."""
    chance = branch.chance("forecast")
    for third in range(len(PROTECTED)):
        seconds = MINUTES * 60 / len(PROTECTED)
        async with asyncio.TaskGroup() as sides:
            for coming in (blows(chance, list(APART), third), losses(chance)):
                sides.create_task(pass_by(weather, ways, coming, seconds))


def tell(weather: Weather, branch: Branch, memory: Memory) -> None:
    """Write the run's figures to its log."""
    kinds: Counter[str] = Counter()
    for (kind, _), number in weather.counts.items():
        kinds[kind] += number
    account = branch.account
    weather.note(f"weather: {dict(kinds)}, killed in all {weather.kills()}")
    weather.note(
        f"kills: { {w: n for (k, w), n in sorted(weather.counts.items()) if k == 'kill'} }"
    )
    weather.note(f"deeds: {account.deeds.total()} {dict(account.deeds)}")
    weather.note(f"repeated: {account.unanswered.total()} {dict(account.unanswered)}")
    for generation in memory.generations():
        weather.note(f"memory: {generation}")


def check_memory(memory: Memory) -> None:
    """Of each process a life of eight minutes or more, in which its memory did not grow."""
    if MINUTES * 60 / len(PROTECTED) > LONG_SECONDS:
        assert set(APART) == {generation.name for generation in memory.generations()}
    assert [] == [str(generation) for generation in memory.generations() if not generation.flat]
