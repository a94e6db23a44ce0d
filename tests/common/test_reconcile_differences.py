"""What a comparison says: bounded, once each, and what stretches of a stream are missing."""

from __future__ import annotations

import pytest
from common.differences import Difference, Differences, Place, holes, stretches


def difference(sequence: int, last: int | None = None) -> Difference:
    return Difference(
        place=Place.TOPIC,
        village_key="33.26.10.2001",
        topic="registry.outreach",
        first=sequence,
        last=last or sequence,
        expected="a record",
        found="none",
        do="python -m registry republish --missing",
    )


def test_a_line_says_where_what_and_what_to_do() -> None:
    """Place, village, topic, sequences, expected, found, and the command."""
    stretch = (
        "topic: 33.26.10.2001 registry.outreach 7-9: expected a record, found none. "
        "Do: python -m registry republish --missing"
    )
    assert stretch == str(difference(7, 9))
    assert " registry.outreach 7: " in str(difference(7))


def test_the_same_is_said_once_and_the_rest_is_counted() -> None:
    """A thousand lines of a lost topic help nobody; their number does."""
    found = Differences(kept=2)
    for sequence in (1, 1, 2, 3, 4):
        found.add(difference(sequence))

    lines = list(found.lines())

    assert [str(difference(1)), str(difference(2)), "and 2 more; in all 4 topic"] == lines
    assert not found.equal


def test_what_was_not_compared_is_not_equal() -> None:
    """A consumer that is behind has not been found equal."""
    found = Differences(undone=["marks not compared"])

    assert ["marks not compared"] == list(found.lines())
    assert not found.equal


@pytest.mark.parametrize(
    ("covered", "last", "missing"),
    [
        ([], 0, []),
        ([], 3, [(1, 3)]),
        ([(1, 3)], 3, []),
        ([(1, 9)], 3, []),
        ([(2, 3)], 5, [(1, 1), (4, 5)]),
        ([(4, 5), (1, 2)], 7, [(3, 3), (6, 7)]),
        ([(1, 4), (2, 3), (4, 6)], 6, []),
        ([(9, 12)], 5, [(1, 5)]),
    ],
)
def test_holes(covered: list[tuple[int, int]], last: int, missing: list[tuple[int, int]]) -> None:
    """Runs of several partitions, in any order, overlapping, and beyond what was promised."""
    assert missing == list(holes(covered, last))


@pytest.mark.parametrize(
    ("sequences", "expected"),
    [([], []), ([4], [(4, 4)]), ([1, 2, 3], [(1, 3)]), ([1, 3, 4, 9], [(1, 1), (3, 4), (9, 9)])],
)
def test_stretches(sequences: list[int], expected: list[tuple[int, int]]) -> None:
    """Neighbours are one line."""
    assert expected == list(stretches(sequences))
