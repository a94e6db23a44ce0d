"""The hot path: what a batch of enrollment events adds to the counts of its villages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Annotated, TypeAlias

import msgspec
from common.clock import midnight
from common.events import EVENT_TYPES
from common.events.registry import EnrollmentFact
from common.events.words import TimeZone
from common.received import ImpossibleEvent, Received, UnreadableEvents
from msgspec.structs import astuple

from eligibility.domain.facts import Enrolled

ENROLLMENTS = frozenset(
    name for name, data in EVENT_TYPES.items() if issubclass(data, EnrollmentFact)
)

Delta = Annotated[int, msgspec.Meta(ge=-1_000_000, le=1_000_000)]
Row: TypeAlias = tuple[int, ...]
Entry: TypeAlias = tuple[str, date, date, *tuple[int, ...]]
"""village_key, effective day, known day (WIB), then the counts."""

WIB = timedelta(hours=7)  # without summer time since 1964; a zone look-up an event costs 1 µs


class Deltas(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """Changes of the counts, in the order of every row of them."""

    persons: Delta = 0
    pu: Delta = 0
    bpu: Delta = 0
    in_grace: Delta = 0
    jht: Delta = 0
    jkk: Delta = 0
    jkm: Delta = 0
    jp: Delta = 0
    jkp: Delta = 0


COUNTS = Deltas.__struct_fields__
NOTHING: Row = (0,) * len(COUNTS)


class Effect(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    effective_on: date
    deltas: Deltas


class Enrollment(msgspec.Struct, gc=False):
    """The part of an enrollment event that counting needs."""

    effective_on: date
    effect: Annotated[list[Effect], msgspec.Meta(max_length=100)]


DECODER = msgspec.json.Decoder(Enrollment)
Told: TypeAlias = tuple[Received, Enrollment]
"""An event, and what it says for counting."""


@dataclass(frozen=True, slots=True)
class Place:
    """What counting needs of a village; without a zone it is not known yet."""

    time_zone: TimeZone | None = None
    registered_since: date | None = None


@dataclass(slots=True)
class Counted:
    """A batch of enrollment events, added up per village."""

    ledger: list[Entry] = field(default_factory=list)
    sums: list[tuple[object, ...]] = field(default_factory=list)
    """village_key, the counts due today, registered_since, next_count_on, next_review_at."""
    first: list[tuple[Received, Enrolled]] = field(default_factory=list)
    """The events by which a village takes part since an earlier day than was known before."""


def count(
    enrollments: Mapping[str, Sequence[Told]],
    places: Mapping[str, Place],
    today: Mapping[TimeZone, date],
) -> Counted:
    """Add up what is due today and what is due later."""
    counted = Counted()
    for key, told in enrollments.items():
        first = _first(told, places[key].registered_since)
        entries = _entries(key, told)
        since = first[-1][1].effective_on if first else None
        sums = _sums(places[key], entries, today)
        if sums or since:
            total, later, review = sums or (NOTHING, None, None)
            counted.sums.append((key, *total, since, later, review))
        counted.ledger += entries
        counted.first += first
    return counted


def _first(told: Sequence[Told], since: date | None) -> list[tuple[Received, Enrolled]]:
    """Each event with an earlier day than all before it: at any known time one is the first."""
    first = []
    for event, enrollment in told:
        if since is None or enrollment.effective_on < since:
            since = enrollment.effective_on
            fact = Enrolled(effective_on=since, recorded_at=event.time, id=event.id)
            first.append((event, fact))
    return first


def _entries(key: str, told: Sequence[Told]) -> list[Entry]:
    """One village's deltas by effective and known day; those that come to nothing fall away."""
    days: dict[tuple[date, date], list[Row]] = {}
    for event, enrollment in told:
        if enrollment.effect:
            known_on = (event.time + WIB).date()
            for effect in enrollment.effect:
                row = astuple(effect.deltas)
                days.setdefault((effect.effective_on, known_on), []).append(row)
    entries: list[Entry] = []
    for (effective_on, known_on), rows in days.items():
        if any(total := _sum(rows)):
            entries.append((key, effective_on, known_on, *total))
    return entries


def _sums(
    place: Place, entries: Sequence[Entry], today: Mapping[TimeZone, date]
) -> tuple[Row, date | None, datetime | None] | None:
    """What is due today, the next day that changes it and its midnight; None if nothing changes."""
    if place.time_zone is None:
        return None
    due = [entry[3:] for entry in entries if entry[1] <= today[place.time_zone]]
    later = min((entry[1] for entry in entries if entry[1] > today[place.time_zone]), default=None)
    total = _sum(due) if due else NOTHING
    if later is None:
        return (total, None, None) if any(total) else None
    return total, later, midnight(later, place.time_zone)


def _sum(rows: Sequence[Row]) -> Row:
    return rows[0] if len(rows) == 1 else tuple(map(sum, zip(*rows, strict=True)))


def read(enrollments: Mapping[str, Sequence[Received]]) -> dict[str, list[Told]]:
    """What the events say for counting; raises UnreadableEvents with all that break the schema."""
    events = [event for some in enrollments.values() for event in some]
    decoded = iter(_decode(events))
    return {
        key: list(zip(some, islice(decoded, len(some)), strict=True))
        for key, some in enrollments.items()
    }


def _decode(events: Sequence[Received]) -> Sequence[Enrollment]:
    """All at once; one by one only to find those that are not as the contract says."""
    try:
        enrollments = DECODER.decode_lines(b"\n".join([event.data for event in events]))
    except msgspec.DecodeError:
        enrollments = []
    return enrollments if len(enrollments) == len(events) else _decode_each(events)


def _decode_each(events: Sequence[Received]) -> Sequence[Enrollment]:
    enrollments: list[Enrollment] = []
    broken: list[ImpossibleEvent] = []
    for event in events:
        try:
            enrollments.append(DECODER.decode(event.data))
        except msgspec.DecodeError as error:
            reason = f"data does not match its schema: {error}"
            broken.append(ImpossibleEvent(event, reason))
    if broken:
        raise UnreadableEvents(broken)
    return enrollments
