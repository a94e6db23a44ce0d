"""What was heard, sorted: the latest of each village, and the alerts that news makes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Generic, TypeVar, cast
from uuid import UUID

import msgspec
from common.clock import Clock
from common.events.eligibility import CeremonyMoved, CeremonyPlanned, CertificationChanged
from common.events.envelope import EventData
from common.events.registry import (
    OfficialAppointed,
    OfficialCoverageChanged,
    OfficialLeft,
    VillageAttributesChanged,
    VillageKnown,
    VillageMerged,
)
from common.events.words import AlertKind
from common.ids import Ids
from common.received import Received, parse

from notifications.domain.alerts import Alert, Occasion, alerts_about, alerts_of
from notifications.domain.ceremonies import Ceremony
from notifications.domain.heads import HEADS, Head, HeadEvent, changed, followed_by
from notifications.domain.letters import Facts
from notifications.domain.views import View
from notifications.storage.hearings import HeardAlert
from notifications.storage.news import Planned

OF_OFFICIALS = frozenset({OfficialAppointed.type, OfficialCoverageChanged.type, OfficialLeft.type})
HEARD = OF_OFFICIALS | {
    VillageKnown.type,
    VillageAttributesChanged.type,
    VillageMerged.type,
    CertificationChanged.type,
    CeremonyPlanned.type,
    CeremonyMoved.type,
}
Planning = CeremonyPlanned | CeremonyMoved


class _Post(msgspec.Struct, gc=False):
    post_kind: str


_post = msgspec.json.Decoder(_Post)


Data = TypeVar("Data", bound=EventData)


@dataclass(frozen=True, slots=True)
class Told(Generic[Data]):
    """An event with its village and what it says."""

    key: str
    event: Received
    data: Data


@dataclass(slots=True)
class Heard:
    """The events of a batch that notifications knows, each with its village, in their order."""

    villages: dict[str, VillageKnown] = field(default_factory=dict)
    merged: dict[str, VillageMerged] = field(default_factory=dict)
    decisions: list[Told[CertificationChanged]] = field(default_factory=list)
    ceremonies: list[Told[Planning]] = field(default_factory=list)
    heads: list[Told[HeadEvent]] = field(default_factory=list)


def sort_out(accepted: Mapping[str, Sequence[Received]]) -> Heard:
    """Raises ImpossibleEvent; of officials only heads of villages matter."""
    heard = Heard()
    for key, events in accepted.items():
        for event in events:
            if event.type in HEARD and not _of_another_post(event):
                _put(heard, key, event)
    return heard


def _of_another_post(event: Received) -> bool:
    """Told by a glance: there are dozens of other posts to one head."""
    if event.type not in OF_OFFICIALS:
        return False
    try:
        return _post.decode(event.data).post_kind not in HEADS
    except msgspec.MsgspecError:
        return False


def _put(heard: Heard, key: str, event: Received) -> None:
    match parse(event):
        case VillageKnown() as known:
            heard.villages[key] = known
        case VillageMerged() as merged:
            heard.merged[key] = merged
        case CertificationChanged() as decision:
            heard.decisions.append(Told(key, event, decision))
        case CeremonyPlanned() | CeremonyMoved() as planning:
            heard.ceremonies.append(Told(key, event, planning))
        case data:
            heard.heads.append(Told(key, event, cast("HeadEvent", data)))


class Newsroom:
    """Makes the alerts of news, with ids for their rows."""

    def __init__(self, *, clock: Clock, ids: Ids, settled: bool) -> None:
        self._clock = clock
        self._ids = ids
        self._settled = settled

    def of_decisions(
        self,
        decisions: Sequence[Told[CertificationChanged]],
        kept: dict[str, Facts],
    ) -> list[HeardAlert]:
        """`kept` has the facts of the decisions before, and afterwards those of these."""
        heard: list[HeardAlert] = []
        for told in decisions:
            key, decision = told.key, told.data
            before = View.of(decision.previous, kept[key].reasons if key in kept else ())
            after = View.of(decision.current, decision.reasons)
            kept[key] = Facts.of(decision)
            occasion = self._occasion(told, decision.newest_input_time)
            heard += [
                self._heard(told, alert, decision.decision_id, decision.effective_on)
                for alert in alerts_of(before, after, occasion)
            ]
        return heard

    def of_ceremonies(
        self, ceremonies: Sequence[Told[Planning]]
    ) -> tuple[list[HeardAlert], dict[UUID, Planned]]:
        """One alert an office for each planning: a moved ceremony is told again."""
        heard: list[HeardAlert] = []
        planned: dict[UUID, Planned] = {}
        for told in ceremonies:
            data = told.data
            ceremony = Ceremony(
                ceremony_id=data.ceremony_id,
                kind=data.kind,
                planned_for=data.planned_for,
                begins_at=data.begins_at,
                venue=data.venue,
                host=data.host,
            )
            planned[data.ceremony_id] = (told.key, told.event.id, ceremony)
            occasion = self._occasion(told, told.event.time)
            heard += [
                self._heard(told, alert, told.event.id, data.planned_for, data.ceremony_id)
                for alert in alerts_about(AlertKind.CEREMONY_INVITE, occasion)
            ]
        return heard, planned

    def of_heads(
        self, events: Sequence[Told[HeadEvent]], kept: dict[str, Head]
    ) -> list[HeardAlert]:
        """`kept` has the latest terms before, and afterwards those with these events."""
        heard: list[HeardAlert] = []
        for told in events:
            key, data = told.key, told.data
            before = kept.get(key)
            after = followed_by(before, data)
            if after is not None:
                kept[key] = after
            if changed(before, after):
                occasion = self._occasion(told, told.event.time)
                heard += [
                    self._heard(told, alert, data.term_id, data.effective_on)
                    for alert in alerts_about(AlertKind.HEAD_CHANGED, occasion)
                ]
        return heard

    def _occasion(self, told: Told[Any], newest: datetime) -> Occasion:
        return Occasion(
            village_code=told.data.village_code,
            origin=told.event.origin,
            newest_input_time=newest,
            heard_at=self._clock.now(),
            settled=self._settled,
        )

    def _heard(
        self,
        told: Told[Any],
        alert: Alert,
        about: UUID,
        effective_on: date,
        ceremony_id: UUID | None = None,
    ) -> HeardAlert:
        return HeardAlert(
            alert_id=self._ids.random(),
            delivery_id=self._ids.random(),
            village_key=told.key,
            village_code=told.data.village_code,
            about=about,
            sequence=told.event.sequence,
            origin=told.event.origin,
            effective_on=effective_on,
            alert=alert,
            ceremony_id=ceremony_id,
        )
