"""What waits in this service for a person, a broker or its turn, measured when it is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from common.clock import Clock
from common.database import Database, Queries
from common.inbox import QUERIES as INBOX
from common.outbox import QUERIES as OUTBOX
from common.watching import HELD_ALARM, RELAY_ALARM

STILL = timedelta(minutes=5)
"""The registry's watermarks come every few seconds."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One kind of thing that can wait: how many, since when, and whether it is well."""

    what: str
    """parked, unroutable, skipped, held, unpublished or settled."""
    count: int | None
    since: datetime | None
    well: bool


@dataclass(frozen=True, slots=True)
class Measured:
    at: datetime
    waiting: Sequence[Waiting]

    @property
    def well(self) -> bool:
        return all(one.well for one in self.waiting)


class Operation:
    """Reads the queues; of no village, so of no area."""

    def __init__(self, database: Database, *, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._queries = Queries.of("eligibility.storage", "board.sql")

    async def measure(self) -> Measured:
        """All that can wait, as it is now."""
        now = self._clock.now()
        async with self._database.transaction() as connection:
            (inbox,) = await connection.fetch(INBOX["waiting"])
            (queue,) = await connection.fetch(OUTBOX["queue"])
            settled_at = await connection.fetchval(self._queries["settled_at"])
        held, unsent = inbox["oldest_held"], queue["oldest"]
        return Measured(
            now,
            (
                Waiting("parked", inbox["parked_villages"], None, not inbox["parked"]),
                Waiting("unroutable", inbox["unroutable"], None, not inbox["unroutable"]),
                Waiting("skipped", inbox["skipped"], None, not inbox["skipped"]),
                Waiting("held", inbox["held"], held, _young(held, now, HELD_ALARM)),
                Waiting("unpublished", queue["waiting"], unsent, _young(unsent, now, RELAY_ALARM)),
                Waiting(
                    "settled",
                    None,
                    settled_at,
                    settled_at is not None and _young(settled_at, now, STILL),
                ),
            ),
        )


def _young(since: datetime | None, now: datetime, limit: timedelta) -> bool:
    return since is None or now - since <= limit
