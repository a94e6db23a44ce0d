"""The tests' Postgres and Kafka: given by the environment, or embedded and started once."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path

import pytest
from embedded.ports import Ports
from embedded.stack import ADDRESSES, Stack

START_SECONDS = 300.0
"""A first start downloads Kafka."""


class TestStack:
    """Starts what the environment does not give; Kafka only when a test asks for it."""

    __test__ = False

    def __init__(self, home: Path, postgres: str | None, kafka: str | None) -> None:
        self._home = home
        self._postgres = postgres
        self._kafka = kafka
        self._own: list[Stack] = []

    @property
    def postgres(self) -> str:
        """A superuser's URL."""
        assert self._postgres is not None
        return self._postgres

    async def kafka(self) -> str:
        if self._kafka is None:
            addresses = await self._start(kafka=True, postgres=False)
            self._kafka = addresses.kafka
        return self._kafka

    async def open(self) -> None:
        if self._postgres is None:
            self._postgres = (await self._start(kafka=False, postgres=True)).postgres

    async def _start(self, *, kafka: bool, postgres: bool):
        name = "kafka" if kafka else "postgres"
        stack = Stack(
            self._home / name, ports=Ports.any(), kafka=kafka, postgres=postgres, mail=False
        )
        addresses = await stack.start()
        self._own.append(stack)
        return addresses

    async def close(self) -> None:
        for stack in reversed(self._own):
            await stack.discard()


class SharedStack:
    """One embedded stack in a process of its own, for all workers of a run."""

    def __init__(self, process: subprocess.Popen[bytes], home: Path) -> None:
        self._process = process
        self._home = home

    @classmethod
    def start(cls) -> SharedStack | None:
        """Start what the environment does not give, and give it; None when nothing is missing."""
        if os.environ.get("TEST_POSTGRES") and os.environ.get("TEST_KAFKA"):
            return None
        # Readable for the user that Postgres runs as, which a private folder of pytest's is not.
        home = Path(tempfile.mkdtemp(prefix="desa-sadar-tests-"))
        home.chmod(0o755)
        any_port = {f"EMBEDDED_{name.upper()}_PORT": "0" for name in asdict(Ports())}
        process = subprocess.Popen(
            [sys.executable, "-m", "embedded", "up", "--home", str(home / "stack")],
            env={**os.environ, **any_port},
        )
        shared = cls(process, home)
        try:
            addresses = shared._addresses()
        except BaseException:
            shared.stop()
            raise
        os.environ.setdefault("TEST_POSTGRES", addresses["postgres"])
        os.environ.setdefault("TEST_KAFKA", addresses["kafka"])
        return shared

    def _addresses(self) -> dict[str, str]:
        file = self._home / "stack" / ADDRESSES
        deadline = time.monotonic() + START_SECONDS
        while not file.exists():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise pytest.UsageError(
                    "Kafka and Postgres could not be started for the tests; the reason is above."
                )
            time.sleep(0.1)
        addresses: dict[str, str] = json.loads(file.read_text())
        return addresses

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(60)
        shutil.rmtree(self._home, ignore_errors=True)


@contextlib.asynccontextmanager
async def open_stack(folders: pytest.TempPathFactory) -> AsyncIterator[TestStack]:
    """The stack of a test session; stopped at its end."""
    stack = TestStack(
        folders.mktemp("stack"), os.environ.get("TEST_POSTGRES"), os.environ.get("TEST_KAFKA")
    )
    await stack.open()
    try:
        yield stack
    finally:
        await stack.close()
