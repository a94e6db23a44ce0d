"""What the deeds about a person have in common: who it is, what they have, what changes with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from common.events.registry import EnrollmentFact
from common.idempotency import Answer

from registry.deed import Deed
from registry.domain.areas import Village
from registry.domain.enrollment import Enrollment, Outcome
from registry.domain.posts import Term, coverage_changes
from registry.domain.spans import Span
from registry.storage import enrollments, posts
from registry.storage.acts import Act
from registry.storage.participants import Participant, ParticipantStore


@dataclass(frozen=True, slots=True)
class Member:
    """An enrollment with all that it touches, under the locks of its participant and villages."""

    enrollment: Enrollment
    participant: Participant
    spans: Sequence[Span]
    terms: Sequence[Term]
    villages: Mapping[str, Village]

    @property
    def village(self) -> Village:
        return self.villages[self.enrollment.village_key]


async def locked_member(
    deed: Deed, participants: ParticipantStore, enrollment_id: UUID, *also: str
) -> Member:
    """An enrollment in the caller's areas; its village and those of its holder's posts are locked.

    A holder's coverage changes where the post is, not where the enrollment is: so both are locked.
    """
    participant = await participants.lock_of_enrollment(deed.connection, enrollment_id)
    if participant is None:
        raise enrollments.unknown()
    enrollment = await enrollments.get(deed.connection, enrollment_id)
    if not deed.request.may_act_in(enrollment.village_key):
        raise enrollments.unknown()
    terms = await posts.terms_of(deed.connection, participant)
    keys = {enrollment.village_key, *also, *(term.post.village_key for term in terms)}
    villages = await deed.lock(keys)
    # A term begins under the locks of its holder and village, but ends under its village's alone.
    terms = await posts.terms_of(deed.connection, participant)
    spans = await enrollments.spans_of(deed.connection, participant)
    return Member(enrollment, participant, spans, terms, villages)


async def save_outcome(deed: Deed, member: Member, outcome: Outcome, name: str) -> Answer:
    """Store what an act left, and tell the villages where its participant holds posts."""
    await enrollments.save(deed.connection, member.participant, outcome)
    coverage = coverage_changes(
        member.villages, member.terms, before=outcome.before, after=outcome.spans
    )
    act = Act(
        name,
        outcome.enrollment.enrollment_id,
        member.enrollment.village_key,
        outcome.enrollment.last_change_on,
    )
    return await deed.answer(act, (*outcome.facts, *coverage), enrollment_body(outcome))


def enrollment_body(outcome: Outcome) -> dict[str, object]:
    """The enrollment as its last fact says it, without the counts."""
    data = outcome.facts[-1].data
    assert isinstance(data, EnrollmentFact)  # noqa: S101 - the type of every enrollment fact
    return data.model_dump(exclude={"effect", "previous_status"})
