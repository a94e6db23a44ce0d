"""`make run` says in Bahasa Indonesia which port is taken, by whom, and what changes it."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from demo.__main__ import app
from embedded.ports import WHAT, setting
from typer.testing import CliRunner


def test_a_taken_port_is_told_with_its_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEMO_HOME", str(tmp_path))
    for name in WHAT:
        monkeypatch.setenv(setting(name), "0")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        monkeypatch.setenv(setting("postgres"), str(port))
        done = CliRunner().invoke(app, ["run"])

    said = " ".join(done.output.split())
    assert (1, True) == (done.exit_code, f"Port {port} sudah dipakai program lain" in said), said
    assert f"proses {os.getpid()}" in said
    assert "EMBEDDED_POSTGRES_PORT=" in said
