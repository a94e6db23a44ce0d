"""Whatever is killed, in whatever order: the next start needs no hand."""

import asyncio
import itertools
import os
import random
import signal
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from embedded.ports import Ports
from embedded.stack import Stack
from running import CommandLine, connected, keep, kept, running_on, until

pytestmark = pytest.mark.stack

VICTIMS = ("kafka", "postgres", "supervisor")
# Every order, and a dead supervisor whose parts live on.
ORDERS = [
    ("supervisor",),
    ("supervisor", "kafka"),
    ("supervisor", "postgres"),
    *itertools.permutations(VICTIMS),
]


@pytest.mark.timeout(400)
async def test_killed_in_every_order_it_recovers(home: Path) -> None:
    await _rounds(home, [(order, [0.0, 0.0]) for order in ORDERS])


@pytest.mark.long
@pytest.mark.timeout(1200)
async def test_killed_in_twenty_random_rounds_it_recovers(home: Path) -> None:
    dice = random.Random(2026)
    rounds = [(dice.choice(ORDERS), [dice.uniform(0, 2), dice.uniform(0, 2)]) for _ in range(20)]
    await _rounds(home, rounds)


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    ("begun", "all_of_it"),
    [
        ("kafka/data.new", False),
        ("postgres/data.new", False),
        ("kafka/data", True),
        ("postgres/data", True),
    ],
)
async def test_killed_during_the_first_start_it_recovers(
    home: Path, begun: str, *, all_of_it: bool
) -> None:
    line = CommandLine(home)
    await line.up()
    await until((home / begun).exists, within=30, what=begun)
    await line.kill()
    if all_of_it:
        for part in VICTIMS[:2]:
            await _kill(part, line)
    await line.up()
    addresses = await line.healthy()
    await keep(addresses, 1)
    assert await kept(addresses) == ([1], [1])
    assert await line.end() == 0
    assert running_on(home) == {"kafka": [], "postgres": []}


@pytest.mark.timeout(60)
async def test_a_stranger_who_reads_our_files_is_left_alone(home: Path) -> None:
    async with Stack(home, ports=Ports.any(), kafka=False, mail=False) as stack:
        data = stack._parts["postgres"].part.folder
        strangers = [
            await asyncio.create_subprocess_exec("tail", "-f", str(home / "postgres.log")),
            await asyncio.create_subprocess_exec("tail", "-f", f"{data}/data/postgresql.conf"),
        ]
        await stack.restart("postgres")
    try:
        assert [stranger.returncode for stranger in strangers] == [None, None]
    finally:
        for stranger in strangers:
            stranger.kill()
            await stranger.wait()


@pytest.mark.timeout(60)
async def test_a_process_number_given_to_a_stranger_is_no_obstacle(home: Path) -> None:
    def start() -> Stack:
        return Stack(home, ports=Ports.any(), kafka=False, mail=False)

    async with start() as stack:
        data = stack._parts["postgres"].part.folder / "data"
        user = psutil.Process(stack.pid("postgres")).uids().real
    options = {"user": user} if os.geteuid() == 0 else {}
    stranger = await asyncio.create_subprocess_exec("sleep", "60", **options)
    try:
        stale = data / "postmaster.pid"
        stale.write_text(f"{stranger.pid}\n{data}\n1\n1\n\n127.0.0.1\n0 0\nready\n")
        async with start() as stack, connected(stack.addresses) as connection:
            assert await connection.fetchval("SELECT 1") == 1
        assert stranger.returncode is None
    finally:
        stranger.kill()
        await stranger.wait()


async def _rounds(home: Path, rounds: list[tuple[tuple[str, ...], list[float]]]) -> None:
    line = CommandLine(home)
    await line.up()
    for number, (order, pauses) in enumerate(rounds):
        addresses = await line.healthy()
        await keep(addresses, number)
        line.output.unlink()
        for victim, pause in zip(order, [0.0, *pauses], strict=False):
            await asyncio.sleep(pause)
            await _kill(victim, line)
        await line.up()
        found = await _kept_after(line, order)
        assert found == ([*range(number + 1)],) * 2, order
        assert {name: len(pids) for name, pids in running_on(home).items()} == {
            "kafka": 1,
            "postgres": 1,
        }, order
    assert await line.end() == 0
    assert running_on(home) == {"kafka": [], "postgres": []}


async def _kept_after(line: CommandLine, order: tuple[str, ...]) -> tuple[list[int], list[int]]:
    try:
        return await kept(await line.healthy())
    except AssertionError as error:
        raise AssertionError(f"after {order}: {error}\n{line.output.read_text()}") from error


async def _kill(victim: str, line: CommandLine) -> None:
    if victim == "supervisor":
        await line.kill()
        return
    for pid in running_on(line.home)[victim]:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
