"""What is asked and answered over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, Self
from uuid import UUID

from common.events import eligibility as contract
from common.events.envelope import Origin
from common.events.words import RegencyKind, TimeZone, VillageKind, WithdrawnBecause
from pydantic import BaseModel, ConfigDict, Field

from eligibility.acting import Act
from eligibility.acting import Preview as Previewed
from eligibility.domain.facts import ActKind
from eligibility.judging import contract_face, face_of, rule_set_of
from eligibility.storage.views import OpenProposal, View

PRINTABLE = r"^[^\x00-\x1f]+$"

Line = Annotated[str, Field(min_length=1, max_length=200, pattern=PRINTABLE)]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Area(Body):
    code: str
    name: str


class Regency(Area):
    kind: RegencyKind


class Counts(Body):
    """Memberships on the day: persons count once, programmes by membership."""

    persons: int = 0
    pu: int = 0
    bpu: int = 0
    in_grace: int = 0
    jht: int = 0
    jkk: int = 0
    jkm: int = 0
    jp: int = 0
    jkp: int = 0


class Because(Body):
    """Why a suspension is proposed: the time to recover has ended, and the risk was announced."""

    failing_since: date
    grace_ends: date
    announced_on: date
    """Local date on which the log said TERANCAM."""


class Proposal(Body):
    """The log proposes that a person suspends the title; only a person does."""

    proposal_id: UUID
    """`decision_id` of the log's entry that opened it."""
    opened_on: date
    because: Because

    @classmethod
    def of(cls, opened: OpenProposal) -> Self:
        return cls(
            proposal_id=opened.proposal_id,
            opened_on=opened.opened_on,
            because=Because(
                failing_since=opened.failing_since,
                grace_ends=opened.grace_ends,
                announced_on=opened.announced_on,
            ),
        )


class Village(Body):
    """A village's status: four fields, never one."""

    village_code: str
    village_key: str
    """The code under which the village was first known; it never changes."""
    name: str
    kind: VillageKind
    kecamatan: Area
    regency: Regency
    province: Area
    time_zone: TimeZone
    status: contract.Face
    since: date | None
    failing_since: date | None
    grace_ends: date | None
    undecidable_since: date | None
    flagged: bool
    proposal: Proposal | None
    """None: no suspension is proposed."""
    split_from: str | None
    """Key of the village that it was part of."""
    merged_into: str | None
    """Key of the village that it is part of now: this one is closed, its status stays as it was."""
    closed_on: date | None
    counts: Counts
    rule_set: contract.RuleSetRef | None
    on: date | None = None
    """The day asked for; none: now."""
    known_at: datetime | None = None
    data_time: datetime | None
    """When the newest fact that had its effect here was recorded."""
    settled: bool
    """Nothing recorded up to `known_at` (none: `data_time`) can still arrive."""
    stale_since: datetime | None
    """Since then an event of the village waits for a person: the status may be old."""

    @classmethod
    def of(cls, view: View, *, on: date | None = None, known_at: datetime | None = None) -> Self:
        status, place = view.status, view.place
        return cls(
            **{name: place[name] for name in ("village_code", "village_key", "name")},
            kind=VillageKind(place["kind"]),
            kecamatan=Area(code=place["kecamatan_code"], name=place["kecamatan_name"]),
            regency=Regency(
                code=place["regency_code"],
                name=place["regency_name"],
                kind=RegencyKind(place["regency_kind"]),
            ),
            province=Area(code=place["province_code"], name=place["province_name"]),
            time_zone=TimeZone(place["time_zone"]),
            status=face_of(status),
            since=view.since,
            failing_since=status.failing_since,
            grace_ends=status.grace_ends,
            undecidable_since=status.undecidable_since,
            flagged=status.flagged,
            proposal=view.proposal and Proposal.of(view.proposal),
            split_from=view.split_from,
            merged_into=view.merged_into,
            closed_on=view.closed_on,
            counts=Counts(**view.counts),
            rule_set=rule_set_of(status),
            on=on,
            known_at=known_at,
            data_time=view.data_time,
            settled=view.is_settled(known_at),
            stale_since=view.stale_since,
        )


class Villages(Body):
    villages: list[Village]
    next: str | None
    """Give it as `after` for the next page; none: this was the last."""


class EntryKind(StrEnum):
    """What an entry of the log is: a decision, or a proposal to suspend opened or withdrawn."""

    STATUS = "STATUS"
    PROPOSED = "PROPOSED"
    WITHDRAWN = "WITHDRAWN"


class Decision(Body):
    """An entry of the log: what we told, when, and for which reasons.

    Of a proposal `previous` and `current` are the same: it changes nothing of the status.
    """

    entry: EntryKind
    decision_id: UUID
    previous_decision_id: UUID | None
    decided_at: datetime
    effective_on: date
    previous: contract.Face
    current: contract.Face
    reasons: tuple[contract.Reason, ...]
    rule_set: contract.RuleSetRef | None
    failing_since: date | None
    grace_ends: date | None
    undecidable_since: date | None
    flagged: bool
    inputs: tuple[UUID, ...]
    newest_input_time: datetime
    origin: Origin
    batch_id: UUID | None
    proposal_id: UUID | None
    """The entry that opened the proposal which this one is about."""
    opened_on: date | None
    announced_on: date | None
    withdrawn_because: WithdrawnBecause | None


class Decisions(Body):
    decisions: list[Decision]
    next: str | None


class ActRequest(Body):
    """An act of a person as its letter has it."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "act": "PENETAPAN",
                    "number": "560/123/2026",
                    "effective_on": "2026-03-02",
                    "signing_office": "Bupati Pekalongan",
                }
            ]
        },
    )

    act: ActKind
    number: Line
    effective_on: date
    """The date of the letter."""
    signing_office: Line
    """The office, never a person's name."""
    reason: Annotated[str, Field(min_length=1, max_length=1000, pattern=PRINTABLE)] | None = None
    """Needed to name a village that is not eligible."""

    def order(self) -> Act:
        return Act(self.act, self.number, self.effective_on, self.signing_office, self.reason)


class ActRecorded(Body):
    act_id: UUID
    village_key: str


class Preview(Body):
    """What an act would make of the village: its four fields of today, without and with it."""

    before: contract.Face
    after: contract.Face

    @classmethod
    def of(cls, preview: Previewed) -> Self:
        return cls(before=contract_face(preview.before), after=contract_face(preview.after))


class RuleSet(Body):
    rule_set_id: str
    version: int
    village_kind: VillageKind
    regency_code: str | None
    """None: the whole country."""
    valid_from: date
    recorded_at: datetime
    checksum: str
    rules: Mapping[str, Any]


class RuleSets(Body):
    rule_sets: list[RuleSet]
    next: str | None


class Mark(Body):
    """The last event of each input that had its effect in a village."""

    village_key: str
    sequences: dict[str, int]
    parked: int
    held: int


class Marks(Body):
    marks: list[Mark]
    next: str | None
