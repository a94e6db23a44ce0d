"""The stack as its users see it: real parts, kept data, clear refusals."""

import asyncio
import os
import signal
import socket
import stat
import sys
from dataclasses import fields
from pathlib import Path

import asyncpg
import pytest
from embedded.errors import EmbeddedError, HomeInUseError, PortTakenError
from embedded.ports import Ports, setting
from embedded.stack import Stack
from running import connected, get, keep, kept, running_on, send, until

pytestmark = [pytest.mark.stack, pytest.mark.timeout(180)]


async def test_values_survive_kill_and_restart_of_each_part(stack: Stack) -> None:
    before = stack.addresses
    await keep(before, 1)
    for part in ("kafka", "postgres"):
        pid = stack.pid(part)
        await stack.kill(part)
        with pytest.raises(EmbeddedError, match="not running"):
            stack.pid(part)
        await stack.restart(part)
        assert stack.pid(part) != pid
    assert stack.addresses == before
    assert await kept(before) == ([1], [1])


async def test_restart_of_a_running_part_is_a_clean_stop_and_start(stack: Stack) -> None:
    pid = stack.pid("postgres")
    await stack.restart("postgres")
    assert stack.pid("postgres") != pid
    assert len(running_on(stack.home)["postgres"]) == 1


@pytest.mark.parametrize("part", ["kafka", "postgres"])
async def test_a_part_that_dies_is_started_again(stack: Stack, part: str) -> None:
    dead = stack.pid(part)
    os.kill(dead, signal.SIGKILL)

    def another() -> bool:
        try:
            return stack.pid(part) != dead
        except EmbeddedError:
            return False

    await until(another, within=60, what=f"another {part}")
    await until(lambda: _answers(stack, part), within=60, what=f"{part} answers again")


async def test_a_hung_part_is_killed_and_started_again(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("embedded.supervisor.PROBE_EVERY", 0.1)
    monkeypatch.setattr("embedded.supervisor.SILENT_PROBES", 2)
    monkeypatch.setattr("embedded.supervisor.STOP_PATIENCE", 0.5)
    monkeypatch.setattr("embedded.postgres.PROBE_PATIENCE", 0.5)
    async with Stack(home, ports=Ports.any(), kafka=False, mail=False) as stack:
        hung = stack.pid("postgres")
        os.kill(hung, signal.SIGSTOP)
        await until(
            lambda: running_on(home)["postgres"] not in ([hung], []), within=30, what="a new one"
        )
        await until(lambda: _answers(stack, "postgres"), within=30, what="it answers")


async def test_postgres_is_set_up_as_promised(stack: Stack) -> None:
    wanted = {
        "listen_addresses": "127.0.0.1",
        "password_encryption": "scram-sha-256",
        "jit": "off",
        "max_connections": "200",
        "shared_buffers": "256MB",
        "fsync": "on",
    }
    async with connected(stack.addresses) as connection:
        found = {name: await connection.fetchval(f"SHOW {name}") for name in wanted}
        data = Path(await connection.fetchval("SHOW data_directory"))
    assert found == wanted
    assert _mode(data) == 0o700
    for secret in ("postgres.password", "addresses.json"):
        assert _mode(stack.home / secret) == 0o600


async def test_a_wrong_password_is_refused(stack: Stack) -> None:
    port = int(stack.addresses.postgres.rpartition(":")[2].partition("/")[0])
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(
            host="127.0.0.1", port=port, user="postgres", password="guess", database="postgres"
        )


async def test_a_second_start_is_refused_and_the_first_left_alone(stack: Stack) -> None:
    pids = running_on(stack.home)
    with pytest.raises(HomeInUseError, match=f"process {os.getpid()}") as refusal:
        await Stack(stack.home, ports=Ports.any()).start()
    assert refusal.value.pid == os.getpid()
    other = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "embedded", "up", "--home", str(stack.home),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await asyncio.wait_for(other.communicate(), 60)
    assert other.returncode == 1
    assert f"process {os.getpid()}" in output.decode()
    assert running_on(stack.home) == pids
    await until(lambda: _answers(stack, "kafka"), within=5, what="the first one still answers")
    assert (stack.home / "addresses.json").exists()


async def test_caught_mail_is_shown(stack: Stack) -> None:
    await send(stack.addresses, "Surat pertama")
    status, page = await get(stack.addresses.mail_page, "/")
    assert status == 200
    assert "Surat pertama" in page


async def test_data_and_ports_are_kept_between_runs(home: Path) -> None:
    async with Stack(home, ports=Ports.any()) as first:
        before = first.addresses
        await keep(before, 7)
        await send(before, "Disimpan")
    assert running_on(home) == {"kafka": [], "postgres": []}
    async with Stack(home, ports=Ports.any()) as second:
        assert second.addresses == before
        assert await kept(before) == ([7], [7])
        assert second.mail is not None
        assert [mail.subject for mail in second.mail.mails] == ["Disimpan"]
        await second.discard()
    assert not any(home.parent.iterdir())


@pytest.mark.parametrize("name", [field.name for field in fields(Ports)])
async def test_a_taken_port_is_named_with_its_setting(home: Path, name: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ports = Ports.any().with_given({name: port})
        with pytest.raises(PortTakenError) as refusal:
            await Stack(home, ports=ports).start()
    assert f"Port {port}" in str(refusal.value)
    assert setting(name) in str(refusal.value)
    assert f"process {os.getpid()}" in str(refusal.value)
    assert running_on(home) == {"kafka": [], "postgres": []}


async def test_a_port_taken_between_the_look_and_the_start_fails_clearly(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("embedded.ports.is_free", lambda _port: True)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(EmbeddedError, match=f"{port}|Address already in use"):
            await Stack(home, ports=Ports.any().with_given({"postgres": port})).start()
    assert running_on(home) == {"kafka": [], "postgres": []}


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def _answers(stack: Stack, part: str) -> bool:
    supervisor = stack._parts[part]
    try:
        return await supervisor.part.answers(supervisor.pid)
    except EmbeddedError:
        return False
