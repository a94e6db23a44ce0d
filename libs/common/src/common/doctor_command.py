"""The operators' command `doctor`, the same for every service."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import typer
from rich.table import Table

from common.commands import console, do
from common.doctor import Check, Doctor, examine
from common.settings import ServiceSettings


def add_doctor_command(
    app: typer.Typer,
    *,
    settings: Callable[[], ServiceSettings],
    package: str,
    also: Callable[[], Mapping[str, Check]] = dict,
) -> None:
    """Give a service's command line `doctor`; `also` are checks of its own."""

    @app.command("doctor")
    def doctor_command() -> None:
        """Check all that the service stands on; says what to do, and exits with 1 if anything."""
        checks = Doctor(settings(), package).checks() | dict(also())
        findings = do(examine(checks))
        table = Table(box=None, pad_edge=False, show_header=False)
        for finding in findings:
            mark = "[green]ok[/green]" if finding.well else "[red]look[/red]"
            table.add_row(mark, finding.check, finding.text)
        console.print(table)
        if not all(finding.well for finding in findings):
            raise typer.Exit(1)
