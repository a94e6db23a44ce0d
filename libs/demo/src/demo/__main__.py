"""The demo's command line: run, advance, reconcile, token, clean-data."""

from __future__ import annotations

import asyncio
import json
import shutil
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from embedded.errors import EmbeddedError, HomeInUseError, PortTakenError
from embedded.lock import HomeLock
from embedded.stack import ADDRESSES, Addresses
from rich.console import Console

from demo.advancing import Advance, NoAim, aim_of
from demo.client import Client, Refused
from demo.clocks import Restless
from demo.leftovers import PortTaken, end_leftovers, taken
from demo.mailboxes import embedded_catcher
from demo.places import SERVICES, Places
from demo.running import Run
from demo.services import ServiceFailed, command, environment
from demo.tokens import UnknownScope, token_for

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)
console = Console(highlight=False)


def _in_use(error: HomeInUseError) -> str:
    return (
        f"`make run` sudah berjalan pada {error.home} (proses {error.pid}). Tekan Ctrl-C di sana, "
        "atau pakai tempat dan port lain (DEMO_HOME dan *_PORT, lihat README)."
    )


@app.command("run")
def run_command(
    story: Annotated[bool, typer.Option(help="Play the story too.")] = True,  # noqa: FBT002  # a switch
) -> None:
    """Start Kafka, Postgres, mail and the services; play the story; stay up until Ctrl-C."""
    try:
        asyncio.run(Run(Places.from_environment(), console).up(story=story))
    except HomeInUseError as error:
        console.print(f"[red]{_in_use(error)}[/red]")
        raise typer.Exit(1) from None
    except PortTakenError as error:
        console.print(f"[red]{taken(error.port, error.setting, error.holder)}[/red]")
        raise typer.Exit(1) from None
    except (EmbeddedError, PortTaken, ServiceFailed, Refused, Restless, TimeoutError) as error:
        console.print(f"[red]{error}[/red]" if str(error) else f"[red]{type(error).__name__}[/red]")
        raise typer.Exit(1) from None


@app.command("advance")
def advance_command(
    days: Annotated[str, typer.Option(help="So many days on.")] = "",
    until: Annotated[str, typer.Option(help="Up to 09.00 WIB of a day: YYYY-MM-DD.")] = "",
) -> None:
    """Move the business time of all services: to the next due moment, or through several."""
    try:
        asked = aim_of(days, until)
    except NoAim as error:
        console.print(f"[red]{error}[/red]")
        raise typer.Exit(2) from None
    addresses = _addresses()

    async def advance() -> None:
        async with Client(Places.from_environment()) as client:
            mailbox = embedded_catcher(addresses.mail_page)
            ahead = Advance(client, mailbox=mailbox, console=console)
            if isinstance(asked, datetime):
                await ahead.until(asked)
            elif asked is not None:
                await ahead.by_days(asked)
            else:
                await ahead.to_next()

    try:
        asyncio.run(advance())
    except NoAim as error:
        console.print(f"[red]{error}[/red]")
        raise typer.Exit(2) from None
    except (Refused, Restless) as error:
        console.print(f"[red]{error}[/red]")
        raise typer.Exit(1) from None


@app.command("reconcile")
def reconcile_command() -> None:
    """Compare counters, record, topics, marks and alerts of all three services."""
    told = _running()

    async def reconcile() -> list[str]:
        differing = []
        for service in SERVICES:
            console.print(f"[dim]{service}[/dim]")
            try:
                await command(told, service, "reconcile")
            except ServiceFailed:
                differing.append(service)
        return differing

    if differing := asyncio.run(reconcile()):
        console.print(f"Tidak sama: {', '.join(differing)}; lihat di atas.")
        raise typer.Exit(1)
    console.print("Semua sama.")


@app.command("areas")
def areas_command(
    file: Annotated[Path, typer.Option(help="Folder of a newer edition of the area data.")],
    changes: Annotated[Path | None, typer.Option(help="CSV: what became of codes.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Publish without asking.")] = False,  # noqa: FBT002  # a switch
) -> None:
    """Show what a newer edition of the areas changes, and publish it."""
    more = ["--changes", str(changes)] if changes else []
    more += ["--yes"] if yes else []
    try:
        asyncio.run(command(_running(), "registry", "areas", "load", "--file", str(file), *more))
    except ServiceFailed:
        raise typer.Exit(1) from None


def _running() -> dict[str, str]:
    """What the services of the demo that runs are told."""
    return environment(Places.from_environment(), _addresses())


def _addresses() -> Addresses:
    """Where the demo's parts listen; ends the command when nothing runs."""
    file = Places.from_environment().embedded / ADDRESSES
    if not file.exists():
        console.print("Tidak ada yang berjalan; mulai dengan `make run`.")
        raise typer.Exit(1)
    return Addresses(**json.loads(file.read_text()))


@app.command("token")
def token_command(
    service: Annotated[str, typer.Option(help="registry, eligibility or notifications.")],
    scope: Annotated[list[str], typer.Option(help="Such as registry:write; may be repeated.")],
) -> None:
    """Print a bearer token of the demo; a service or scope that does not exist is refused."""
    try:
        typer.echo(token_for(Places.from_environment().secrets, service, scope))
    except UnknownScope as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None


@app.command("clean-data")
def clean_data_command() -> None:
    """Forget what the demo has stored; refused while it runs."""
    places = Places.from_environment()
    if not places.home.exists():
        console.print(f"Tidak ada data di {places.home}.")
        return
    lock = HomeLock(places.embedded)
    try:
        lock.take()
    except HomeInUseError as error:
        console.print(f"[red]{_in_use(error)}[/red]")
        raise typer.Exit(1) from None
    except EmbeddedError as error:
        console.print(f"[red]{error}[/red]")
        raise typer.Exit(1) from None
    lock.release()
    asyncio.run(end_leftovers(places))
    shutil.rmtree(places.home)
    console.print(f"Data di {places.home} dihapus.")


if __name__ == "__main__":
    app()
