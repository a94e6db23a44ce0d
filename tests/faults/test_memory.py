"""A process that grows is told from one that does not."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator

import pytest
from support.memory import Memory

GROWING = """
kept = [bytearray(30_000_000)]
while line := input():
    kept.append(bytearray(int(line)))
    print(len(kept), flush=True)
"""


class Grower:
    """A process that takes as many bytes as it is told."""

    def __init__(self, running: asyncio.subprocess.Process) -> None:
        self._running = running
        self.pid = running.pid
        self.runs = True

    async def grow(self, size: int) -> None:
        assert self._running.stdin is not None
        assert self._running.stdout is not None
        self._running.stdin.write(f"{size}\n".encode())
        await asyncio.wait_for(self._running.stdout.readline(), 10)


@pytest.fixture
async def grower() -> AsyncIterator[Grower]:
    running = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", GROWING),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    yield Grower(running)
    running.kill()
    await running.wait()


@pytest.mark.parametrize(("size", "flat"), [(0, True), (2_000_000, False)])
async def test_growth_is_seen_in_one_life(grower: Grower, size: int, *, flat: bool) -> None:
    """Its second quarter is compared with its last; another life is another generation."""
    memory = Memory({"grower": grower})  # type: ignore[dict-item]  # has a pid, and runs
    for _ in range(16):
        await grower.grow(size)
        memory.sample()

    [generation] = memory.generations(of_at_least=0)
    assert ("grower", flat) == (generation.name, generation.flat), str(generation)
    assert [] == memory.generations(of_at_least=60)
