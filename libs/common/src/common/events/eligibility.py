"""What eligibility tells: every entry of its decision log, and ceremonies (no part of it)."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import AwareDatetime, Field

from common.events import topics
from common.events.envelope import EventData
from common.events.registry import Part
from common.events.words import (
    CeremonyKind,
    Eligibility,
    OfficeKind,
    PostKind,
    Stage,
    Standing,
    Title,
    Venue,
    WithdrawnBecause,
)

Slug = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,63}$")]
TimeOfDay = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", examples=["09:00"])]
"""Hours and minutes on the village's own clocks."""


class Face(Part):
    """The four fields, never one."""

    eligibility: Eligibility
    stage: Stage
    title: Title
    standing: Standing


class Missing(Part):
    """A post that a criterion asks for and that is vacant or not covered."""

    post_kind: PostKind
    vacant: int = Field(default=0, ge=0)
    not_covered: int = Field(default=0, ge=0)


class Reason(Part):
    """One criterion: what it required and what was there."""

    criterion: Slug
    """Name of the criterion in the rule set, such as `head_and_staff_covered`."""
    met: bool | None
    """None: cannot be decided."""
    required: int
    actual: int
    missing: tuple[Missing, ...] = ()
    since: date | None = None
    """First day of the unbroken run with this outcome."""
    because: UUID | None = None
    """Id of the event that made it so."""


class RuleSetRef(Part):
    """The rule set that decided, by its exact content."""

    rule_set_id: Slug
    version: int = Field(ge=1)
    checksum: str = Field(pattern=r"^[0-9a-f]{1,64}$")
    """SHA-256 of the rule set's canonical form, in hexadecimal."""


class CertificationChanged(EventData):
    """A decision: what we tell of the village, with its reasons.

    `previous` may equal `current`: then the reasons, the days or the rule set are others.
    """

    type: ClassVar[str] = "eligibility.certification.changed.v1"
    topic: ClassVar[str] = topics.ELIGIBILITY_CERTIFICATIONS

    decision_id: UUID
    previous_decision_id: UUID | None
    previous: Face
    current: Face
    reasons: tuple[Reason, ...]
    rule_set: RuleSetRef | None
    failing_since: date | None = None
    grace_ends: date | None = None
    undecidable_since: date | None = None
    flagged: bool = False
    """Named by a person while not eligible."""
    inputs: tuple[UUID, ...] = Field(max_length=1000)
    """Ids of the events that this decision was made of, newest first."""
    newest_input_time: AwareDatetime
    """When the newest of them was recorded."""


class SuspensionProposed(EventData):
    """The time to recover has ended: the log proposes that a person suspends the title.

    An entry of the log like a decision; what it says of the status is what the entry before said.
    """

    type: ClassVar[str] = "eligibility.suspension.proposed.v1"
    topic: ClassVar[str] = topics.ELIGIBILITY_CERTIFICATIONS

    decision_id: UUID
    """Names the proposal as well."""
    previous_decision_id: UUID
    current: Face
    reasons: tuple[Reason, ...]
    rule_set: RuleSetRef | None
    opened_on: date
    """Local date of this entry; `effective_on` is the first day on which it was due."""
    failing_since: date
    grace_ends: date
    announced_on: date
    """Local date on which the log said TERANCAM, at least 30 days before."""


class SuspensionWithdrawn(EventData):
    """A proposal to suspend stands no longer; an entry of the log."""

    type: ClassVar[str] = "eligibility.suspension.withdrawn.v1"
    topic: ClassVar[str] = topics.ELIGIBILITY_CERTIFICATIONS

    decision_id: UUID
    previous_decision_id: UUID
    proposal_id: UUID
    """`decision_id` of the entry that opened it."""
    because: WithdrawnBecause
    current: Face


class CeremonyFact(EventData):
    """A ceremony as it is planned now; no part of the decision log."""

    topic: ClassVar[str] = topics.ELIGIBILITY_CERTIFICATIONS

    ceremony_id: UUID
    kind: CeremonyKind
    planned_for: date
    begins_at: TimeOfDay | None
    """None: not said yet."""
    venue: Venue
    host: OfficeKind


class CeremonyPlanned(CeremonyFact):
    """A ceremony was planned; `effective_on` is the day of planning."""

    type: ClassVar[str] = "eligibility.ceremony.planned.v1"


class CeremonyMoved(CeremonyFact):
    """A ceremony was moved to another day or hour."""

    type: ClassVar[str] = "eligibility.ceremony.moved.v1"

    previously_for: date
    previously_at: TimeOfDay | None
