"""Seeds told for a test: which ones, and what is shown of one that fails."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from support.simulated.runs import Run

CHUNK = 50
LAST = 60
"""Steps shown of a seed that failed."""


def chunks(half: int) -> list[range]:
    """Every other seed, some dozens a test: of 1,000, of SIMULATION_SEEDS, or SIMULATION_SEED."""
    if one := os.environ.get("SIMULATION_SEED"):
        return [range(int(one), int(one) + 1)] if half == int(one) % 2 else []
    seeds = int(os.environ.get("SIMULATION_SEEDS") or 1000)
    return [range(n + half, min(n + CHUNK * 2, seeds), 2) for n in range(0, seeds, CHUNK * 2)]


def name(seeds: range) -> str:
    return f"{seeds.start}-{seeds[-1]}"


def tell(seeds: Iterable[int]) -> None:
    """Tell the seeds one after the other; a failure shows how to tell its seed again."""
    for seed in seeds:
        try:
            Run(seed).tell()
        except BaseException as error:
            error.add_note(f"make simulate SEED={seed} tells it again; its last steps:")
            error.add_note("".join(steps(seed)[-LAST:]))
            raise
        if os.environ.get("SIMULATION_SEED"):
            print("".join(steps(seed)))  # noqa: T201  # it was asked for


def steps(seed: int) -> Sequence[str]:
    """The steps of a seed, up to its failure if it has one."""
    run = Run(seed, kept=True)
    try:
        run.tell()
    except BaseException as error:  # noqa: BLE001  # it has been reported
        run.world.trace("run", f"failed: {type(error).__name__}")
    return run.world.trace.lines
