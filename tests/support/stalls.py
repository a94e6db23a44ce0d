"""A server that gives no sign of life for a while, as when its disk does not answer.

SIGSTOP holds the whole process, not only its writes: to its clients the two look the same (open
connections, nothing comes), but a slow disk lets a server still serve what is in its memory. It is
the nearest thing that works everywhere without rights over the machine's devices.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psutil  # type: ignore[import-untyped]


@asynccontextmanager
async def stopped(pid: int) -> AsyncIterator[list[int]]:
    """Hold a process and its children; they go on at the end, those that are still there."""
    first = psutil.Process(pid)
    # The parent first: it starts no more children then.
    held = [first, *_held(first)]
    try:
        yield [process.pid for process in held]
    finally:
        for process in reversed(held):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGCONT)


def _held(first: psutil.Process) -> list[psutil.Process]:
    first.send_signal(signal.SIGSTOP)
    children = []
    for child in first.children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            child.send_signal(signal.SIGSTOP)
            children.append(child)
    return children


async def stall(pid: int, seconds: float) -> None:
    """Hold a process and its children for so long."""
    async with stopped(pid):
        await asyncio.sleep(seconds)
