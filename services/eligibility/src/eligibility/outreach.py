"""What pages show besides the status: outreach, counts of workers, launches. It decides nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TypeAlias
from uuid import UUID

from common.events.envelope import AreaEventData
from common.events.registry import (
    AidGranted,
    LaunchHeld,
    PerisaiAssigned,
    PerisaiInactive,
    PotentialNoted,
    SosialisasiHeld,
    WorkersCounted,
)
from common.received import ImpossibleEvent, Received, UnreadableEvents, parse

Row: TypeAlias = tuple[object, ...]
Events: TypeAlias = Mapping[str, Sequence[Received]]

VILLAGE_LENGTH = len("33.26.12.2008")


@dataclass(slots=True)
class Outreach:
    """A batch's notes and counts of workers, as rows; and the agents that became inactive."""

    notes: list[Row] = field(default_factory=list)
    """village_key, note_id, kind, effective_on, recorded_at, what, amount, occasion."""
    ended: list[tuple[Received, UUID, date]] = field(default_factory=list)
    workers: list[Row] = field(default_factory=list)
    """village_key, count_id, effective_on, recorded_at, total, pu, bpu, source."""

    def take(self, event: Received, data: object) -> None:
        """Take what is to be shown of an event; raises ImpossibleEvent for an area's."""
        match data:
            case SosialisasiHeld():
                shown = (data.organiser.value, data.attendance, data.occasion)
                self._note(event, data.sosialisasi_id, "SOSIALISASI", data.effective_on, shown)
            case PotentialNoted():
                shown = (data.sector.value, data.businesses, None)
                self._note(event, data.potential_id, "POTENTIAL", data.effective_on, shown)
            case AidGranted():
                shown = (data.kind.value, data.amount_rupiah, None)
                self._note(event, data.aid_id, "AID", data.effective_on, shown)
            case PerisaiAssigned():
                nothing = (None, None, None)
                self._note(event, data.agent_id, "PERISAI", data.effective_on, nothing)
            case PerisaiInactive():
                self.ended.append((event, data.agent_id, data.effective_on))
            case WorkersCounted():
                row = (event.subject, data.count_id, data.effective_on, event.time)
                self.workers.append((*row, data.total, data.pu, data.bpu, data.source.value))
            case AreaEventData():
                raise ImpossibleEvent(event, "an area's event under a village's key")

    def _note(self, event: Received, note_id: UUID, kind: str, on: date, shown: Row) -> None:
        self.notes.append((event.subject, note_id, kind, on, event.time, *shown))


def apart(accepted: Events) -> tuple[Events, list[Row]]:
    """The events of villages, and the launches of provinces and regencies as rows.

    A row: launch_id, area_code, effective_on, recorded_at, level, host_office, represented_by,
    venue. Raises UnreadableEvents for anything else under an area's key.
    """
    areas = [key for key in accepted if len(key) < VILLAGE_LENGTH]
    if not areas:
        return accepted, []
    launches: list[Row] = []
    broken: list[ImpossibleEvent] = []
    for event in (event for key in areas for event in accepted[key]):
        try:
            launches.append(_launch(event))
        except ImpossibleEvent as error:
            broken.append(error)
    if broken:
        raise UnreadableEvents(broken)
    return {key: events for key, events in accepted.items() if key not in areas}, launches


def _launch(event: Received) -> Row:
    data = parse(event)
    if not isinstance(data, LaunchHeld):
        raise ImpossibleEvent(event, "no event of an area")
    if data.area_code != event.subject:
        raise ImpossibleEvent(event, f"area_code {data.area_code} is not the subject")
    return (
        data.launch_id,
        data.area_code,
        data.effective_on,
        event.time,
        data.level.value,
        data.host_office.value,
        data.represented_by,
        data.venue.value,
    )
