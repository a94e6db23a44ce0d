"""An event loop whose time is made up: it jumps to the next timer when nothing is ready."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import random
import secrets
import time
import warnings
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import structlog


class NothingToWaitFor(RuntimeError):
    """Every task waits for another one, and no timer would ever wake any of them."""


class VirtualLoop(asyncio.BaseEventLoop):
    """Runs callbacks in the order of their virtual time; no sockets, no threads, no real waiting.

    It is its own selector: `select` is called when nothing is ready, and moves the time instead.
    """

    def __init__(self) -> None:
        super().__init__()
        self._virtual = 0.0
        self._selector = self
        self._clock_resolution = 1e-9
        self.set_exception_handler(lambda _loop, _context: None)

    def time(self) -> float:
        return self._virtual

    def select(self, timeout: float | None) -> list[Any]:
        """Move to the next timer; raises NothingToWaitFor when there is none."""
        if timeout is None:
            raise NothingToWaitFor("every task waits for another one")
        if timeout > 0:
            timers: list[asyncio.TimerHandle] = getattr(self, "_scheduled")  # noqa: B009  # no stub has it
            self._virtual = timers[0].when()
        return []

    def _process_events(self, event_list: list[Any]) -> None:
        """There are no sockets, so no events of any."""

    def _write_to_self(self) -> None:
        """No other thread has to wake this one."""

    def run_in_executor(self, *_: Any) -> Any:  # type: ignore[override]  # it only refuses
        raise RuntimeError("a simulation has no threads: their order could not be repeated")


@contextlib.contextmanager
def made_up(loop: VirtualLoop, chance: random.Random) -> Iterator[None]:
    """Let all that asks for time or chance have the loop's and the seed's."""
    with (
        patch.object(time, "monotonic", loop.time),
        patch.object(time, "perf_counter", loop.time),
        patch.object(os, "urandom", chance.randbytes),
        patch.object(random, "SystemRandom", lambda: chance),
        patch.object(secrets, "token_bytes", chance.randbytes),
    ):
        yield


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Failures are what a simulation is made of: their warnings would drown what matters.

    A process that is killed leaves coroutines behind that it had not begun.
    """
    disabled, configured = logging.root.manager.disable, structlog.get_config()
    logging.disable(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "coroutine .* was never awaited", RuntimeWarning)
            yield
    finally:
        logging.disable(disabled)
        structlog.configure(**configured)
