"""What work costs: CPU of whole processes, the log that Postgres wrote, statements, memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import psutil
from common.database import Connection, Database
from embedded.stack import Stack


class CountedDatabase(Database):
    """Counts the statements that it sends, BEGIN and COMMIT among them."""

    statements = 0

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        async with super().transaction() as connection:
            self.statements += 2
            with connection.query_logger(self._count):
                yield connection

    def _count(self, _query: object) -> None:
        self.statements += 1


def cpu_of(pid: int) -> float:
    """CPU seconds of a process and of all its children, the ended ones too."""
    process = psutil.Process(pid)
    seconds = sum(process.cpu_times()[:4])
    for child in process.children(recursive=True):
        try:
            seconds += sum(child.cpu_times()[:2])
        except psutil.NoSuchProcess:
            continue
    return float(seconds)


class CpuMeter:
    """CPU seconds by who used them: the clients, the broker and Postgres with its backends."""

    def __init__(self, stack: Stack, clients: Sequence[int]) -> None:
        self._pids = {
            "clients": list(clients),
            "kafka": [stack.pid("kafka")],
            "postgres": [stack.pid("postgres")],
        }

    def read(self) -> dict[str, float]:
        return {who: sum(map(cpu_of, pids)) for who, pids in self._pids.items()}


def resident_mb(pids: Sequence[int]) -> float:
    """Resident memory of some processes together, in MB."""
    return sum(psutil.Process(pid).memory_info().rss for pid in pids) / 1e6
