"""Nothing lost, nothing doubled, while everything is killed at random.

Writers record facts with keys and repeat what was not acknowledged; meanwhile each process, Kafka
and Postgres are killed with SIGKILL at least twice, in an order made of a seed. At rest every
place is held to what was acknowledged. The seed is printed; STORM_SEED tells the same storm again.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from embedded.stack import Stack
from support.post import Post, appoint
from support.reckoning import unrest, watch_effects
from support.system import APART, System, in_villages, system_of_its_own
from support.verdict import check_all, check_reconcile
from support.waiting import eventually
from support.weather import Weather
from support.writers import Branch, write_during

pytestmark = [pytest.mark.stack, pytest.mark.faults, pytest.mark.timeout(600)]

VILLAGES = [*in_villages("35.05.15", range(1, 5)), *in_villages("33.26.12", range(1, 4))]
KILLS = 2
PARTS = [
    ("kafka", ""),
    ("kafka", "registry-relay"),
    ("kafka", "eligibility-1"),
    ("postgres", ""),
    ("postgres", "registry-api"),
    ("postgres", "eligibility-2"),
]
"""Kafka and Postgres, alone and with a process that is killed while they are away."""


@pytest.fixture
async def storm(tmp_path: Path) -> AsyncIterator[tuple[System, Stack]]:
    async with system_of_its_own(tmp_path, villages=VILLAGES, processes=APART) as started:
        yield started


async def test_nothing_lost_nothing_doubled(storm: tuple[System, Stack]) -> None:
    """Every acknowledged write has its effect once, in order, in every place, and at most a mail.

    Promised by the outbox (row and event in one transaction), the relay (deleted only after the
    broker's acknowledgement), the marks (effect and mark in one transaction), the chain of
    decisions and the courier's intent before each call.
    """
    system, stack = storm
    seed = int(os.environ.get("STORM_SEED") or secrets.randbelow(10**6))
    print(f"STORM_SEED={seed}")  # noqa: T201  # to tell it again
    await watch_effects(system)
    await appoint(system)
    post = Post()
    system.footing.mail.on_data = post.take

    branch = Branch(system, seed)
    weather = Weather(system, stack, post, branch.chance("kills"))
    await write_during(branch, VILLAGES, kill_each(weather, branch))
    await eventually(lambda: unrest(system), {}, within=90)
    assert [] == system.fallen(), "a process ended by itself"

    await check_all(system, branch, VILLAGES, post.taken)
    await check_reconcile(system)
    print(dict(branch.account.deeds), dict(branch.account.unanswered))  # noqa: T201


async def kill_each(weather: Weather, branch: Branch) -> None:
    """Kill each twice; the courier when a mail has arrived whose outcome it has not heard."""
    chance = branch.chance("victims")
    victims = [*[(name, "") for name in APART] * KILLS, *PARTS]
    chance.shuffle(victims)
    for victim, meanwhile in victims:
        await asyncio.sleep(chance.uniform(0.5, 3))
        await weather.kill(victim, meanwhile)
