"""The operators' commands `reconcile` and `republish`, and for consumers `discard-withdrawn`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from common.commands import complain, console, do
from common.differences import Differences
from common.reconciling import Reconciler
from common.topic_streams import Telling
from common.withdrawals import Cleared, Withdrawals

Result = TypeVar("Result")

plain = Console(highlight=False, markup=False, soft_wrap=True)


def add_reconcile_commands(
    app: typer.Typer, open_reconciler: Callable[[], AbstractAsyncContextManager[Reconciler]]
) -> None:
    """Give a publishing service's command line `reconcile` and `republish`."""

    @app.command("reconcile")
    def reconcile() -> None:
        """Compare counters, record, topics, marks and alerts; silent when all is equal."""

        async def show(_: Reconciler, found: Differences) -> bool:
            for line in found.lines():
                plain.print(line)
            return found.equal

        if not do(_with(open_reconciler, show, _everything)):
            raise typer.Exit(1)

    @app.command("republish")
    def republish(
        *,
        missing: Annotated[
            bool, typer.Option("--missing", help="What the topics lack and is not on its way.")
        ] = False,
    ) -> None:
        """Put stored events that the topics lack back into the queue; the relay carries them."""
        if not missing:
            complain.print("say what: `republish --missing`")
            raise typer.Exit(2)

        async def queue(reconciler: Reconciler, _: Differences) -> int:
            return await reconciler.published.republish()

        queued = do(_with(open_reconciler, queue, _published))
        console.print(f"{queued:,} events queued again" if queued else "nothing is missing")


async def _with(
    open_reconciler: Callable[[], AbstractAsyncContextManager[Reconciler]],
    work: Callable[[Reconciler, Differences], Awaitable[Result]],
    compare: Callable[[Reconciler, Telling], Awaitable[Differences]],
) -> Result:
    async with open_reconciler() as reconciler:
        with progress_of(complain) as tell:
            found = await compare(reconciler, tell)
        return await work(reconciler, found)


async def _everything(reconciler: Reconciler, tell: Telling) -> Differences:
    return await reconciler.differences(tell)


async def _published(reconciler: Reconciler, tell: Telling) -> Differences:
    found = Differences()
    await reconciler.published.check(found, tell)
    return found


def add_withdrawn_command(
    parked: typer.Typer, open_withdrawals: Callable[[], AbstractAsyncContextManager[Withdrawals]]
) -> None:
    """Give the group `parked` of a consuming service's command line `discard-withdrawn`."""

    @parked.command("discard-withdrawn")
    def discard(
        actor: Annotated[str, typer.Option(help="Who decides; kept with each decision.")],
    ) -> None:
        """Discard exactly the parked copies that the registry has withdrawn, and retry."""

        async def run() -> Cleared:
            async with open_withdrawals() as withdrawals:
                return await withdrawals.discard(actor)

        cleared = do(run())
        console.print(
            f"{cleared.discarded:,} discarded, {cleared.applied:,} applied, "
            f"{cleared.left:,} villages still parked"
        )
        if cleared.left:
            raise typer.Exit(1)


@contextmanager
def progress_of(terminal: Console) -> Iterator[Telling]:
    """A bar a topic while records are read; nothing where nobody looks."""
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    with Progress(
        *columns,
        TimeElapsedColumn(),
        console=terminal,
        transient=True,
        disable=not terminal.is_terminal,
    ) as progress:
        bars: dict[str, TaskID] = {}

        def tell(topic: str, read: int, total: int) -> None:
            if topic not in bars:
                bars[topic] = progress.add_task(topic, total=total)
            progress.advance(bars[topic], read)

        yield tell
