"""`make bench`: a table, and one JSON line a figure, each beside its bare loop in the same run."""

from __future__ import annotations

import argparse
import asyncio
import logging
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "eligibility"))

import catch_up
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


async def measure(chosen: list[str], events: int, villages: int, say) -> list[Figure]:
    home = Path(tempfile.mkdtemp(prefix="desa-sadar-bench-"))
    figures: list[Figure] = []

    def keep(found: list[Figure]) -> None:
        """Said at once: a part that fails costs no figures of others."""
        figures.extend(found)
        for figure in found:
            print(figure.line(), flush=True)

    stack = Stack(home / "embedded", ports=Ports.any(), say=say)
    await stack.start()
    try:
        databases = TestDatabases(stack.addresses.postgres)
        if "relay" in chosen:
            say(f"relay: {events:,} events ...")
            keep(await relay.measure(databases, stack.addresses.kafka, events))
        if "catch_up" in chosen:
            say(f"catch-up: {events:,} events ...")
            keep(await catch_up.measure(stack, databases, events, ROUNDS, say))
        if "poison" in chosen:
            say(f"1 % of {poison.VILLAGES:,} villages poisoned: {ROUNDS} rounds ...")
            keep(await poison.measure(stack, databases, ROUNDS, say))
        if "scheduler" in chosen:
            say(f"{DUE:,} villages due at one midnight ...")
            keep(await scheduler.measure(stack, databases, DUE, say))
        if "pages" in chosen:
            say("pages over the whole country ...")
            keep(await pages.measure(home, stack, databases, say))
        # From here on the roles have the demo's passwords, which `databases` does not know.
        if "writing" in chosen:
            say("WAL of a registry event: 3,000 enrollments ...")
            keep(await writing.measure(home, stack, 3_000, say))
        if "latency" in chosen:
            say(f"event to status and to mail: {latency.RATE} events a second, {villages} changes")
            keep(await latency.measure(home, stack, villages, say))
        if "outage" in chosen:
            say(f"Kafka away for {outage.seconds():.0f} s, {outage.RATE} writes a second ...")
            keep(await outage.measure(home, stack, say))
    finally:
        await stack.discard()
        shutil.rmtree(home, ignore_errors=True)
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "only",
        nargs="*",
        default=[
            *("relay", "catch_up", "poison", "scheduler", "pages", "writing", "latency", "outage"),
        ],
    )
    parser.add_argument("--events", type=int, default=1_000_000, help="for relay and catch-up")
    parser.add_argument("--villages", type=int, default=300, help="for the latencies")
    parser.add_argument("--gates", action="store_true", help="fail when a gate is missed")
    arguments = parser.parse_args()
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
