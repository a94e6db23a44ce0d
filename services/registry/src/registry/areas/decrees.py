"""What decrees say became of codes: `changes.csv`, held against what is known and what comes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from registry.areas.files import MAX_WRONG, EditionRefused, lines_of
from registry.domain.areas import Village

MAX_LINES = 20_000


class What(StrEnum):
    """What became of a village's code, as `changes.csv` says it."""

    RECODED = "recoded"
    SPLIT = "split"
    MERGED = "merged"


@dataclass(frozen=True, slots=True)
class Said:
    """One line of `changes.csv`."""

    old: str
    new: str
    what: What

    def __str__(self) -> str:
        return f"changes.csv: {self.old} {self.what} {self.new}"


def read_changes(text: str) -> list[Said]:
    """Lines `old,new,what` under that header; raises EditionRefused."""
    rows = list(lines_of("changes.csv", text))
    if not rows or rows[0] != ["old", "new", "what"] or len(rows) > MAX_LINES:
        raise EditionRefused(
            [f"changes.csv: begin with the line old,new,what; at most {MAX_LINES} lines"]
        )
    said, wrong = [], []
    words = ", ".join(What)
    for line, row in enumerate(rows[1:], start=2):
        if len(row) == len(rows[0]) and row[2] in set(What):
            said.append(Said(row[0].strip(), row[1].strip(), What(row[2])))
        else:
            wrong.append(f"changes.csv:{line}: write two codes and one of {words}")
    if wrong:
        raise EditionRefused(wrong[:MAX_WRONG])
    return said


@dataclass(slots=True)
class Told:
    """What `changes.csv` says and is not published yet, by the old code or, of a split, the new."""

    recoded: dict[str, str] = field(default_factory=dict)
    merged: dict[str, str] = field(default_factory=dict)
    split: dict[str, str] = field(default_factory=dict)

    @property
    def leaving(self) -> set[str]:
        return {*self.recoded, *self.merged}

    @property
    def taken(self) -> set[str]:
        return set(self.recoded.values())


def hold(
    said: Sequence[Said],
    known: Mapping[str, Village],
    coming: Mapping[str, Village],
    former: Mapping[str, str],
) -> Told:
    """The lines held against what is known and what comes; raises EditionRefused."""
    told, wrong = Told(), []
    for one in said:
        fault = _fault(one, known, coming, former)
        if fault is None and one.old in told.leaving and one.what is not What.SPLIT:
            fault = f"something else is said of {one.old} above"
        if fault is not None:
            wrong.append(f"{one}: {fault}")
        elif one.what is What.SPLIT and one.new not in known:
            told.split[one.new] = one.old
        elif one.what is What.MERGED and one.old in known:
            told.merged[one.old] = one.new
        elif one.what is What.RECODED and one.old in known:
            told.recoded[one.old] = one.new
    wrong += [
        f"{old} is still in the edition; take it out of one of the two files"
        for old in sorted((told.leaving & coming.keys()) - told.taken)
    ]
    wrong += [
        f"{old} recoded {new}: {new} is another village's"
        for old, new in sorted(told.recoded.items())
        if new in known and new not in told.leaving
    ]
    if wrong:
        raise EditionRefused(wrong[:MAX_WRONG])
    return told


def _fault(
    one: Said,
    known: Mapping[str, Village],
    coming: Mapping[str, Village],
    former: Mapping[str, str],
) -> str | None:
    if one.new not in coming:
        return f"{one.new} is not in the edition"
    if one.old not in known and one.old not in former:
        return f"{one.old} is not known"
    return None
