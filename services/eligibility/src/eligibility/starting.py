"""What must be there before anything is judged: the rules, and business time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from common.clockwork import ClockFollower
from common.database import is_transient
from common.process import Backoff
from common.waiting import first_set

from eligibility.application import Certification

HOUR = 3600.0

log = structlog.get_logger(__name__)

Run = Callable[[asyncio.Event], Awaitable[None]]


class Starting:
    """Prepares the database as soon as it answers; loops that need it wait for that."""

    def __init__(self, certification: Certification, follower: ClockFollower) -> None:
        self._certification = certification
        self._follower = follower
        self._done = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Install the default rules and take over the stored time, then wait for `stop`."""
        backoff = Backoff()
        while not (stop.is_set() or self._done.is_set()):
            try:
                await self._follower.follow_once()
                await self._certification.install_default_rules()
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("start_waits_for_database", reason=type(error).__name__)
                await backoff.wait(stop)
            else:
                self._done.set()
        await stop.wait()

    def before(self, run: Run) -> Run:
        """`run`, begun when the start is done."""

        async def wait_and_run(stop: asyncio.Event) -> None:
            while not (stop.is_set() or self._done.is_set()):
                await first_set(HOUR, stop, self._done)
            if not stop.is_set():
                await run(stop)

        return wait_and_run

    async def probe(self) -> str | None:
        return None if self._done.is_set() else "the database is not prepared yet"
