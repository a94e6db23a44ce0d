"""The odd seeds: a file of their own, so that two workers share the thousand."""

from __future__ import annotations

import pytest
from support.simulated.telling import chunks, name, tell


@pytest.mark.timeout(120)
@pytest.mark.parametrize("seeds", chunks(1), ids=name)
def test_the_promises_hold_at_rest(seeds: range) -> None:
    """The same promises as in `test_simulation.py`."""
    tell(seeds)
