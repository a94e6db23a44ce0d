"""A process: parts that are owned, stop together, and end the process when one fails."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
import os
import random
import signal
import socket
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NoReturn

import structlog
import uvicorn
import uvloop
from fastapi import FastAPI

from common.waiting import set_within

GRACE = 8.0
"""Seconds a part has to finish its work after it was asked to stop."""
CANCEL_GRACE = 0.5
CUT_AFTER = 0.5
"""Seconds for what outlived its cancellation; then the process is cut: 10 s in all."""
COLLECT_SECONDS = 10.0

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Part:
    """A loop that the process owns: runs until the event is set, and returns then."""

    name: str
    run: Callable[[asyncio.Event], Awaitable[None]]


async def run_parts(
    parts: Sequence[Part], *, stop: asyncio.Event | None = None, grace: float = GRACE
) -> int:
    """Run all parts until SIGTERM, SIGINT or the end of one of them; 0, or 1 when one failed."""
    if not parts:
        raise ValueError("there is no part to run: look at the setting PARTS")
    stop = stop or asyncio.Event()
    with _signals(stop):
        tasks = [
            asyncio.create_task(_owned(part, stop), name=f"part {part.name}") for part in parts
        ]
        stopped = asyncio.create_task(stop.wait(), name="stop")
        collecting = asyncio.create_task(_collect(stop), name="collect")
        try:
            await asyncio.wait([*tasks, stopped], return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopped.cancel()
            collecting.cancel()
            stop.set()
            await _finish(tasks, grace)
    return 0 if all(task.done() and not task.cancelled() and task.result() for task in tasks) else 1


async def _owned(part: Part, stop: asyncio.Event) -> bool:
    """Whether the part did as it was asked."""
    logger.info("part_started", part=part.name)
    try:
        await part.run(stop)
    except asyncio.CancelledError:
        if not stop.is_set():
            logger.exception("part_cancelled_unasked", part=part.name)
        raise
    except Exception:
        logger.exception("part_failed", part=part.name)
        return False
    if not stop.is_set():
        logger.error("part_ended_unasked", part=part.name)
        return False
    logger.info("part_stopped", part=part.name)
    return True


async def _finish(tasks: list[asyncio.Task[bool]], grace: float) -> None:
    _, late = await asyncio.wait(tasks, timeout=grace)
    for task in late:
        logger.warning("part_cancelled", part=task.get_name(), waited=grace)
        task.cancel()
    if late:
        _, stuck = await asyncio.wait(late, timeout=CANCEL_GRACE)
        for task in stuck:
            logger.error("part_stuck", part=task.get_name())


@contextlib.contextmanager
def _signals(stop: asyncio.Event) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        yield
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


def run(main: Callable[[], Awaitable[int]]) -> NoReturn:
    """Run `main` on uvloop and exit with its code, even if a task or thread will not end."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        code = runner.run(_logged(main))
        cut = threading.Timer(CUT_AFTER, os._exit, (code,))
        cut.daemon = True
        cut.start()
    sys.exit(code)


async def _logged(main: Callable[[], Awaitable[int]]) -> int:
    try:
        return await main()
    except Exception:
        # Printed by Python, its text would not be redacted.
        logger.exception("process_failed")
        return 1


def gc_tuning() -> None:
    """Leave what the start made out of collections, and collect rarely; call once when ready.

    What is collected this rarely is left to `run_parts`, which does it every ten seconds: what was
    frozen is not looked at, so that it takes milliseconds.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(200_000, 20, 50)


async def _collect(stop: asyncio.Event) -> None:
    """Free rings of objects, and give back to the system what freeing left behind.

    A client that an outage ended is such a ring. Measured under cut connections, what is in use
    stays the same while holes between it grow (glibc keeps them until it is told to trim).
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    while not await set_within(stop, COLLECT_SECONDS):
        gc.collect()
        if trim is not None:
            trim(0)


class Backoff:
    """How long to wait before the next attempt: doubling, at most `cap` s, jittered by half."""

    def __init__(self, first: float = 0.1, cap: float = 5.0) -> None:
        self._first = first
        self._cap = cap
        self._random = random.SystemRandom()
        self._attempts = 0

    def reset(self) -> None:
        """The attempt succeeded: begin again with the shortest wait."""
        self._attempts = 0

    def next(self) -> float:
        """Seconds of the next wait."""
        longest = min(self._cap, self._first * 2 ** min(self._attempts, 30))
        self._attempts += 1
        return self._random.uniform(longest / 2, longest)

    async def wait(self, stop: asyncio.Event) -> None:
        """Wait, or return at once when `stop` is set."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), self.next())


class PortTaken(RuntimeError):
    """The port of the API cannot be had."""


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals belong to the process, which has other parts to stop."""
        yield


def api_part(app: FastAPI, host: str, port: int, *, setting: str = "PORT") -> Part:
    """The HTTP server as a part; `setting` is named when the port is taken."""

    async def serve(stop: asyncio.Event) -> None:
        listener = _listen(host, port, setting)
        server = _Server(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_keep_alive=30,
                timeout_graceful_shutdown=int(GRACE) - 2,
            )
        )
        watcher = asyncio.create_task(_stop_server(server, stop), name="api stop")
        try:
            await server.serve(sockets=[listener])
        except SystemExit as error:
            raise RuntimeError("the API did not start; its reason is logged above") from error
        finally:
            watcher.cancel()
            listener.close()

    return Part("api", serve)


async def _stop_server(server: uvicorn.Server, stop: asyncio.Event) -> None:
    await stop.wait()
    server.should_exit = True


def _listen(host: str, port: int, setting: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise PortTaken(
            f"cannot listen on {host}:{port} ({error.strerror}); free it or set {setting}"
        ) from error
    listener.setblocking(False)
    return listener
