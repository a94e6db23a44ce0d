"""Which way each event of a village goes: applied, passed over, held or parked. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from common.events import EVENT_TYPES
from common.received import Broken, Received


@dataclass(frozen=True, slots=True)
class Mark:
    """The last event of a stream that had its effect (or was passed over)."""

    sequence: int = 0
    time: datetime | None = None


NO_MARK = Mark()


@dataclass(slots=True)
class Village:
    """A village's marks and what waits there, as read under its lock."""

    key: str
    marks: dict[str, Mark]
    parked: int
    held: int
    """Early events, and decisions of persons about events whose turn has not come."""


@dataclass(frozen=True, slots=True)
class Park:
    item: Received | Broken
    reason: str
    detail: str


@dataclass(slots=True)
class Way:
    """What becomes of one village's events."""

    accepted: list[Received] = field(default_factory=list)
    duplicates: int = 0
    skipped: list[Received] = field(default_factory=list)
    held: list[Received] = field(default_factory=list)
    parked: list[Park] = field(default_factory=list)
    drained: list[Received] = field(default_factory=list)
    """Of `accepted` and `skipped`, those that stood in the held table."""
    moved: set[str] = field(default_factory=set)
    """Topics whose mark changed."""
    discards: int | None = None
    """How many discarded events are still to come, when there were any."""


BEHIND = "BEHIND_PARKED"
"""Reason of an event that waits only because one of its village is parked before it."""

Discarded = Mapping[tuple[str, int], datetime]
"""Events (topic, sequence) that have no effect here, and up to which time a copy is one of them."""

Poison = Mapping[tuple[str, int, int], tuple[str, str]]
"""Events (topic, partition, offset) that failed when they were applied: reason and detail."""


def route(
    village: Village,
    items: Sequence[Received | Broken],
    *,
    waiting: Sequence[Received] = (),
    discarded: Discarded | None = None,
    poison: Poison | None = None,
    most: int | None = None,
) -> Way:
    """Send each event its way and advance `village.marks`.

    `waiting` are the village's held events; they follow when the one before them has come.
    It ends after `most` events that have an effect, to find out which one fails.
    """
    way = Way()
    odd = waiting or discarded or poison or most or village.parked
    if not odd and _straight(village, items, way):
        return way
    ahead = {(event.topic, event.sequence): event for event in waiting}
    stored = set(ahead)
    discarded = discarded or {}
    road = _Road(village, way, ahead, stored, discarded, poison or {}, most)
    for event in waiting:
        road.look_again(event)
    for topic in sorted({topic for topic, _ in (*ahead, *discarded)}):
        road.drain(topic)
    for item in items:
        if road.ended:
            break
        road.step(item)
        if (ahead or discarded) and isinstance(item, Received):
            road.drain(item.topic)
    way.held = [event for place, event in ahead.items() if place not in stored]
    if discarded:
        way.discards = sum(number > road.mark(topic).sequence for topic, number in discarded)
    return way


def _straight(village: Village, items: Sequence[Received | Broken], way: Way) -> bool:
    """The usual way: every event is the next of its stream and of a known type; else do nothing."""
    last: dict[str, Received] = {}
    for item in items:
        if item.__class__ is not Received or item.type not in EVENT_TYPES:
            return False
        topic = item.topic
        before = last.get(topic)
        sequence = village.marks.get(topic, NO_MARK).sequence if before is None else before.sequence
        if item.sequence != sequence + 1:
            return False
        last[topic] = item
    way.accepted = list(items)  # type: ignore[arg-type]  # all were found to be Received
    for topic, event in last.items():
        village.marks[topic] = Mark(event.sequence, event.time)
        way.moved.add(topic)
    return True


@dataclass(frozen=True, slots=True)
class _Road:
    village: Village
    way: Way
    ahead: dict[tuple[str, int], Received]
    stored: set[tuple[str, int]]
    discarded: Discarded
    poison: Poison
    most: int | None

    @property
    def blocked(self) -> bool:
        return bool(self.village.parked or self.way.parked)

    @property
    def ended(self) -> bool:
        way = self.way
        return self.most is not None and len(way.accepted) + len(way.skipped) >= self.most

    def mark(self, topic: str) -> Mark:
        return self.village.marks.get(topic, NO_MARK)

    def step(self, item: Received | Broken) -> None:
        way = self.way
        if isinstance(item, Broken):
            way.parked.append(Park(item, item.reason, item.detail))
            return
        mark = self.mark(item.topic)
        if item.sequence <= mark.sequence:
            if mark.time is None or item.time <= mark.time:
                way.duplicates += 1
            else:
                detail = f"the mark is at {mark.sequence}, of an earlier time"
                way.parked.append(Park(item, "SEQUENCE_REUSED", detail))
        elif (item.topic, item.sequence) in self.discarded:
            way.duplicates += 1
        elif self.blocked:
            way.parked.append(Park(item, BEHIND, ""))
        elif item.sequence > mark.sequence + 1:
            self.ahead.setdefault((item.topic, item.sequence), item)
        else:
            self.apply(item)

    def apply(self, event: Received) -> None:
        """The next event of its stream: it has its effect, is passed over, or is poison."""
        if (why := self.poison.get((event.topic, event.partition, event.offset))) is not None:
            self.way.parked.append(Park(event, *why))
            return
        known = event.type in EVENT_TYPES
        (self.way.accepted if known else self.way.skipped).append(event)
        self.village.marks[event.topic] = Mark(event.sequence, event.time)
        self.way.moved.add(event.topic)

    def look_again(self, event: Received) -> None:
        """A held event that another copy of it has overtaken is no longer waited with."""
        if event.sequence <= self.mark(event.topic).sequence:
            del self.ahead[event.topic, event.sequence]
            self.way.drained.append(event)
            self.step(event)

    def drain(self, topic: str) -> None:
        """Let held events of a stream follow and pass over discarded ones, up to the next gap."""
        while not self.ended:
            place = (topic, self.mark(topic).sequence + 1)
            until = self.discarded.get(place)
            if until is None and self.blocked:
                return
            event = self.ahead.pop(place, None)
            if event is not None and place in self.stored:
                self.way.drained.append(event)
            if until is not None:
                self.village.marks[topic] = Mark(place[1], until)
                self.way.moved.add(topic)
            elif event is not None:
                self.apply(event)
            else:
                return
