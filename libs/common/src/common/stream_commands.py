"""The operators' commands of every service that publishes: `streams list` and `streams show`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import typer
from rich.table import Table

from common.commands import complain, console, do
from common.database import Database, Queries
from common.outbox import QUERIES as OUTBOX
from common.settings import ServiceSettings

QUERIES = Queries.of("common", "streams.sql")


def stream_commands(settings: Callable[[], ServiceSettings]) -> typer.Typer:
    """The group `streams`; a service may give it commands of its own."""
    streams = typer.Typer(no_args_is_help=True, help="What this service has published.")

    @streams.command("list")
    def list_streams(
        subject: Annotated[
            str, typer.Argument(help="A village_key or area code, or how it begins.")
        ] = "",
        limit: Annotated[int, typer.Option(min=1, max=10_000)] = 100,
    ) -> None:
        """How far each stream has come, and how many of its events wait to leave."""
        rows = do(_fetch(settings(), QUERIES["streams_of"], subject, limit + 1))
        if not rows:
            console.print(f"no stream begins with {subject}" if subject else "no streams yet")
            return
        console.print(_table(rows[:limit]))
        if len(rows) > limit:
            console.print(f"and more: narrow it by its code, or --limit {limit * 10}")

    @streams.command("show")
    def show(
        topic: str,
        subject: Annotated[str, typer.Argument(help="The village_key or area code.")],
        sequence: Annotated[int, typer.Argument(min=1)],
    ) -> None:
        """One event as it was published."""
        rows = do(_fetch(settings(), OUTBOX["stored"], subject, topic, sequence))
        if not rows:
            complain.print(f"no event {topic}/{subject}/{sequence}; `streams list {subject}`")
            raise typer.Exit(1)
        console.print_json(bytes(rows[0]["value"]).decode())

    return streams


async def _fetch(settings: ServiceSettings, statement: str, *arguments: Any) -> list[Any]:
    url = settings.work_url.get_secret_value()
    database = await Database.open(url, name="streams", size=1)
    try:
        async with database.transaction() as connection:
            return await connection.fetch(statement, *arguments)
    finally:
        await database.close()


def _table(rows: list[Any]) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("subject", "topic", "last", "waiting", "recorded"):
        right = name in ("last", "waiting")
        table.add_column(name, no_wrap=True, justify="right" if right else "left")
    for row in rows:
        table.add_row(
            row["subject"],
            row["topic"],
            str(row["last_sequence"]),
            str(row["waiting"]),
            row["last_time"].isoformat(timespec="seconds"),
        )
    return table
