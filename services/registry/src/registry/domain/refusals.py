"""Why a deed is refused; the sentences are for people, in Bahasa Indonesia."""

from __future__ import annotations

from typing import ClassVar


class Refusal(Exception):  # noqa: N818 - the rules speak of refusals
    """A rule says no; `field` names the part of the request that it speaks of.

    Refusal
    ├── Invalid                the request cannot be right
    │   ├── VillageCodeImpossible
    │   ├── NikImpossible
    │   ├── DateOutsideLimits
    │   ├── ProgrammesNotAllowed
    │   ├── AgeOutsideLimits
    │   ├── SegmentWithoutRule
    │   ├── PostsImpossible
    │   └── PostElsewhere
    ├── Unknown                what it names does not exist
    │   ├── VillageUnknown
    │   ├── PostUnknown
    │   ├── TermUnknown
    │   ├── EnrollmentUnknown
    │   ├── ParticipantUnknown
    │   └── EventUnknown
    └── Conflict               the facts recorded so far forbid it
        ├── TransitionForbidden
        ├── BeforeLastChange
        ├── MembershipOpen
        ├── SameVillage
        ├── TooManyChanges
        ├── PostHeld
        └── TermEnded
    """

    code: ClassVar[str] = "REFUSED"
    field: ClassVar[str] = ""


class Invalid(Refusal):
    """The request cannot be right, whatever was recorded before."""


class VillageCodeImpossible(Invalid):
    code = "VILLAGE_CODE_IMPOSSIBLE"
    field = "village_code"


class NikImpossible(Invalid):
    code = "NIK_IMPOSSIBLE"
    field = "nik"


class DateOutsideLimits(Invalid):
    code = "DATE_OUTSIDE_LIMITS"
    field = "effective_on"


class ProgrammesNotAllowed(Invalid):
    code = "PROGRAMMES_NOT_ALLOWED"
    field = "programmes"


class AgeOutsideLimits(Invalid):
    code = "AGE_OUTSIDE_LIMITS"
    field = "birth_date"


class SegmentWithoutRule(Invalid):
    code = "SEGMENT_WITHOUT_RULE"
    field = "segment"


class PostsImpossible(Invalid):
    code = "POSTS_IMPOSSIBLE"
    field = "posts"


class PostElsewhere(Invalid):
    code = "POST_ELSEWHERE"
    field = "post_id"


class Unknown(Refusal):
    """What the request names does not exist."""


class VillageUnknown(Unknown):
    code = "VILLAGE_UNKNOWN"
    field = "village_code"


class PostUnknown(Unknown):
    code = "POST_UNKNOWN"
    field = "post_id"


class TermUnknown(Unknown):
    code = "TERM_UNKNOWN"
    field = "term_id"


class EnrollmentUnknown(Unknown):
    code = "ENROLLMENT_UNKNOWN"
    field = "enrollment_id"


class ParticipantUnknown(Unknown):
    code = "PARTICIPANT_UNKNOWN"
    field = "participant_id"


class EventUnknown(Unknown):
    code = "EVENT_UNKNOWN"
    field = "sequence"


class Conflict(Refusal):
    """The facts recorded so far forbid it."""


class TransitionForbidden(Conflict):
    code = "TRANSITION_FORBIDDEN"
    field = "status"


class BeforeLastChange(Conflict):
    code = "BEFORE_LAST_CHANGE"
    field = "effective_on"


class MembershipOpen(Conflict):
    code = "MEMBERSHIP_OPEN"
    field = "segment"


class SameVillage(Conflict):
    code = "SAME_VILLAGE"
    field = "to_village_code"


class TooManyChanges(Conflict):
    code = "TOO_MANY_CHANGES"
    field = "participant_id"


class PostHeld(Conflict):
    code = "POST_HELD"
    field = "effective_on"


class TermEnded(Conflict):
    code = "TERM_ENDED"
    field = "term_id"
