"""The operators' commands about events of types that an earlier release did not know."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import TypeVar

import typer

from common.commands import complain, console, do
from common.refolding import Refolding

Result = TypeVar("Result")


def add_skipped_commands(
    app: typer.Typer, open_refolding: Callable[[], AbstractAsyncContextManager[Refolding]]
) -> None:
    """Give a consuming service's command line `skipped list|refold`."""
    skipped = typer.Typer(no_args_is_help=True, help="Events of types that were not known.")
    app.add_typer(skipped, name="skipped")

    def on_refolding(work: Callable[[Refolding], Awaitable[Result]]) -> Result:
        async def run() -> Result:
            async with open_refolding() as refolding:
                return await work(refolding)

        return do(run())

    @skipped.command("list")
    def list_skipped() -> None:
        """How many are kept of each type, and why those of a known type are still there."""
        rows = on_refolding(lambda refolding: refolding.kept())
        if not rows:
            console.print("no event was skipped")
        for row in rows:
            why = row["reason"] or ("waits to be folded" if row["known"] else "not known here")
            since = row["since"].isoformat(timespec="seconds")
            console.print(f"{row['type']}  {row['number']}  since {since}  {why}")

    @skipped.command("refold")
    def refold() -> None:
        """Have the effect of those whose type this release knows, also of those that failed."""
        done = on_refolding(lambda refolding: refolding.refold(again=True))
        console.print(f"{done.applied} applied, {done.failed} failed")
        if done.failed:
            complain.print("`skipped list` says why")
            raise typer.Exit(1)
