"""Why a deed is refused; the sentences are for people, in Bahasa Indonesia."""

from __future__ import annotations

from typing import ClassVar


class Refusal(Exception):
    """A rule says no; `field` names the part of the request that it speaks of.

    Refusal
    ├── Invalid                the request cannot be right
    │   ├── VillageCodeImpossible
    │   ├── AreaCodeImpossible
    │   ├── NikImpossible
    │   ├── DateOutsideLimits
    │   ├── ProgrammesNotAllowed
    │   ├── AgeOutsideLimits
    │   ├── SegmentWithoutRule
    │   ├── PostsImpossible
    │   ├── PostElsewhere
    │   ├── WorkersImpossible
    │   └── LaunchImpossible
    ├── Unknown                what it names does not exist
    │   ├── VillageUnknown
    │   ├── AreaUnknown
    │   ├── AgentUnknown
    │   ├── PostUnknown
    │   ├── TermUnknown
    │   ├── EnrollmentUnknown
    │   ├── ParticipantUnknown
    │   └── EventUnknown
    ├── Conflict               the facts recorded so far forbid it
    │   ├── TransitionForbidden
    │   ├── BeforeLastChange
    │   ├── VillageClosed
    │   ├── MembershipOpen
    │   ├── SameVillage
    │   ├── TooManyChanges
    │   ├── PostHeld
    │   ├── TermEnded
    │   └── AgentInactive
    └── OutsideAreas             the caller's areas do not contain it
    """

    code: ClassVar[str] = "refused"
    field: str = ""

    def __init__(self, detail: str, *, field: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.field = field or type(self).field


class Invalid(Refusal):
    """The request cannot be right, whatever was recorded before."""


class VillageCodeImpossible(Invalid):
    code = "village-code-impossible"
    field = "village_code"


class AreaCodeImpossible(Invalid):
    code = "area-code-impossible"
    field = "area_code"


class NikImpossible(Invalid):
    code = "nik-impossible"
    field = "nik"


class DateOutsideLimits(Invalid):
    code = "date-outside-limits"
    field = "effective_on"


class ProgrammesNotAllowed(Invalid):
    code = "programmes-not-allowed"
    field = "programmes"


class AgeOutsideLimits(Invalid):
    code = "age-outside-limits"
    field = "birth_date"


class SegmentWithoutRule(Invalid):
    code = "segment-without-rule"
    field = "segment"


class PostsImpossible(Invalid):
    code = "posts-impossible"
    field = "posts"


class PostElsewhere(Invalid):
    code = "post-elsewhere"
    field = "post_id"


class WorkersImpossible(Invalid):
    code = "workers-impossible"
    field = "total"


class LaunchImpossible(Invalid):
    code = "launch-impossible"
    field = "host_office"


class Unknown(Refusal):
    """What the request names does not exist."""


class AreaUnknown(Unknown):
    code = "area-unknown"
    field = "area_code"


class AgentUnknown(Unknown):
    code = "agent-unknown"
    field = "agent_id"


class VillageUnknown(Unknown):
    code = "village-unknown"
    field = "village_code"


class PostUnknown(Unknown):
    code = "post-unknown"
    field = "post_id"


class TermUnknown(Unknown):
    code = "term-unknown"
    field = "term_id"


class EnrollmentUnknown(Unknown):
    code = "enrollment-unknown"
    field = "enrollment_id"


class ParticipantUnknown(Unknown):
    code = "participant-unknown"
    field = "participant_id"


class EventUnknown(Unknown):
    code = "event-unknown"
    field = "sequence"


class Conflict(Refusal):
    """The facts recorded so far forbid it."""


class TransitionForbidden(Conflict):
    code = "transition-forbidden"
    field = "status"


class BeforeLastChange(Conflict):
    code = "before-last-change"
    field = "effective_on"


class MembershipOpen(Conflict):
    code = "membership-open"
    field = "segment"


class SameVillage(Conflict):
    code = "same-village"
    field = "to_village_code"


class TooManyChanges(Conflict):
    code = "too-many-changes"
    field = "participant_id"


class PostHeld(Conflict):
    code = "post-held"
    field = "effective_on"


class TermEnded(Conflict):
    code = "term-ended"
    field = "term_id"


class AgentInactive(Conflict):
    code = "agent-inactive"
    field = "effective_on"


class VillageClosed(Conflict):
    """The village became part of another one: nothing new is recorded of it."""

    code = "village-closed"
    field = "village_code"


class OutsideAreas(Refusal):
    """The caller may not act in that village or area."""

    code = "outside-areas"
    field = "village_code"
