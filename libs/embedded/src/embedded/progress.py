"""Showing how far a download is: a bar on a terminal, a few plain lines elsewhere."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

STEP = 25


@contextmanager
def progress(total: int, what: str, say: Callable[[str], None]) -> Iterator[Callable[[int], None]]:
    """Yield a function that is told of each piece that arrived; all sizes in bytes."""
    if sys.stderr.isatty():
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
        with Progress(*columns, console=Console(stderr=True)) as bar:
            task = bar.add_task(what, total=total)
            yield lambda size: bar.advance(task, size)
    else:
        say(f"{what}: {total / 1e6:.0f} MB")
        yield _lines(total, what, say)


def _lines(total: int, what: str, say: Callable[[str], None]) -> Callable[[int], None]:
    done = 0
    told = 0

    def advance(size: int) -> None:
        nonlocal done, told
        done += size
        percent = 100 * done // total
        if percent // STEP > told // STEP:
            told = percent
            say(f"{what}: {percent} %")

    return advance
