"""The operators' commands that every service has: migrate, topics, parked, clock."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from common.clockwork import ClockFixed, advance
from common.database import Database, is_transient
from common.kafka import is_kafka_down
from common.migrations import migrate
from common.parking import Parking, ParkingError
from common.partitions import GroupBehind, add_partitions
from common.settings import Mode, ServiceSettings
from common.topics_admin import TopicsDiffer, ensure_topics

Result = TypeVar("Result")

console = Console(highlight=False)
complain = Console(stderr=True, highlight=False)


def do(work: Awaitable[Result]) -> Result:
    """Run a command's work; what a person can mend is said in one line, with exit code 1."""

    async def run() -> Result:
        return await work

    try:
        return asyncio.run(run())
    except (ParkingError, TopicsDiffer, GroupBehind, ClockFixed) as error:
        complain.print(str(error))
    except Exception as error:
        if not (is_transient(error) or is_kafka_down(error)):
            raise
        complain.print(f"{type(error).__name__}: {error}. Is it running, and the address right?")
    raise typer.Exit(1)


def add_shared_commands(
    app: typer.Typer, *, settings: Callable[[], ServiceSettings], package: str
) -> None:
    """Give a service's command line `migrate`, `topics` and `clock`."""

    @app.command("migrate")
    def migrate_command() -> None:
        """Bring the database to this release."""
        applied = do(migrate(settings().owner_url.get_secret_value(), package))
        console.print("\n".join(applied) if applied else "nothing to do: up to date")

    @app.command("topics")
    def topics_command(
        replication: Annotated[int, typer.Option(min=1, max=9)] = 1,
        *,
        add: Annotated[
            bool,
            typer.Option(
                "--add-partitions",
                help="Bring topics that exist up to TOPIC_PARTITIONS; relays stopped, no lag.",
            ),
        ] = False,
    ) -> None:
        """Create the topics that are missing and check all."""
        known = settings()
        if add:
            grown = do(
                add_partitions(
                    known.kafka, prefix=known.topic_prefix, partitions=known.topic_partitions
                )
            )
            text = [f"{name} has {known.topic_partitions} partitions" for name in grown]
            console.print("\n".join(text) if text else "all topics are as declared")
            return
        created = do(
            ensure_topics(
                known.kafka,
                prefix=known.topic_prefix,
                partitions=known.topic_partitions,
                replication=replication,
            )
        )
        console.print("\n".join(created) if created else "all topics are as declared")

    clock = typer.Typer(no_args_is_help=True, help="Business time (demo and test only).")
    app.add_typer(clock, name="clock")

    @clock.callback()
    def _clock() -> None:
        """Keep `advance` a subcommand."""

    @clock.command("advance")
    def advance_command(
        days: Annotated[float, typer.Option(min=0, max=3660)] = 0,
        minutes: Annotated[float, typer.Option(min=0)] = 0,
    ) -> None:
        """Move this service's business time forward."""
        known = settings()

        async def move() -> timedelta:
            database = await Database.open(known.work_url.get_secret_value(), name="clock", size=1)
            try:
                async with database.transaction() as connection:
                    return await advance(
                        connection,
                        timedelta(days=days, minutes=minutes),
                        movable=known.movable_clock and known.mode is not Mode.PRODUCTION,
                    )
            finally:
                await database.close()

        console.print(f"business time is now {do(move())} ahead of system time")


def add_parked_commands(
    app: typer.Typer, open_parking: Callable[[], AbstractAsyncContextManager[Parking]]
) -> typer.Typer:
    """Give a consuming service's command line `parked list|retry|discard|resume`; the group."""
    parked = typer.Typer(no_args_is_help=True, help="Villages that wait for a person.")
    app.add_typer(parked, name="parked")

    def on_parking(work: Callable[[Parking], Awaitable[Result]]) -> Result:
        async def run() -> Result:
            async with open_parking() as parking:
                return await work(parking)

        return do(run())

    @parked.command("list")
    def list_parked(limit: Annotated[int, typer.Option(min=1, max=10_000)] = 100) -> None:
        """The parked villages, why, and how many events wait there."""
        rows = on_parking(lambda parking: parking.villages(limit))
        if not rows:
            console.print("no village is parked")
            return
        console.print(_table(rows))

    @parked.command("retry")
    def retry(village: str) -> None:
        """Have the effect of a village's parked events, in their order."""
        drained = on_parking(lambda parking: parking.retry(village))
        console.print(f"{village}: {drained.applied} applied, {drained.left} left")
        if drained.reason:
            complain.print(f"still parked: {drained.reason}")
            raise typer.Exit(1)

    @parked.command("discard")
    def discard(  # noqa: PLR0917  # each is an option of the command line
        village: str,
        reason: Annotated[str, typer.Option(help="Why; kept with the decision.")],
        actor: Annotated[str, typer.Option(help="Who decides.")],
        parked_id: Annotated[int | None, typer.Option("--id", help="As `list` shows it.")] = None,
        topic: Annotated[str | None, typer.Option()] = None,
        sequence: Annotated[int | None, typer.Option(min=1)] = None,
    ) -> None:
        """Decide that an event has no effect here; the mark passes over it."""
        if parked_id is None and (topic is None or sequence is None):
            complain.print("name the event by --id, or by --topic and --sequence")
            raise typer.Exit(2)
        on_parking(
            lambda parking: parking.discard(
                village,
                reason=reason,
                actor=actor,
                parked_id=parked_id,
                topic=topic,
                sequence=sequence,
            )
        )
        console.print(f"discarded; now `parked retry {village}`")

    @parked.command("resume")
    def resume(
        park_minutes: Annotated[
            float | None,
            typer.Option(
                "--park-minutes", min=0.1, max=1440, help="Park what fails, however many."
            ),
        ] = None,
    ) -> None:
        """Consume again after a systemic stop: its cause is mended, or its villages are to park."""
        park_for = None if park_minutes is None else timedelta(minutes=park_minutes)
        reason = on_parking(lambda parking: parking.resume(park_for=park_for))
        console.print(f"resumed; it was stopped for {reason}" if reason else "was not stopped")

    return parked


def _table(rows: Any) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("village", "id", "topic", "sequence", "reason", "attempts", "waiting", "since"):
        table.add_column(name, no_wrap=name in ("village", "id", "sequence", "since"))
    for row in rows:
        table.add_row(
            row["village_key"],
            str(row["parked_id"]),
            row["topic"],
            str(row["sequence"] or "?"),
            f"{row['reason']}: {row['detail']}",
            str(row["attempts"]),
            str(row["parked"]),
            row["parked_at"].isoformat(timespec="seconds"),
        )
    return table
