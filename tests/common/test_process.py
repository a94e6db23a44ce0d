"""A process ends when one of its parts fails, and within 10 seconds when it is asked to."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import socket
import subprocess
import sys
import time
import weakref
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest
import uvicorn
from common.process import Backoff, Part, PortTaken, api_part, gc_tuning, run_parts
from fastapi import FastAPI
from support.waiting import eventually


def patient(log: list[str], name: str) -> Part:
    async def run(stop: asyncio.Event) -> None:
        await stop.wait()
        log.append(name)

    return Part(name, run)


async def test_all_parts_stop_when_asked() -> None:
    """The event stops every part; the process ends well."""
    log: list[str] = []
    stop = asyncio.Event()
    asyncio.get_running_loop().call_later(0.05, stop.set)

    code = await run_parts([patient(log, "relay"), patient(log, "consumer")], stop=stop)

    assert (code, sorted(log)) == (0, ["consumer", "relay"])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_stops_all_parts(number: signal.Signals) -> None:
    """SIGTERM and Ctrl-C are the same: finish the work in hand, then end."""
    log: list[str] = []
    asyncio.get_running_loop().call_later(0.05, os.kill, os.getpid(), number)

    code = await run_parts([patient(log, "relay"), patient(log, "consumer")])

    assert (code, sorted(log)) == (0, ["consumer", "relay"])


async def raises(_: asyncio.Event) -> None:
    await asyncio.sleep(0)
    raise LookupError("broken")


async def returns(_: asyncio.Event) -> None:
    await asyncio.sleep(0)


async def cancels(_: asyncio.Event) -> None:
    raise asyncio.CancelledError


@pytest.mark.parametrize("failing", [raises, returns, cancels])
async def test_one_failing_part_ends_the_process(
    failing: Callable[[asyncio.Event], AsyncIterator[None]],
) -> None:
    """An exception, an end that nobody asked for, a stray cancellation: others stop, code 1."""
    log: list[str] = []

    code = await run_parts([patient(log, "consumer"), Part("relay", failing)])

    assert (code, log) == (1, ["consumer"])


async def test_a_late_part_is_cancelled() -> None:
    """The grace is for all parts together; who needs longer is cut, and the code says so."""
    ended: list[str] = []

    async def stubborn(_: asyncio.Event) -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("cleaned up")

    stop = asyncio.Event()
    stop.set()
    started = time.monotonic()
    code = await run_parts([Part("relay", stubborn)], stop=stop, grace=0.1)

    assert (code, ended) == (1, ["cleaned up"])
    assert time.monotonic() - started < 1


async def test_cancelling_the_owner_stops_its_parts() -> None:
    """No part outlives the function that owns it."""
    log: list[str] = []
    started = asyncio.Event()

    async def run(stop: asyncio.Event) -> None:
        started.set()
        await stop.wait()
        log.append("relay")

    owner = asyncio.create_task(run_parts([Part("relay", run)]))
    await started.wait()
    owner.cancel()

    with pytest.raises(asyncio.CancelledError):
        await owner
    assert log == ["relay"]


async def test_nothing_to_run_is_an_error() -> None:
    """A process without parts would look healthy and do nothing."""
    with pytest.raises(ValueError, match="PARTS"):
        await run_parts([])


PROGRAM = """
import asyncio, sys, threading, time
from common.process import Part, run, run_parts
from common.telemetry import configure_logging

configure_logging("registry")

async def deaf(stop):
    while True:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            pass

async def in_a_thread(stop):
    await asyncio.to_thread(time.sleep, 3600)

async def fails(stop):
    raise LookupError("no 3326120812340001")

async def main():
    if sys.argv[1] == "main":
        raise LookupError("no 3326120812340001")
    return await run_parts([Part(sys.argv[1], globals()[sys.argv[1]])])

run(main)
"""


@asynccontextmanager
async def program(tmp_path: Path, part: str) -> AsyncIterator[subprocess.Popen[str]]:
    (tmp_path / "program.py").write_text(PROGRAM)
    process = subprocess.Popen(  # noqa: ASYNC220 - only started here
        [sys.executable, "-W", "error", str(tmp_path / "program.py"), part],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        await asyncio.to_thread(process.communicate)


async def test_sigterm_ends_the_process_within_ten_seconds(tmp_path: Path) -> None:
    """Even if a task swallows its cancellation or a thread never returns."""
    await asyncio.gather(*(ends_in_time(tmp_path, part) for part in ("deaf", "in_a_thread")))


async def ends_in_time(tmp_path: Path, part: str) -> None:
    async with program(tmp_path, part) as process:
        assert process.stdout is not None
        line = await asyncio.to_thread(process.stdout.readline)
        assert json.loads(line)["event"] == "part_started"
        process.send_signal(signal.SIGTERM)
        started = time.monotonic()

        assert await asyncio.to_thread(process.wait, 15) == 1
        assert time.monotonic() - started < 10


@pytest.mark.parametrize(("part", "event"), [("fails", "part_failed"), ("main", "process_failed")])
async def test_a_failure_is_logged_without_identifiers_and_exits_with_1(
    tmp_path: Path, part: str, event: str
) -> None:
    """The last words of a process go through the same redaction as all others."""
    async with program(tmp_path, part) as process:
        out, err = await asyncio.to_thread(process.communicate)

    logged = [json.loads(line) for line in out.splitlines()]
    assert (process.returncode, err) == (1, "")
    assert "LookupError: no [nik]" in next(x for x in logged if x["event"] == event)["exception"]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


async def test_the_api_runs_as_a_part_and_finishes_its_requests() -> None:
    """A signal is the process's, not uvicorn's; the request in hand is answered, no other taken."""
    app = FastAPI(docs_url=None, redoc_url=None)
    arrived, go_on = asyncio.Event(), asyncio.Event()

    @app.get("/slow")
    async def slow() -> str:
        arrived.set()
        await go_on.wait()
        return "done"

    port = free_port()
    log: list[str] = []
    parts = [api_part(app, "127.0.0.1", port), patient(log, "relay")]
    running = asyncio.create_task(run_parts(parts))
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        await eventually(lambda: refused(port), expected=False)
        request = asyncio.create_task(client.get("/slow"))
        await arrived.wait()
        owner = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
        os.kill(os.getpid(), signal.SIGTERM)
        await eventually(lambda: refused(port), expected=True)
        assert log == ["relay"]
        assert not isinstance(owner, uvicorn.Server)
        go_on.set()
        response = await request

    assert (response.json(), await running) == ("done", 0)
    assert "server" not in response.headers


async def refused(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return True
    writer.close()
    return False


async def test_a_taken_port_is_named_with_its_setting() -> None:
    """The message says which port, and what to set."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        part = api_part(FastAPI(), "127.0.0.1", port, setting="REGISTRY_PORT")

        with pytest.raises(PortTaken, match=f"127.0.0.1:{port} .* set REGISTRY_PORT"):
            await part.run(asyncio.Event())


async def test_an_api_whose_start_fails_ends_the_process() -> None:
    """An error of the application's own start does not leave a process without an API."""

    @asynccontextmanager
    async def broken(_: FastAPI) -> AsyncIterator[None]:
        raise LookupError("no start")
        yield

    app = FastAPI(lifespan=broken, docs_url=None)

    assert await run_parts([api_part(app, "127.0.0.1", free_port())]) == 1


async def test_back_off_doubles_to_its_cap_with_jitter() -> None:
    """Waits grow from `first` to `cap`, each between half and whole; success begins again."""
    backoff = Backoff(first=0.1, cap=5.0)
    waits = [backoff.next() for _ in range(2000)]

    for attempt, wait in enumerate(waits):
        longest = min(5.0, 0.1 * 2 ** min(attempt, 10))
        assert longest / 2 <= wait <= longest
    assert len(set(waits[10:])) > 1000
    backoff.reset()
    assert backoff.next() <= 0.1


async def test_back_off_ends_when_the_process_stops() -> None:
    """A part that waits to try again does not hold up the end."""
    stop = asyncio.Event()
    asyncio.get_running_loop().call_later(0.02, stop.set)
    started = time.monotonic()

    await Backoff(first=30, cap=30).wait(stop)

    assert time.monotonic() - started < 1


def test_garbage_collection_is_tuned_after_the_start() -> None:
    """What the start made is frozen; young collections are rare."""
    before = gc.get_threshold()
    try:
        gc_tuning()

        assert gc.get_threshold() == (200_000, 20, 50)
        assert gc.get_freeze_count() > 0
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)


async def test_what_an_outage_left_is_collected(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rings of objects are freed every ten seconds, though collections by count are rare."""
    monkeypatch.setattr("common.process.COLLECT_SECONDS", 0.02)

    class Client:
        def __init__(self) -> None:
            self.itself = self

    async def freed() -> bool:
        return left() is None

    stop = asyncio.Event()
    gc.disable()
    try:
        left = weakref.ref(Client())
        running = asyncio.create_task(run_parts([Part("idle", asyncio.Event.wait)], stop=stop))
        await eventually(freed, True)
    finally:
        gc.enable()
        stop.set()
    assert 0 == await running


def test_holes_in_memory_are_given_back() -> None:
    """What was freed between things in use returns to the system: a process does not swell."""
    said = subprocess.run(
        [sys.executable, "-c", HOLES], capture_output=True, check=True, timeout=30, text=True
    ).stdout
    grown, left = json.loads(said.splitlines()[-1])

    assert grown > HOLES_MB * 0.7
    assert left < HOLES_MB * 0.3


HOLES_MB = 60
HOLES = f"""
import asyncio, json, resource
from pathlib import Path
import common.process
from common.process import Part, run_parts

common.process.COLLECT_SECONDS = 0.02

def held():
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e6

async def idle(stop):
    freed = held()
    deadline = asyncio.get_running_loop().time() + 10
    while held() > freed - {HOLES_MB} * 0.7 and asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(0.02)

async def main():
    before = held()
    blocks = [bytearray(2000) for _ in range({HOLES_MB} * 500)]
    kept = blocks[::20]
    del blocks
    grown = held() - before
    await run_parts([Part("idle", idle)])
    print(json.dumps([grown, held() - before - len(kept) * 4096 / 1e6]))

asyncio.run(main())
"""
