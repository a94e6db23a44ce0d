"""What time alone changes: villages are judged anew when their day has come.

They are judged ahead of it while nothing is due, so that many of them at one midnight are quick.
"""

from __future__ import annotations

import asyncio
import contextlib
import time

import structlog
from common.database import is_transient
from common.process import Backoff
from prometheus_client import Counter

from eligibility.application import Certification

IDLE_SECONDS = 1.0
FORESEE_SECONDS = 60.0
PAUSE_SECONDS = 0.02
"""Between two pages of villages judged ahead: live events go first."""
PURGE_SECONDS = 3600.0

REVIEWED = Counter("eligibility_reviewed_total", "Villages judged because a day began")
FORESEEN = Counter("eligibility_foreseen_total", "Villages judged ahead of their day")
FAILED = Counter("eligibility_reviews_failed_total", "Villages whose review failed, put off")

log = structlog.get_logger(__name__)


class Scheduler:
    """Reviews due villages, oldest first, in as many replicas as there are.

    A village whose review fails is put off for an hour; the others are reviewed without it.

    Replicas share the work: each takes a page that the others do not hold, and reads what is due
    again under its locks.
    """

    def __init__(self, certification: Certification, *, idle: float = IDLE_SECONDS) -> None:
        self._certification = certification
        self._idle = idle
        self._purge_at = 0.0
        self._foresee_at = 0.0

    async def run(self, stop: asyncio.Event) -> None:
        """Review until `stop`; infrastructure failures are waited out with back-off."""
        backoff = Backoff()
        while not stop.is_set():
            try:
                reviewed = await self._review(stop)
                REVIEWED.inc(reviewed)
                foreseen = 0 if reviewed else await self._foresee()
                await self._purge()
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("scheduler_interrupted", reason=type(error).__name__)
                await backoff.wait(stop)
                continue
            backoff.reset()
            if not reviewed:
                pause = PAUSE_SECONDS if foreseen else self._idle
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), pause)

    async def _review(self, stop: asyncio.Event) -> int:
        try:
            return await self._certification.review_due()
        except Exception as error:
            if is_transient(error):
                raise
            return await self._review_each(stop)

    async def _review_each(self, stop: asyncio.Event) -> int:
        """Review one village a transaction, so that those that fail are known and hold up none."""
        reviewed = 0
        for key in await self._certification.due_for_review():
            if stop.is_set():
                break
            try:
                reviewed += await self._certification.review([key])
            except Exception as error:
                if is_transient(error):
                    raise
                FAILED.inc()
                reason = type(error).__name__  # its text may quote a row
                log.error("review_failed", village_key=key, reason=reason)  # noqa: TRY400
                await self._certification.put_off(key)
        return reviewed

    async def _foresee(self) -> int:
        """Judge a page ahead, if there is one; a page that fails waits for its review."""
        if time.monotonic() < self._foresee_at:
            return 0
        foreseen = 0
        try:
            foreseen = await self._certification.foresee()
        except Exception as error:
            if is_transient(error):
                raise
            log.warning("foreseeing_failed", reason=type(error).__name__)
        if not foreseen:
            self._foresee_at = time.monotonic() + FORESEE_SECONDS
        FORESEEN.inc(foreseen)
        return foreseen

    async def _purge(self) -> None:
        if time.monotonic() >= self._purge_at and not await self._certification.purge():
            self._purge_at = time.monotonic() + PURGE_SECONDS
