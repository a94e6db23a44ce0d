"""Await a condition instead of sleeping."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

STEP = 0.02


async def eventually(
    question: Callable[[], Awaitable[Any]], expected: Any, *, within: float = 20.0
) -> None:
    """Ask until the answer is as expected; fails with the last answer."""
    deadline = time.monotonic() + within
    while (answer := await question()) != expected:
        if time.monotonic() > deadline:
            raise AssertionError(f"after {within} s still {answer!r}, expected {expected!r}")
        await asyncio.sleep(STEP)
