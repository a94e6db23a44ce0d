"""`make bench`: a table, and one JSON line a figure, each beside its bare loop in the same run."""

from __future__ import annotations

import argparse
import asyncio
import logging
import shutil
import sys
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "eligibility"))

import catch_up
import compose
import latency
import outage
import pages
import poison
import relay
import scheduler
import writing
from embedded.ports import Ports
from embedded.stack import Stack
from figures import Figure
from rich.console import Console
from rich.table import Table
from support.databases import TestDatabases

ROUNDS = 5
DUE = 50_000


@dataclass(frozen=True)
class Bench:
    """What the parts measure on, and how much of it."""

    home: Path
    stack: Stack
    databases: TestDatabases
    events: int
    villages: int
    say: Callable[[str], None]

    @property
    def kafka(self) -> str:
        return self.stack.addresses.kafka


# From `writing` on the roles have the demo's passwords, which `databases` does not know.
PARTS: dict[str, tuple[str, Callable[[Bench], Awaitable[list[Figure]]]]] = {
    "relay": (
        "relay: {0.events:,} events ...",
        lambda on: relay.measure(on.databases, on.kafka, on.events),
    ),
    "catch_up": (
        "catch-up: {0.events:,} events ...",
        lambda on: catch_up.measure(on.stack, on.databases, on.events, ROUNDS, on.say),
    ),
    "poison": (
        f"1 % of {poison.VILLAGES:,} villages poisoned: {ROUNDS} rounds ...",
        lambda on: poison.measure(on.stack, on.databases, ROUNDS, on.say),
    ),
    "scheduler": (
        f"{DUE:,} villages due at one midnight ...",
        lambda on: scheduler.measure(on.stack, on.databases, DUE, on.say),
    ),
    "pages": (
        "pages over the whole country ...",
        lambda on: pages.measure(on.home, on.stack, on.databases, on.say),
    ),
    "writing": (
        "WAL of a registry event: 3,000 enrollments ...",
        lambda on: writing.measure(on.home, on.stack, 3_000, on.say),
    ),
    "latency": (
        f"event to status and to mail: {latency.RATE} events a second, {{0.villages}} changes",
        lambda on: latency.measure(on.home, on.stack, on.villages, on.say),
    ),
    "outage": (
        f"Kafka away for {outage.seconds():.0f} s, {outage.RATE} writes a second ...",
        lambda on: outage.measure(on.home, on.stack, on.say),
    ),
    "compose": ("docker compose up ...", lambda on: compose.measure(on.home, on.say)),
}


async def measure(chosen: list[str], events: int, villages: int, say) -> list[Figure]:
    """The chosen parts, one after the other; each figure is said at once, whatever fails later."""
    home = Path(tempfile.mkdtemp(prefix="desa-sadar-bench-"))
    figures: list[Figure] = []
    stack = Stack(home / "embedded", ports=Ports.any(), say=say)
    await stack.start()
    try:
        databases = TestDatabases(stack.addresses.postgres)
        bench = Bench(home, stack, databases, events, villages, say)
        for name, (title, part) in PARTS.items():
            if name not in chosen:
                continue
            say(title.format(bench))
            found = await part(bench)
            figures += found
            for figure in found:
                print(figure.line(), flush=True)
    finally:
        await stack.discard()
        shutil.rmtree(home, ignore_errors=True)
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("only", nargs="*", default=[*PARTS], metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--events", type=int, default=1_000_000, help="for relay and catch-up")
    parser.add_argument("--villages", type=int, default=300, help="for the latencies")
    parser.add_argument("--gates", action="store_true", help="fail when a gate is missed")
    arguments = parser.parse_args()
    if unknown := {*arguments.only} - {*PARTS}:
        parser.error(f"no such part: {', '.join(unknown)}; there are {', '.join(PARTS)}")
    logging.getLogger().setLevel(logging.ERROR)
    console = Console(stderr=True, highlight=False)
    figures = asyncio.run(
        measure(arguments.only, arguments.events, arguments.villages, console.print)
    )
    table = Table(box=None, pad_edge=False)
    for name in ("figure", "value", "unit", "beside", "its value", "ratio", "gate (aim)", ""):
        right = name in ("value", "its value", "ratio")
        table.add_column(name, justify="right" if right else "left")
    for figure in figures:
        table.add_row(
            figure.name,
            _number(figure.value),
            figure.unit,
            figure.beside,
            _number(figure.beside_value),
            f"{figure.ratio:.2f}",
            str(figure.gate or ""),
            figure.verdict,
        )
    console.print(table)
    if arguments.gates and any(figure.verdict == "missed" for figure in figures):
        sys.exit(1)


def _number(value: float) -> str:
    return f"{value:,.1f}" if value >= 1 else f"{value:.4f}"


if __name__ == "__main__":
    main()
