"""A producer's counters compared with its record, and what its topics must hold by them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from common.database import Database
from common.differences import Difference, Differences, Place, stretches
from common.stream_counters import QUERIES

PAGE = 1_000
ODD_ROWS = 100
"""Sequences of one stream that are named as missing or doubled in the record."""


class Counters:
    """The counters of one service's streams, and its record of what was published."""

    def __init__(self, service: str, database: Database, topics: Sequence[str]) -> None:
        self._service = service
        self._database = database
        self._topics = topics
        self.behind: dict[tuple[str, str], int] = {}
        """Streams whose record goes beyond their counter, and how far."""

    async def promised(self, found: Differences) -> dict[str, dict[str, int]]:
        """By topic and village the sequence up to which the topic must hold everything."""
        promised: dict[str, dict[str, int]] = {topic: {} for topic in self._topics}
        after = ("", "")
        while True:
            async with self._database.transaction() as connection:
                rows = await connection.fetch(QUERIES["summaries"], *after, PAGE)
            for row, following in pairwise([*rows, None]):
                if following and stream_of(row) == stream_of(following):
                    damaged(
                        self._service, found, Place.COUNTER, row, row["last_sequence"], "one", "two"
                    )
                if not row["events"] == row["highest"] == row["last_sequence"]:
                    await self._odd(row, found)
                promised.setdefault(row["topic"], {})[row["village_key"]] = row["last_sequence"]
            if len(rows) < PAGE:
                break
            after = stream_of(rows[-1])
        async with self._database.transaction() as connection:
            waiting = await connection.fetch(QUERIES["waiting"])
        for row in waiting:
            streams = promised.get(row["topic"], {})
            if (last := streams.get(row["village_key"])) is not None:
                streams[row["village_key"]] = min(last, row["first_waiting"] - 1)
        return promised

    async def _odd(self, row: Any, found: Differences) -> None:
        """Name what is wrong between a counter and the record of its stream."""
        last, highest = row["last_sequence"], row["highest"]
        if highest > last:
            self.behind[stream_of(row)] = highest
            damaged(
                self._service,
                found,
                Place.COUNTER,
                row,
                highest,
                f"{highest}, as recorded",
                str(last),
            )
        async with self._database.transaction() as connection:
            rows = await connection.fetch(QUERIES["odd_rows"], *stream_of(row), last, ODD_ROWS)
        for rows_there in sorted({odd["rows"] for odd in rows}):
            several = [odd["sequence"] for odd in rows if odd["rows"] == rows_there]
            for first, end in stretches(several):
                damaged(
                    self._service,
                    found,
                    Place.EVENTS,
                    row,
                    first,
                    "one row",
                    rows_text(rows_there),
                    last=end,
                )


def damaged(  # noqa: PLR0917  # the columns of a line
    service: str,
    found: Differences,
    place: Place,
    stream: Any,
    first: int,
    expected: str,
    there: str,
    *,
    last: int | None = None,
) -> None:
    """Note what only a restored or damaged producer shows."""
    found.add(
        Difference(
            place=place,
            village_key=stream["village_key"],
            topic=stream["topic"],
            first=first,
            last=last or first,
            expected=expected,
            found=there,
            do=f"python -m {service} streams advance --dry-run"
            if service == "registry"
            else "docs/runbook.md, Reconcile",
        )
    )


def stream_of(row: Any) -> tuple[str, str]:
    return row["village_key"], row["topic"]


def rows_text(count: int) -> str:
    return "none" if not count else f"{count} rows"
