"""What a comparison found: named differences, and what could not be compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

KEPT = 1_000
"""Differences kept with their words; of more, only their number is known."""


class Place(StrEnum):
    """Where something differs."""

    COUNTER = "counter"
    """The producer's counter of a stream."""
    EVENTS = "events"
    """The producer's record."""
    TOPIC = "topic"
    MARK = "mark"
    """The consumer's mark."""
    PARKED = "parked"
    HELD = "held"
    SKIPPED = "skipped"
    ALERTS = "alerts"
    """The ledger of alerts."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as it must be, and what to do about it."""

    place: Place
    village_key: str
    topic: str
    first: int
    """Sequence, or the first of several in a row."""
    last: int
    expected: str
    found: str
    do: str

    def __str__(self) -> str:
        sequence = str(self.first) if self.first == self.last else f"{self.first}-{self.last}"
        return (
            f"{self.place}: {self.village_key} {self.topic} {sequence}: "
            f"expected {self.expected}, found {self.found}. Do: {self.do}"
        )


@dataclass(slots=True)
class Differences:
    """All that one comparison found; the first thousand in words."""

    kept: int = KEPT
    named: dict[Difference, None] = field(default_factory=dict)
    counts: Counter[Place] = field(default_factory=Counter)
    undone: list[str] = field(default_factory=list)
    """What could not be compared, and why."""
    again: bool = False
    """What could not be compared now may be later, without anybody's doing."""

    def add(self, difference: Difference) -> None:
        """Note it; the same again is one."""
        if difference in self.named:
            return
        self.counts[difference.place] += 1
        if len(self.named) < self.kept:
            self.named[difference] = None

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def equal(self) -> bool:
        """Everything was compared, and nothing differs."""
        return not self.counts and not self.undone

    def lines(self) -> Iterator[str]:
        """One a difference, how many more there are, and what was not compared."""
        yield from map(str, self.named)
        if (more := self.total - len(self.named)) > 0:
            places = ", ".join(f"{count:,} {place}" for place, count in sorted(self.counts.items()))
            yield f"and {more:,} more; in all {places}"
        yield from self.undone


def stretches(sequences: Iterable[int]) -> Iterator[tuple[int, int]]:
    """First and last of each unbroken stretch of rising numbers."""
    first = last = None
    for sequence in sequences:
        if first is not None and last is not None and sequence == last + 1:
            last = sequence
            continue
        if first is not None and last is not None:
            yield first, last
        first = last = sequence
    if first is not None and last is not None:
        yield first, last


def holes(covered: Iterable[tuple[int, int]], last: int) -> Iterator[tuple[int, int]]:
    """The stretches of 1..last that `covered` leaves out."""
    following = 1
    for begin, end in sorted(covered):
        if begin > last:
            break
        if begin > following:
            yield following, begin - 1
        following = max(following, end + 1)
    if following <= last:
        yield following, last
