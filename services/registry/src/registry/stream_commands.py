"""The registry's `streams`, with the command for one that was restored to an earlier moment."""

from __future__ import annotations

import csv
import os
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Annotated

import typer
from common.clock import Clock
from common.clockwork import stored_offset
from common.commands import complain, console, do
from common.database import Database, connect
from common.ids import Ids
from common.outbox import Outbox
from common.reconcile_commands import progress_of
from common.relay import LEADER_LOCK
from common.stream_commands import stream_commands
from rich.table import Table

from registry.advancing import Advanced, Advancing, Noting, RelayLeads, Unknown, unnoted
from registry.reconciling import reconciler_of
from registry.settings import Settings

streams = stream_commands(Settings.load)

COLUMNS = ("village", "topic", "sequence", "type", "effective_on", "subject", "recorded_at")
SHOWN = 200
"""Rows of the table; the file has all."""


@streams.command("advance")
def advance_command(
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it would do.")] = False,
    file: Annotated[
        Path | None,
        typer.Option("--csv", help="A new file for the facts to be entered again."),
    ] = None,
) -> None:
    """After a restore: take the place behind what the topics hold; stop the registry first.

    Works with the owner's login: the record of events is append-only for the others.
    """
    if file is None and not dry_run:
        complain.print("say where to: `--csv FILE`; what is adopted is named only once")
        raise typer.Exit(2)
    try:
        done = do(_advance(Settings.load(), file, dry_run=dry_run))
    except (RelayLeads, Unwritable) as error:
        complain.print(str(error))
        raise typer.Exit(1) from None
    if done.unknown:
        console.print(_table(done.unknown))
    if (more := len(done.unknown) - SHOWN) > 0:
        console.print(f"and {more:,} more" + ("" if file else "; --csv FILE writes them all"))
    would = "would be " if dry_run else ""
    console.print(
        f"{done.villages:,} villages; {len(done.unknown):,} events of the topics {would}adopted, "
        f"which the registry's own tables do not know: they are to be entered again; "
        f"{len(done.republished):,} facts written since {would}published again"
    )
    if done.villages and not dry_run:
        console.print("start the registry, then `parked discard-withdrawn` of each consumer")


class Unwritable(RuntimeError):
    """The file for the facts to be entered again cannot be made."""


@contextmanager
def noting(file: Path | None) -> Iterator[Noting]:
    """Write to a new file, on the disk when a note returns; raises Unwritable.

    A file that exists may be the only list of what an earlier run adopted.
    """
    if file is None:
        yield unnoted
        return
    try:
        opened = file.open("x", newline="", encoding="utf-8")
    except FileExistsError:
        raise Unwritable(f"{file} exists: name a new file for each run, and keep all") from None
    except OSError as error:
        raise Unwritable(f"{file} cannot be written: {error.strerror}") from None
    with opened:
        writer = csv.writer(opened)

        def note(unknown: Sequence[Unknown]) -> None:
            writer.writerows(map(_cells, unknown))
            opened.flush()
            os.fsync(opened.fileno())

        writer.writerow(COLUMNS)
        note(())
        yield note


async def _advance(settings: Settings, file: Path | None, *, dry_run: bool) -> Advanced:
    async with _database(settings) as owner, _no_relay(settings, ignored=dry_run):
        async with owner.transaction() as connection:
            clock = Clock(await stored_offset(connection))
        published = reconciler_of(settings, owner).published
        advancing = Advancing(owner, published, outbox=Outbox(clock=clock, ids=Ids()), clock=clock)
        with noting(file) as note, progress_of(complain) as tell:
            return await advancing.advance(dry_run=dry_run, note=note, tell=tell)


@asynccontextmanager
async def _database(settings: Settings) -> AsyncIterator[Database]:
    url = settings.owner_url.get_secret_value()
    owner = await Database.open(url, name="registry-advance", size=2)
    try:
        yield owner
    finally:
        await owner.close()


@asynccontextmanager
async def _no_relay(settings: Settings, *, ignored: bool) -> AsyncIterator[None]:
    """Hold the relay's lock, so that nothing leaves meanwhile; raises RelayLeads."""
    connection = await connect(settings.owner_url.get_secret_value(), name="registry-advance")
    try:
        if not ignored and not await connection.fetchval(
            "SELECT pg_try_advisory_lock($1)", LEADER_LOCK
        ):
            raise RelayLeads
        yield
    finally:
        connection.terminate()


def _cells(one: Unknown) -> tuple[str, ...]:
    return (
        one.village_key,
        one.topic,
        str(one.sequence),
        one.type,
        one.effective_on.isoformat(),
        str(one.subject or ""),
        one.recorded_at.isoformat(timespec="seconds"),
    )


def _table(unknown: list[Unknown]) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in COLUMNS:
        table.add_column(name, no_wrap=True)
    for one in unknown[:SHOWN]:
        table.add_row(*_cells(one))
    return table
