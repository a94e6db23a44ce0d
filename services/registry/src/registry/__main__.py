"""Registry: records what is so in the villages, and tells it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Annotated

import typer
from common.commands import add_shared_commands
from common.doctor_command import add_doctor_command
from common.process import run
from common.reconcile_commands import add_reconcile_commands
from common.reconciling import Reconciler
from common.security.demo import demo_token
from common.settings import Mode

from registry.api.callers import SCOPES
from registry.area_commands import areas
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

app.add_typer(areas, name="areas")
app.add_typer(streams, name="streams")


@app.command("serve")
def serve_command() -> None:
    """Run the API and the relay until SIGTERM."""
    run(lambda: serve(Settings.load()))


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
