"""A seed is one run: every step and every byte of it is the same when it is told again."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.simulated.runs import Run

TESTS = Path(__file__).parents[1]
TELL = "from support.simulated.runs import Run; print(Run({seed}).tell())"
SEEDS = (3, 17, 101)


@pytest.mark.timeout(200)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_seed_is_the_same_run_again(seed: int) -> None:
    """All steps with their virtual times, and all rows at the end, are hashed: equal twice."""
    assert Run(seed).tell() == Run(seed, kept=True).tell()


def test_another_seed_is_another_run() -> None:
    assert len(SEEDS) == len({Run(seed).tell() for seed in SEEDS})


@pytest.mark.timeout(200)
@pytest.mark.parametrize("hash_seed", ["1", "4711"])
def test_another_process_tells_the_same(hash_seed: str) -> None:
    """Neither addresses nor the order of hashes have a part in it."""
    told = subprocess.run(
        [sys.executable, "-c", TELL.format(seed=SEEDS[0])],
        env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(TESTS)},
        capture_output=True,
        text=True,
        check=True,
        timeout=150,
    )

    assert Run(SEEDS[0]).tell() == told.stdout.strip()
