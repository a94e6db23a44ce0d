"""Notifications: writes to the offices that can act when a village's status changes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from common.commands import add_shared_commands, complain, console, do
from common.consumer_commands import add_consumer_commands
from common.doctor import Check
from common.doctor_command import add_doctor_command
from common.process import run
from common.stream_commands import stream_commands

from notifications.channels.smtp_check import answers
from notifications.directory import Appointed
from notifications.domain.terms import Appointment, DayOutsideLimits, TermsOverlap
from notifications.imports import ImportRefused, read_appointments
from notifications.main import build, serve
from notifications.settings import Settings

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)
offices = typer.Typer(no_args_is_help=True, help="The directory of regional offices.")
app.add_typer(offices, name="offices")


@app.command("serve")
def serve_command() -> None:
    """Run the parts that NOTIFICATIONS_PARTS names (all: api, consumer, courier, relay)."""
    settings = Settings.load()
    run(lambda: serve(settings))


@offices.callback()
def _offices() -> None:
    """Keep `import` a subcommand."""


@offices.command("import")
def import_offices(
    file: Annotated[
        Path,
        typer.Argument(
            exists=True,
            dir_okay=False,
            readable=True,
            help="CSV with kind, area, holder, email, from (and acting, to); all rows or none.",
        ),
    ],
    actor: Annotated[str, typer.Option(help="Who imports; kept with the terms.")] = "operator",
) -> None:
    """Record office holders; what is on record from the same day is passed over."""
    try:
        appointed = do(_appoint(Settings.load(), read_appointments(file), actor))
    except (ImportRefused, TermsOverlap, DayOutsideLimits) as error:
        complain.print(str(error), markup=False)
        raise typer.Exit(1) from None
    console.print(f"{appointed.added} ditambahkan, {appointed.known} sudah tercatat")


async def _appoint(settings: Settings, appointments: list[Appointment], actor: str) -> Appointed:
    async with build(settings) as service:
        return await service.directory.appoint_all(appointments, by=actor)


def _mail_checks() -> dict[str, Check]:
    server = Settings.load().smtp_server()

    async def takes_mail() -> str:
        return await answers(server)

    return {"mail server": takes_mail}


add_shared_commands(app, settings=Settings.load, package="notifications.storage")
add_doctor_command(app, settings=Settings.load, package="notifications.storage", also=_mail_checks)
add_consumer_commands(app, lambda: build(Settings.load()))
app.add_typer(stream_commands(Settings.load), name="streams")

if __name__ == "__main__":
    app()
