"""Waits that end early: for loops that must stop at once when asked."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable

log = logging.getLogger(__name__)


async def set_within(event: asyncio.Event, seconds: float) -> bool:
    """Whether `event` was set within `seconds`."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)
    return event.is_set()


async def first_set(seconds: float, *events: asyncio.Event) -> None:
    """Wait until one of `events` is set, at most `seconds`."""
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()


async def stop_within(seconds: float, *ends: Awaitable[object]) -> None:
    """End clients whose work is over or has failed: what they still complain of is only logged."""
    results = await asyncio.gather(
        *(asyncio.wait_for(end, seconds) for end in ends), return_exceptions=True
    )
    for result in results:
        if isinstance(result, Exception):
            log.debug("did not end clean: %s: %s", type(result).__name__, result)
