"""The tests' Postgres and Kafka: given by the environment, or embedded and started once."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from embedded.ports import Ports
from embedded.stack import Stack


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
