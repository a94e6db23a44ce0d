"""A batch sorted out: what is only counted, what the fold needs, and what is area data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set  # noqa: PYI025
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from common.events.envelope import Origin
from common.events.registry import (
    VillageAttributesChanged,
    VillageKnown,
    VillageMerged,
    VillageSplit,
)
from common.received import ImpossibleEvent, Received, UnreadableEvents, parse

from eligibility.counts import ENROLLMENTS, Place, Told, read
from eligibility.domain.facts import Appointed, CoverageChanged, Fact, Left, fact_of
from eligibility.outreach import Outreach


@dataclass(frozen=True, slots=True)
class NewFact:
    """A fact and the event that told it; an act of a person comes without one."""

    village_key: str
    fact: Fact
    origin: Origin = Origin.LIVE
    batch_id: UUID | None = None
    event: Received | None = None

    @classmethod
    def told_by(cls, event: Received, fact: Fact) -> NewFact:
        return cls(event.subject, fact, event.origin, event.batchid, event)


@dataclass(slots=True)
class AreaChanges:
    """What a newer edition of the area data says besides names and places, as rows."""

    former: list[tuple[str, str]] = field(default_factory=list)
    """A code that a village had before, and the village's key."""
    split: list[tuple[str, str]] = field(default_factory=list)
    """A village, and the one that it was part of."""
    merged: list[tuple[str, str, date]] = field(default_factory=list)
    """A village, the one that it is part of, and from which day on."""

    editions: dict[str, date] = field(default_factory=dict)
    """Name and day of the editions that said so."""

    def take(self, key: str, data: object) -> None:
        if isinstance(data, VillageKnown) and data.edition is not None:
            self.editions[data.edition] = data.effective_on
        match data:
            case VillageAttributesChanged() if data.previous_code not in (key, data.village_code):
                self.former.append((data.previous_code, key))
            case VillageSplit():
                self.split.append((key, data.split_from))
            case VillageMerged():
                self.merged.append((key, data.merged_into, data.effective_on))


@dataclass(slots=True)
class Intake:
    enrollments: dict[str, list[Told]] = field(default_factory=dict)
    facts: list[NewFact] = field(default_factory=list)
    known: dict[str, VillageKnown] = field(default_factory=dict)
    """The latest area data of each village that the batch has some of."""
    changes: AreaChanges = field(default_factory=AreaChanges)
    outreach: Outreach = field(default_factory=Outreach)

    def counting(self, places: Mapping[str, Place], arrived: Set[str]) -> dict[str, Place]:
        """The places as this batch leaves them; those just arrived are counted from the ledger."""
        counting = {}
        for key in self.enrollments:
            place = places.get(key, Place())
            if key in self.known and key not in arrived:
                place = Place(self.known[key].time_zone, place.registered_since)
            counting[key] = place
        return counting


def sort_out(accepted: Mapping[str, Sequence[Received]]) -> Intake:
    """Sort the events of a batch and read them; raises UnreadableEvents."""
    intake = Intake()
    enrollments: dict[str, list[Received]] = {}
    broken: list[ImpossibleEvent] = []
    for key, events in accepted.items():
        counted = [event for event in events if event.type in ENROLLMENTS]
        if counted:
            enrollments[key] = counted
        if len(counted) < len(events):
            broken += _take_all(intake, [e for e in events if e.type not in ENROLLMENTS])
    try:
        intake.enrollments = read(enrollments)
    except UnreadableEvents as error:
        broken += error.found
    if broken:
        raise UnreadableEvents(broken)
    return intake


def _take_all(intake: Intake, events: Sequence[Received]) -> list[ImpossibleEvent]:
    """Take facts and area data; those that cannot be read."""
    broken = []
    for event in events:
        try:
            _take(intake, event)
        except ImpossibleEvent as error:
            broken.append(error)
    return broken


def _take(intake: Intake, event: Received) -> None:
    data = parse(event)
    if isinstance(data, VillageKnown):
        intake.known[event.subject] = data
    intake.changes.take(event.subject, data)
    intake.outreach.take(event, data)
    fact = fact_of(event.type, data, recorded_at=event.time, id=event.id)
    if fact is not None:
        intake.facts.append(NewFact.told_by(event, fact))


def refuse_impossible(new: Sequence[NewFact], facts: Mapping[str, Sequence[Fact]]) -> None:
    """Raise ImpossibleEvent for a change or an end of a term that was never appointed."""
    for fact in new:
        if fact.event is None or not isinstance(fact.fact, CoverageChanged | Left):
            continue
        term = fact.fact.term_id
        if not _was_appointed(term, fact.fact.recorded_at, facts[fact.village_key]):
            raise ImpossibleEvent(fact.event, f"term {term} was never appointed here")


def _was_appointed(term: UUID, before: datetime, facts: Sequence[Fact]) -> bool:
    return any(
        isinstance(fact, Appointed) and fact.term_id == term and fact.recorded_at < before
        for fact in facts
    )
