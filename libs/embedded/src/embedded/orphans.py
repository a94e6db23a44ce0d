"""What a supervisor that was itself killed left running."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from embedded.kafka import Kafka
from embedded.lock import HomeLock
from embedded.part import Part
from embedded.postgres import Postgres
from embedded.processes import matching
from embedded.supervisor import Supervisor


def orphans(home: Path) -> dict[str, list[int]]:
    """The processes by part; only orphans if nobody holds the home's lock."""
    return {part.title: found for part in _parts(home) if (found := matching(part.owns))}


def end_orphans(home: Path, say: Callable[[str], None]) -> None:
    """End them, under the lock.

    Raises HomeInUseError.
    """
    lock = HomeLock(home.resolve())
    lock.take()
    try:
        asyncio.run(_end([Supervisor(part, say) for part in _parts(home)]))
    finally:
        lock.release()


async def _end(supervisors: list[Supervisor]) -> None:
    for supervisor in supervisors:
        await supervisor.end_orphans()


def _parts(home: Path) -> list[Part]:
    if not home.is_dir():
        return []
    return [Kafka(home.resolve(), []), Postgres(home.resolve())]
