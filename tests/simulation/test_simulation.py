"""The whole road under a thousand seeds of faults; SIMULATION_SEED tells one again, by steps."""

from __future__ import annotations

import os

import pytest
from support.simulated.runs import Run

SEEDS = int(os.environ.get("SIMULATION_SEEDS", "1000"))
SEED = os.environ.get("SIMULATION_SEED")
CHUNK = 50
LAST = 60
"""Steps shown of a seed that failed."""

CHUNKS = [range(n, min(n + CHUNK, SEEDS)) for n in range(0, SEEDS, CHUNK)]
if SEED is not None:
    CHUNKS = [range(int(SEED), int(SEED) + 1)]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("seeds", CHUNKS, ids=lambda some: f"{some.start}-{some.stop - 1}")
def test_the_promises_hold_at_rest(seeds: range) -> None:
    """Whatever failed on the way: every event once, in order, decided right, told at most once.

    What is promised is in `Run._check`; what fails is in `support.simulated.storm` and `weather`.
    """
    for seed in seeds:
        try:
            Run(seed).tell()
        except BaseException as error:
            steps = replayed(seed)
            error.add_note(f"SIMULATION_SEED={seed} tells it again; its last steps:")
            error.add_note("".join(steps[-LAST:]))
            raise
        if SEED is not None:
            print("".join(replayed(seed)))  # noqa: T201  # it was asked for


def replayed(seed: int) -> list[str]:
    """The steps of a seed, with its failure passed over."""
    run = Run(seed, kept=True)
    try:
        run.tell()
    except BaseException as error:  # noqa: BLE001  # it has been reported
        run.world.trace("run", f"failed: {type(error).__name__}")
    return run.world.trace.lines
