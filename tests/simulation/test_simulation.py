"""The whole road under a thousand seeds of faults: the even ones. The odd ones are next door."""

from __future__ import annotations

import pytest
from support.simulated.telling import chunks, name, tell


@pytest.mark.timeout(120)
@pytest.mark.parametrize("seeds", chunks(0), ids=name)
def test_the_promises_hold_at_rest(seeds: range) -> None:
    """Whatever failed on the way: every event once, in order, decided right, told at most once.

    What is promised is in `Run.check`; what fails is in `simulated.storm` and `simulated.weather`.
    """
    tell(seeds)
