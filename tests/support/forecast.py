"""The weather of half an hour, made of a seed: what befalls whom, and in which order."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from support.ways import BRANCH, Ways
from support.weather import Weather

SERVERS = ("kafka", "postgres")
PROTECTED: tuple[frozenset[str], ...] = (
    frozenset({"registry-relay", "eligibility-1", "notifications"}),
    frozenset({"registry-api", "eligibility-2"}),
    frozenset(),
)
"""Who is not killed in each third of the time: each lives long once, so that its memory shows."""
KILLS = 4
"""Kills of each victim in each third."""
MEANWHILE = ("", "registry-relay", "eligibility-1", "registry-api", "eligibility-2")
"""Who is killed while a server is away."""
LINKS = (
    ("registry-api", "postgres"),
    ("registry-relay", "postgres"),
    ("registry-relay", "kafka"),
    ("eligibility-1", "postgres"),
    ("eligibility-1", "kafka"),
    ("eligibility-2", "postgres"),
    ("eligibility-2", "kafka"),
    ("notifications", "postgres"),
    ("notifications", "kafka"),
    ("notifications", "smtp"),
    (BRANCH, "registry"),
    (BRANCH, "eligibility"),
)
STALL_SECONDS = (1.0, 8.0)
FREEZE_SECONDS = (11.0, 15.0)
"""Longer than a session in the group: who comes back is a zombie."""
OFF_SECONDS = (1.0, 14.0)


@dataclass(frozen=True, slots=True)
class Blow:
    """One event of weather that is to come."""

    kind: str
    where: tuple[str, str]
    """Who, and who else is killed meanwhile; or the two ends of a link."""
    seconds: float = 0.0


def blows(chance: Random, processes: Sequence[str], third: int) -> list[Blow]:
    """Kills, stalls and frozen processes of one third of the time, in their order."""
    spared = PROTECTED[third]
    mortal = [name for name in processes if name not in spared]
    found = [Blow("kill", (name, "")) for name in mortal * KILLS]
    for server in SERVERS:
        meanwhile = [name for name in MEANWHILE if name not in spared]
        found += [Blow("kill", (server, chance.choice(meanwhile))) for _ in range(KILLS)]
        found += [Blow("stall", (server, ""), chance.uniform(*STALL_SECONDS)) for _ in range(4)]
    found += [Blow("freeze", (name, ""), chance.uniform(*FREEZE_SECONDS)) for name in processes]
    chance.shuffle(found)
    return found


def losses(chance: Random) -> list[Blow]:
    """What happens to the ways in one third of the time: each kind once or twice to each link."""
    found = [
        Blow(kind, link, chance.uniform(*OFF_SECONDS))
        for kind in ("cut", "hold", "slow", "tear")
        for link in LINKS
    ]
    chance.shuffle(found)
    return found


async def blow(weather: Weather, ways: Ways, coming: Blow) -> None:
    """Have it happen; returns when it is over."""
    first, second = coming.where
    if coming.kind == "kill":
        await weather.kill(first, second)
    elif coming.kind == "stall":
        await weather.stall(first, coming.seconds)
    elif coming.kind == "freeze":
        await weather.freeze(first, coming.seconds)
    else:
        over = {
            "cut": weather.cut,
            "hold": weather.hold,
            "slow": weather.slow,
            "tear": weather.tear,
        }
        await over[coming.kind](ways.links[first, second], coming.seconds)


async def pass_by(weather: Weather, ways: Ways, coming: Sequence[Blow], seconds: float) -> None:
    """One after the other, spread over so many seconds; what has not come by then does not."""
    began = time.monotonic()
    for n, one in enumerate(coming):
        due = began + seconds * n / len(coming)
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        if time.monotonic() > began + seconds:
            return
        await blow(weather, ways, one)
