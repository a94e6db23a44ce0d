"""Waits that end early: for loops that must stop at once when asked."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable

STOP_GRACE = 2.0
"""Seconds in which work ends by itself; it and the stop of its clients take less than 8 s."""

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


async def until_set(stop: asyncio.Event, work: Awaitable[None]) -> None:
    """Do a loop's work, which ends by itself soon after `stop`, or is cut when it is stuck.

    For work that may be cut anywhere: Kafka's clients wait longer for a broker that is away than
    a process has for its end.
    """
    doing = asyncio.ensure_future(work)
    asked = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait((doing, asked), return_when=asyncio.FIRST_COMPLETED)
        await asyncio.wait((doing,), timeout=STOP_GRACE)
    finally:
        asked.cancel()
        doing.cancel()
        await asyncio.wait((doing,))
    if not doing.cancelled():
        doing.result()


async def stop_within(seconds: float, *ends: Awaitable[object]) -> None:
    """End clients whose work is over or has failed: what they still complain of is only logged."""
    results = await asyncio.gather(
        *(asyncio.wait_for(end, seconds) for end in ends), return_exceptions=True
    )
    for result in results:
        if isinstance(result, Exception):
            log.debug("did not end clean: %s: %s", type(result).__name__, result)
