"""What callers get back; nothing in it names a person."""

from __future__ import annotations

from datetime import date, datetime
from typing import Self
from uuid import UUID

from common.events.registry import Coverage, DecreedPost
from common.events.words import (
    EnrollmentStatus,
    PostKind,
    Programme,
    RegencyKind,
    Segment,
    TimeZone,
    VillageKind,
)
from pydantic import BaseModel, ConfigDict

from registry.domain.areas import Village
from registry.domain.enrollment import Enrollment
from registry.questions import FOUND, PostsInForce


class View(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True, use_attribute_docstrings=True)


class WarningView(View):
    """Something odd that was accepted; a person should look at it."""

    code: str
    field: str
    message: str


class Recorded(View):
    effective_on: date
    village_code: str
    warnings: tuple[WarningView, ...] = ()


class DecreeRecorded(Recorded):
    decree_id: UUID
    posts: tuple[DecreedPost, ...]


class TermBegun(Recorded):
    term_id: UUID
    post_id: UUID
    post_kind: PostKind
    acting: bool
    coverage: tuple[Coverage, ...]
    participant_id: UUID
    replaced_term_id: UUID | None
    """The term that this one ended."""


class TermEnded(Recorded):
    term_id: UUID
    post_id: UUID
    post_kind: PostKind


class EnrollmentRecorded(Recorded):
    enrollment_id: UUID
    participant_id: UUID
    segment: Segment
    programmes: tuple[Programme, ...]
    status: EnrollmentStatus
    version: int


class EnrollmentMoved(EnrollmentRecorded):
    move_id: UUID


class VillageView(View):
    """A village in its place."""

    village_key: str
    village_code: str
    name: str
    kind: VillageKind
    kecamatan_code: str
    kecamatan_name: str
    regency_code: str
    regency_name: str
    regency_kind: RegencyKind
    province_code: str
    province_name: str
    time_zone: TimeZone


class VillagesFound(View):
    """`ambiguous` asks the caller to say more: the kecamatan, the regency, or the code.

    `more`: there are others that are not listed.
    """

    ambiguous: bool
    more: bool
    villages: tuple[VillageView, ...]

    @classmethod
    def of(cls, villages: list[Village]) -> Self:
        found = tuple(VillageView.model_validate(village) for village in villages[:FOUND])
        return cls(ambiguous=len(found) > 1, more=len(villages) > FOUND, villages=found)


class EditionView(View):
    """Which area data this is, and whose."""

    edition: str
    effective_on: date
    licence: str
    attribution: str
    provinces: int
    regencies: int
    kecamatan: int
    villages: int


class HolderView(View):
    """The term on a post, and what its holder is covered by on the day asked."""

    term_id: UUID
    acting: bool
    starts_on: date
    ends_on: date | None
    coverage: Coverage


class PostView(View):
    post_id: UUID
    kind: PostKind
    ordinal: int
    holder: HolderView | None


class PostsView(View):
    """The list in force on a day; `decree_id` null: no list is known for it."""

    village_code: str
    on: date
    decree_id: UUID | None
    number: str | None
    decreed_on: date | None
    posts: tuple[PostView, ...]

    @classmethod
    def of(cls, found: PostsInForce) -> Self:
        decree = found.decree
        return cls(
            village_code=found.village.village_code,
            on=found.on,
            decree_id=decree.decree_id if decree else None,
            number=decree.number if decree else None,
            decreed_on=decree.effective_on if decree else None,
            posts=tuple(
                PostView(
                    post_id=post.post_id,
                    kind=post.kind,
                    ordinal=post.ordinal,
                    holder=HolderView.model_validate(post_and_coverage(post, coverage))
                    if coverage
                    else None,
                )
                for post, coverage in found.posts
            ),
        )


def post_and_coverage(post: object, coverage: Coverage) -> dict[str, object]:
    names = ("term_id", "acting", "starts_on", "ends_on")
    return {name: getattr(post, name) for name in names} | {"coverage": coverage}


class EnrollmentView(View):
    """An enrollment as it stands after its last act, on `last_change_on`."""

    enrollment_id: UUID
    participant_id: UUID
    village_code: str
    segment: Segment
    programmes: tuple[Programme, ...]
    status: EnrollmentStatus
    version: int
    last_change_on: date

    @classmethod
    def of(cls, enrollment: Enrollment, village: Village) -> Self:
        return cls(
            enrollment_id=enrollment.enrollment_id,
            participant_id=enrollment.participant_id,
            village_code=village.village_code,
            segment=enrollment.segment,
            programmes=enrollment.programmes,
            status=enrollment.status,
            version=enrollment.version,
            last_change_on=enrollment.last_change_on,
        )


class EnrollmentsPage(View):
    """`next` is the `after` of the following page; null: this is the last one."""

    enrollments: tuple[EnrollmentView, ...]
    next: UUID | None


class ParticipantView(View):
    """A participant, masked."""

    participant_id: UUID
    nik: str
    named: bool
    recorded_at: datetime
