"""What a newer edition changes, found by comparing codes and names, and by what decrees say. Pure.

A code that vanished says nothing of what became of its village. `changes.csv` says it, as decrees
list it; without it, a code that vanished while exactly one new code of the same name appeared in
the same kecamatan is taken for re-coded, and a person confirms.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from registry.areas.decrees import Said, hold
from registry.areas.edition import Edition
from registry.areas.files import MAX_WRONG, EditionRefused
from registry.domain.areas import Village, search_name

FEW_GONE = 20
GONE_SHARE = 0.001
"""More than so many villages that vanish without a word are a broken file."""


@dataclass(frozen=True, slots=True)
class Changed:
    """A village as it is known, and as the edition has it; its key stays."""

    before: Village
    after: Village
    guessed: bool = False
    """Re-coded by its name alone."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """What changed, in words for the table."""
        before, after = self.before, self.after
        return tuple(
            word
            for word, changed in (
                ("re-coded", before.village_code != after.village_code),
                ("re-typed", before.kind is not after.kind),
                ("renamed", before.name != after.name),
                ("moved", before.kecamatan_code != after.kecamatan_code),
                ("area renamed", _renamed_areas(before, after)),
            )
            if changed
        )

    def __str__(self) -> str:
        """What it was and what it is: a code, a name, or the name of the area around it."""
        before, after = self.before, self.after
        if self.kinds == ("area renamed",):
            return ", ".join(_renamed_areas(before, after))
        code = "" if before.village_code == after.village_code else f" -> {after.village_code}"
        name = "" if before.name == after.name else f" -> {after.name}"
        return f"{before.village_code}{code} {before.name}{name}"


@dataclass(frozen=True, slots=True)
class Merged:
    village: Village
    into: str
    """Key of the village that it is part of."""


@dataclass(frozen=True, slots=True)
class Plan:
    """All that an edition changes; empty when it is loaded."""

    known: int = 0
    new: tuple[Village, ...] = ()
    split_from: Mapping[str, str] = field(default_factory=dict)
    """Key of a new village -> key of the one that it was split from."""
    changed: tuple[Changed, ...] = ()
    merged: tuple[Merged, ...] = ()
    gone: tuple[Village, ...] = ()
    """Vanished without a word: they stay as they are."""

    @property
    def empty(self) -> bool:
        return not (self.new or self.changed or self.merged)

    @property
    def suspicious(self) -> bool:
        return len(self.gone) > max(FEW_GONE, int(self.known * GONE_SHARE))


@dataclass(frozen=True, slots=True)
class Country:
    """What is known before an edition is loaded."""

    villages: Sequence[Village]
    """The open ones."""
    former: Mapping[str, str]
    """Codes that villages had before, and codes of closed ones -> the village's key."""


def plan_of(country: Country, edition: Edition, said: Sequence[Said]) -> Plan:
    """Compare open villages with an edition; raises EditionRefused for what decrees cannot mean.

    What was published already is in no plan: an edition can be loaded again, and goes on.
    """
    known = {village.village_code: village for village in country.villages}
    coming = {village.village_code: village for village in edition.villages}
    told = hold(said, known, coming, country.former)
    gone = [v for code, v in known.items() if code not in coming and code not in told.leaving]
    fresh = [v for code, v in coming.items() if code not in known and code not in told.taken]
    guessed = dict(_guesses(gone, fresh))
    recoded = {**told.recoded, **guessed}
    new = [village for village in fresh if village.village_code not in guessed.values()]
    _refuse_used(new, country)
    keys = dict(country.former) | {code: village.village_key for code, village in known.items()}
    after = keys | {v.village_code: v.village_key for v in new}
    after |= {code: known[old].village_key for old, code in recoded.items()}
    changed = [
        Changed(before, replace(coming[code], village_key=before.village_key), old in guessed)
        for old, before in known.items()
        if (code := recoded.get(old, old)) in coming
        and old not in told.merged
        # A code that another village takes over is not this one's any more.
        and (old in recoded or old not in told.taken)
    ]
    return Plan(
        known=len(known),
        new=tuple(new),
        split_from={code: keys[old] for code, old in told.split.items()},
        changed=tuple(change for change in changed if change.kinds),
        merged=tuple(Merged(known[old], after[into]) for old, into in told.merged.items()),
        gone=tuple(village for village in gone if village.village_code not in guessed),
    )


def _refuse_used(new: Iterable[Village], country: Country) -> None:
    """A code under which another village was known first cannot be a new one's key."""
    used = {village.village_key for village in country.villages} | set(country.former.values())
    wrong = [
        f"villages.csv: {village.village_code} {village.name} is new, but another village was "
        "first known by this code; say in changes.csv what it is"
        for village in new
        if village.village_key in used
    ]
    if wrong:
        raise EditionRefused(wrong[:MAX_WRONG])


def _guesses(gone: Iterable[Village], fresh: Iterable[Village]) -> Iterator[tuple[str, str]]:
    """One that vanished and one that came, of the same name in the same kecamatan."""
    before, after = _named(gone), _named(fresh)
    for name, vanished in before.items():
        came = after.get(name, [])
        if len(vanished) == len(came) == 1:
            yield vanished[0].village_code, came[0].village_code


def _named(villages: Iterable[Village]) -> dict[tuple[str, str, str], list[Village]]:
    named: defaultdict[tuple[str, str, str], list[Village]] = defaultdict(list)
    for one in villages:
        names = (one.regency_name, one.kecamatan_name, one.name)
        regency, kecamatan, name = map(search_name, names)
        named[regency, kecamatan, name].append(one)
    return named


def _renamed_areas(before: Village, after: Village) -> list[str]:
    """The areas around the village that are the same and are called otherwise."""
    levels = [
        (old, new)
        for old, new in zip(_areas(before), _areas(after), strict=True)
        if old[0] == new[0] and old != new
    ]
    return [f"{code} {' '.join(old)} -> {' '.join(new)}" for (code, *old), (_, *new) in levels]


def _areas(village: Village) -> tuple[tuple[str, ...], ...]:
    """Each area that a village lies in: code, kind and name."""
    return (
        (village.kecamatan_code, village.kecamatan_name),
        (village.regency_code, village.regency_kind, village.regency_name),
        (village.province_code, village.province_name),
    )
