"""Business time over HTTP, where it may move: what time it is, what is due next, moving it."""

# Not `from __future__ import annotations`: FastAPI reads the annotations of these closures.
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Security
from pydantic import BaseModel, ConfigDict, Field

from common.clock import Clock
from common.database import Connection, Database, Queries
from common.security import requires

QUERIES = Queries.of("common", "clockwork.sql")
LONGEST_SECONDS: Final = 3660 * 86_400.0


class ClockView(BaseModel):
    """A service is at rest when nothing is due and all that is published was heard."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    now: datetime
    """Business time."""
    moved_by_seconds: float
    """How far it is ahead of system time."""
    due: int
    """What time has made due and was not done yet."""
    next_due: datetime | None
    """When something is due next; null: nothing is foreseen."""
    published: dict[str, int]
    """Events recorded here for each topic."""
    heard: dict[str, int]
    """Events of each input that have had their effect here."""


class ClockMove(BaseModel):
    """How far business time is to be ahead of system time; a smaller offset changes nothing."""

    model_config = ConfigDict(extra="forbid")

    moved_by_seconds: Annotated[float, Field(ge=0, le=LONGEST_SECONDS)]


def clock_routes(
    service: str,
    database: Database,
    clock: Clock,
    *,
    inputs: Sequence[str] = (),
    due: str | None = None,
) -> APIRouter:
    """`GET /clock` and `POST /clock` with the scope `<service>:clock`; never in production.

    `due` is a statement that takes the moment ($1) and gives `due` and `next_due`.
    """
    scope = requires(f"{service}:clock")
    router = APIRouter(include_in_schema=False, dependencies=[Security(scope)])
    # One pass over the marks: taking the arrays apart costs four times as much.
    sequences = ", ".join(f"sum(sequences[{place + 1}])::bigint" for place in range(len(inputs)))
    sums = f"SELECT ARRAY[{sequences}] FROM marks"  # noqa: S608  # places only

    async def view(connection: Connection) -> ClockView:
        now = clock.now()
        owed = await connection.fetchrow(due, now) if due else None
        published = await connection.fetch(QUERIES["published"])
        heard = await connection.fetchval(sums) if inputs else []
        return ClockView(
            now=now,
            moved_by_seconds=clock.offset.total_seconds(),
            due=owed["due"] if owed else 0,
            next_due=owed["next_due"] if owed else None,
            published={row["topic"]: row["events"] for row in published},
            heard={topic: events or 0 for topic, events in zip(inputs, heard, strict=True)},
        )

    @router.get("/clock")
    async def read() -> ClockView:
        """The time, what is due, and how far the topics have been heard."""
        async with database.transaction() as connection:
            await connection.execute(QUERIES["one_moment"])
            return await view(connection)

    @router.post("/clock")
    async def move(wanted: ClockMove) -> ClockView:
        """Move this service's time forward; other processes of it follow within a second."""
        by = timedelta(seconds=wanted.moved_by_seconds)
        async with database.transaction() as connection:
            stored: timedelta = await connection.fetchval(QUERIES["move"], by)
        # Only what is committed: a process ahead of the stored time would go back when it restarts.
        clock.move_to(max(clock.offset, stored))
        return await read()

    return router
