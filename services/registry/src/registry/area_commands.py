"""The registry's commands about areas: load an edition, see what a newer one changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Annotated

import typer
from common.clock import Clock
from common.clockwork import stored_offset
from common.commands import console, do
from common.database import Database
from common.events.words import TimeZone
from common.ids import Ids
from common.outbox import Outbox
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from registry.areas.changes import Plan, plan_of
from registry.areas.decrees import Said, read_changes
from registry.areas.edition import Edition, read_edition
from registry.areas.files import EditionRefused, read_folder, text_of
from registry.areas.load import load_areas
from registry.areas.publish import Publisher, known_country
from registry.settings import Settings
from registry.storage.areas import present_edition

SHOWN = 20
"""Villages of one kind that the table names; the others are counted."""

areas = typer.Typer(no_args_is_help=True, help="The country's administrative areas.")


@areas.callback()
def _areas() -> None:
    """Keep `load` a subcommand."""


@areas.command("load")
def load_command(
    file: Annotated[
        Path | None,
        typer.Option(help="Folder of a newer edition: four CSV files and edition.json."),
    ] = None,
    changes: Annotated[
        Path | None, typer.Option(help="CSV old,new,what: what decrees say became of codes.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Publish without asking.")] = False,  # noqa: FBT002  # a switch
    force: Annotated[bool, typer.Option("--force", help="Though it looks wrong.")] = False,  # noqa: FBT002  # a switch
) -> None:
    """Add areas that are not known yet; with --file show what a newer edition changes, and publish.

    Again it does nothing; cut short it goes on.
    """
    settings = Settings.load()
    if file is None:
        added = do(_load(settings))
        console.print(f"{added:,} villages added ({read_edition().name})")
        return
    try:
        edition = read_folder(file)
        said = read_changes(text_of(changes)) if changes else []
        plan = do(_plan(settings, edition, said, force=force))
    except EditionRefused as error:
        for line in error.wrong:
            console.print(f"[red]{line}[/red]")
        raise typer.Exit(1) from None
    except OSError as error:
        console.print(f"[red]{error.strerror}: {error.filename}[/red]")
        raise typer.Exit(1) from None
    console.print(table_of(edition, plan))
    if plan.suspicious and not force:
        console.print(
            f"[red]{len(plan.gone):,} villages vanish and nothing says what became of them: is the "
            "file whole? Say it in --changes, or --force: they stay as they are.[/red]"
        )
        raise typer.Exit(1)
    if plan.empty:
        console.print("nothing to publish")
    elif not yes:
        typer.confirm("Publish these changes?", abort=True)
    do(_publish(settings, edition, plan))
    console.print(f"{edition.name} is loaded")


def table_of(edition: Edition, plan: Plan) -> Table:
    """What changes, by kind, with the first villages of each."""
    table = Table("what", "villages", "of them", title=edition.name, title_justify="left")
    lines: list[tuple[str, str]] = [
        (
            "split" if one.village_code in plan.split_from else "new",
            f"{one.village_code} {one.name}",
        )
        for one in plan.new
    ]
    lines += [
        (", ".join(change.kinds) + (" (by its name)" if change.guessed else ""), str(change))
        for change in plan.changed
    ]
    lines += [
        ("merged", f"{one.village.village_code} {one.village.name} -> {one.into}")
        for one in plan.merged
    ]
    lines += [("gone, stays as it is", f"{one.village_code} {one.name}") for one in plan.gone]
    for kind, count in Counter(kind for kind, _ in lines).items():
        named = list(dict.fromkeys(line for of, line in lines if of == kind))
        more = [f"and {len(named) - SHOWN:,} more"] if len(named) > SHOWN else []
        table.add_row(kind, f"{count:,}", "\n".join([*named[:SHOWN], *more]))
    return table


async def _load(settings: Settings) -> int:
    loaded = read_edition()
    async with _database(settings) as (database, clock):
        outbox = Outbox(clock=clock, ids=Ids())
        with _progress(len(loaded.villages)) as progress:
            return await load_areas(database, outbox, loaded, progress)


async def _plan(settings: Settings, edition: Edition, said: Sequence[Said], *, force: bool) -> Plan:
    """The plan against what is known; raises EditionRefused for an edition not of today."""
    async with _database(settings) as (database, clock):
        if edition.effective_on > clock.today(TimeZone.WIB) and not force:
            raise EditionRefused(
                [f"{edition.name} holds from {edition.effective_on} on; load it then"]
            )
        async with database.transaction() as connection:
            present = await present_edition(connection)
        if present and edition.effective_on < present[1] and not force:
            raise EditionRefused([f"{edition.name} is older than what is loaded, {present[0]}"])
        return plan_of(await known_country(database), edition, said)


async def _publish(settings: Settings, edition: Edition, plan: Plan) -> None:
    async with _database(settings) as (database, clock):
        outbox = Outbox(clock=clock, ids=Ids())
        total = len(plan.changed) + len(plan.new) + len(plan.merged)
        with _progress(total) as progress:
            await Publisher(database, outbox, edition).publish(plan, progress)


@asynccontextmanager
async def _database(settings: Settings) -> AsyncIterator[tuple[Database, Clock]]:
    database = await Database.open(
        settings.work_url.get_secret_value(), name="registry-areas", size=1
    )
    try:
        async with database.transaction() as connection:
            clock = Clock(await stored_offset(connection))
        yield database, clock
    finally:
        await database.close()


@contextmanager
def _progress(total: int) -> Iterator[Callable[[int], None]]:
    columns = (TextColumn("villages"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        bar = progress.add_task("villages", total=total)
        yield lambda count: progress.advance(bar, count)
