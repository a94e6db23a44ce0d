"""Eligibility catching up while 1 % of its villages turn to poison, beside the same without poison.

The same events of the same villages on two topics. On one of them each poisoned village has one
record, at a random place of its stream, that cannot be: bytes that are no event, or data that
breaks its schema. It parks there, and all its later events behind it. Measured are the events of
the other villages only, by the processes and rounds of the catch-up.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace

import asyncpg
from catch_up import MARKS, TOPIC, Course, Load, Round, fill, loaded, middle
from embedded.stack import Stack
from figures import Figure, Gate
from filling import events, village
from support.databases import TestDatabases, on

VILLAGES = 2_000
PER_VILLAGE = 200
"""Fewer than the country's 540 (45 million memberships in 84,000 villages). A first failure costs
the attempt of its batch, so with fewer events a village the same poison weighs more."""
SHARE = 0.01
SEED = 20261121

Poison = Mapping[str, tuple[int, bool]]
"""Of each poisoned village the place in its stream, and whether its bytes or its data break."""


def poison_of(seed: int) -> Poison:
    chance = random.Random(seed)  # noqa: S311  # seeded randomness is the point
    chosen = chance.sample(range(VILLAGES), round(SHARE * VILLAGES))
    return {village(n): (chance.randint(2, PER_VILLAGE), k % 2 == 0) for k, n in enumerate(chosen)}


def told(poison: Poison) -> Iterator[tuple[str, bytes]]:
    for key, sequence, _, _, value in events(VILLAGES * PER_VILLAGE, VILLAGES):
        place, bytes_break = poison.get(key, (0, False))
        if sequence != place:
            yield key, value
        elif bytes_break:
            yield key, value[: len(value) // 2]
        else:
            yield key, value.replace(b'"persons":1', b'"persons":"satu"')


@asynccontextmanager
async def poisoned_load(
    databases: TestDatabases, kafka: str, poison: Poison, spared: int
) -> AsyncIterator[Load]:
    """A topic with the poison in it; its events are those of the spared villages."""
    async with loaded(databases, kafka, 0, VILLAGES) as load:
        fill(kafka, f"{load.prefix}{TOPIC}", told(poison))
        yield replace(load, events=spared * PER_VILLAGE)


class Spared(Course):
    """Rounds that are over when the spared villages are; the poisoned ones must be parked."""

    def __init__(
        self, stack: Stack, databases: TestDatabases, load: Load, poison: Poison, parked: int
    ) -> None:
        super().__init__(stack, databases, load)
        self._postgres = databases.postgres
        keys = ",".join(sorted(poison))
        self._progress = f"{MARKS} WHERE village_key <> ALL ('{{{keys}}}')"
        self._parked = parked

    async def _watch(self, name: str, progress: str, processes) -> Round:
        assert progress == MARKS
        measured = await super()._watch(name, self._progress, processes)
        watch = await asyncpg.connect(on(self._postgres, name))
        parked = await watch.fetchval("SELECT count(DISTINCT village_key) FROM parked")
        stopped = await watch.fetchval("SELECT reason FROM consuming_stopped")
        await watch.close()
        assert (self._parked, None) == (parked, stopped)
        return measured


async def measure(
    stack: Stack, databases: TestDatabases, rounds: int, say: Callable[[str], None]
) -> list[Figure]:
    """Rounds with and without poison, taking turns."""
    kafka, poison = stack.addresses.kafka, poison_of(SEED)
    spared = VILLAGES - len(poison)
    clean, poisoned = [], []
    async with (
        poisoned_load(databases, kafka, {}, spared) as pure,
        poisoned_load(databases, kafka, poison, spared) as bad,
    ):
        without = Spared(stack, databases, pure, poison, 0)
        with_it = Spared(stack, databases, bad, poison, len(poison))
        for number in range(1, rounds + 1):
            clean.append(await without.ours())
            poisoned.append(await with_it.ours())
            say(
                f"round {number}: {clean[-1].rate:,.0f}/s, {clean[-1].all_cpu:.1f} us; "
                f"with poison {poisoned[-1].rate:,.0f}/s, {poisoned[-1].all_cpu:.1f} us"
            )
    beside = f"without poison in {SHARE:.0%} of {VILLAGES:,} villages"
    return [
        Figure(
            "poisoned_ratio",
            *(middle(poisoned, lambda r: r.rate), "events/s"),
            *(beside, middle(clean, lambda r: r.rate)),
            Gate(0.95),
        ),
        Figure(
            "poisoned_cpu",
            *(middle(poisoned, lambda r: r.all_cpu), "us/event"),
            *(beside, middle(clean, lambda r: r.all_cpu)),
        ),
    ]
