"""How much memory processes hold while they live, one generation after the other."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

import psutil  # type: ignore[import-untyped]

from support.system import Process

EVERY_SECONDS = 2.0
LONG_SECONDS = 480.0
"""A generation that lived so long is judged."""
GROWTH = 1.05
SPARE_MB = 8.0


@dataclass(frozen=True, slots=True)
class Generation:
    """One life of a process: how long, and its resident memory in MB early and late."""

    name: str
    seconds: float
    early: float
    """The median of its second quarter: what a start allocates is over by then."""
    late: float
    """The median of its last quarter."""

    @property
    def flat(self) -> bool:
        return self.late <= self.early * GROWTH + SPARE_MB

    def __str__(self) -> str:
        return f"{self.name} {self.early:.1f} -> {self.late:.1f} MB in {self.seconds / 60:.1f} min"


class Memory:
    """Samples the resident memory of processes until its task is cancelled."""

    def __init__(self, processes: Mapping[str, Process]) -> None:
        self._processes = processes
        self._samples: defaultdict[tuple[str, int], list[tuple[float, float]]] = defaultdict(list)

    async def watch(self) -> None:
        while True:
            self.sample()
            await asyncio.sleep(EVERY_SECONDS)

    def sample(self) -> None:
        for name, process in self._processes.items():
            if not process.runs:
                continue
            try:
                held = psutil.Process(process.pid).memory_info().rss / 1e6
            except psutil.NoSuchProcess:
                continue
            self._samples[name, process.pid].append((time.monotonic(), held))

    def generations(self, *, of_at_least: float = LONG_SECONDS) -> list[Generation]:
        """Those that lived so many seconds."""
        found = []
        for (name, _), samples in self._samples.items():
            seconds = samples[-1][0] - samples[0][0]
            quarter = len(samples) // 4
            if seconds >= of_at_least and quarter:
                held = [held for _, held in samples]
                early, late = median(held[quarter : 2 * quarter]), median(held[-quarter:])
                found.append(Generation(name, seconds, early, late))
        return sorted(found, key=lambda one: (one.name, -one.seconds))
