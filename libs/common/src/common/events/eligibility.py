"""What eligibility tells: every entry of its decision log."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import AwareDatetime, Field

from common.events import topics
from common.events.envelope import EventData
from common.events.registry import Part
from common.events.words import Eligibility, PostKind, Stage, Standing, Title

Slug = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,63}$")]


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
