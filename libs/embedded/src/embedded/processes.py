"""The machine's process table: it tells what runs; numbers kept in files tell what ran."""

import asyncio
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil  # type: ignore[import-untyped]


def matching(ours: Callable[[list[str]], bool]) -> list[int]:
    """The processes whose command line is ours, oldest first."""
    found = []
    for process in psutil.process_iter(["cmdline", "create_time", "status"]):
        arguments = process.info["cmdline"]
        alive = process.info["status"] != psutil.STATUS_ZOMBIE
        if arguments and alive and ours(arguments):
            found.append((process.info["create_time"], process.pid))
    return [pid for _, pid in sorted(found)]


def alive(pid: int) -> bool:
    """Whether the process runs; one that ended and was not yet reaped does not."""
    with suppress(psutil.Error):
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    return False


def arguments_of(pid: int) -> list[str]:
    """The command line of a process, empty if it is gone or hidden from us."""
    with suppress(psutil.Error):
        return [str(argument) for argument in psutil.Process(pid).cmdline()]
    return []


def holds_open(pid: int, path: Path) -> bool:
    """Whether that process has this file open; yes for another user's, which we may not look at."""
    try:
        return any(file.path == str(path) for file in psutil.Process(pid).open_files())
    except psutil.AccessDenied:
        return True
    except psutil.Error:
        return False


def listener_on(port: int) -> str | None:
    """Who listens on a TCP port of this machine, as far as we may see."""
    with suppress(psutil.Error):
        for connection in psutil.net_connections(kind="tcp"):
            local = connection.laddr
            if local and local.port == port and connection.status == psutil.CONN_LISTEN:
                if connection.pid is None:
                    return None
                return f"process {connection.pid} ({psutil.Process(connection.pid).name()})"
    return None


async def end(pid: int, first: signal.Signals, *, patience: float = 10.0) -> None:
    """Ask a process that is not our child to end, and kill it when it does not.

    patience is in seconds. A number taken over by another process meanwhile is left alone.
    """
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        for number in (first, signal.SIGKILL):
            process.send_signal(number)
            if await _ended(process, patience):
                return


async def _ended(process: psutil.Process, patience: float) -> bool:
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
            return True
        await asyncio.sleep(0.05)
    return False
