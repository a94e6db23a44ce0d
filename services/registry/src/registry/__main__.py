"""The registry's command line."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Annotated

import typer
from common.clock import Clock
from common.clockwork import stored_offset
from common.commands import add_shared_commands, console, do
from common.database import Database
from common.doctor_command import add_doctor_command
from common.ids import Ids
from common.outbox import Outbox
from common.process import run
from common.reconcile_commands import add_reconcile_commands
from common.reconciling import Reconciler
from common.security.demo import demo_token
from common.settings import Mode
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from registry.api.callers import SCOPES
from registry.areas import edition
from registry.areas.edition import read_edition
from registry.areas.load import load_areas
from registry.main import build, serve
from registry.settings import Settings
from registry.stream_commands import streams

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)
add_shared_commands(app, settings=Settings.load, package="registry.storage")
add_doctor_command(app, settings=Settings.load, package="registry.storage")


@asynccontextmanager
async def _reconciler() -> AsyncIterator[Reconciler]:
    async with build(Settings.load()) as service:
        yield service.reconciler


add_reconcile_commands(app, _reconciler)

areas = typer.Typer(no_args_is_help=True, help="The country's administrative areas.")
app.add_typer(areas, name="areas")
app.add_typer(streams, name="streams")


@app.command("serve")
def serve_command() -> None:
    """Run the API and the relay until SIGTERM."""
    run(lambda: serve(Settings.load()))


@areas.callback()
def _areas() -> None:
    """Keep `load` a subcommand."""


@areas.command("load")
def load_command() -> None:
    """Add the areas that are not known yet and publish their villages; again does nothing."""
    added = do(_load(Settings.load()))
    console.print(f"{added:,} villages added ({edition.NAME})")


async def _load(settings: Settings) -> int:
    loaded = read_edition()
    database = await Database.open(
        settings.work_url.get_secret_value(), name="registry-areas", size=1
    )
    try:
        async with database.transaction() as connection:
            clock = Clock(await stored_offset(connection))
        columns = (
            TextColumn("villages"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=console) as progress:
            bar = progress.add_task("villages", total=len(loaded.villages))
            return await load_areas(
                database,
                Outbox(clock=clock, ids=Ids()),
                loaded,
                lambda count: progress.advance(bar, count),
            )
    finally:
        await database.close()


@app.command("token")
def token_command(
    scope: Annotated[list[str] | None, typer.Option(help="All of the registry's if none.")] = None,
    subject: Annotated[str, typer.Option(help="Who calls.")] = "petugas",
    area: Annotated[list[str] | None, typer.Option(help="Area code; the country if none.")] = None,
    hours: Annotated[float, typer.Option(min=0.01, max=24 * 30, help="Lifetime.")] = 8,
) -> None:
    """Print a bearer token of the demo issuer (demo and test only)."""
    settings = Settings.load()
    if settings.mode is Mode.PRODUCTION:
        raise typer.BadParameter("demo tokens are for demo and test; ask your issuer for one")
    typer.echo(
        demo_token(
            settings.secrets_dir,
            audience=settings.audience,
            scopes=scope or SCOPES,
            subject=subject,
            areas=area or ("*",),
            lifetime=timedelta(hours=hours),
        )
    )


if __name__ == "__main__":
    app()
