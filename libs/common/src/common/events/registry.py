"""What the registry tells: the contract of its topics."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from common.events import topics
from common.events.envelope import (
    AreaEventData,
    EventData,
    KecamatanCode,
    ProvinceCode,
    RegencyCode,
    VillageCode,
)
from common.events.words import (
    AidKind,
    CoverageStatus,
    EnrollmentStatus,
    HostOffice,
    LaunchLevel,
    Occasion,
    Organiser,
    PostKind,
    PotentialSector,
    Programme,
    RegencyKind,
    Representative,
    Segment,
    TimeZone,
    Venue,
    VillageKind,
    WorkerSource,
)

Name = Annotated[str, Field(min_length=1, max_length=100)]


class Part(BaseModel):
    """A value inside an event's data."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


EditionName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 .,/()-]{0,199}$")]
"""A decree and the collection that has it: no sentence, and nobody."""


class VillageKnown(EventData):
    """A village became known, with its place and names (area data, no fact of the programme)."""

    type: ClassVar[str] = "registry.village.known.v1"
    topic: ClassVar[str] = topics.REGISTRY_VILLAGES

    name: Name
    kind: VillageKind
    kecamatan_code: KecamatanCode
    kecamatan_name: Name
    regency_code: RegencyCode
    regency_name: Name
    """Without the kind: "Pekalongan", for both the kabupaten and the kota."""
    regency_kind: RegencyKind
    province_code: ProvinceCode
    province_name: Name
    time_zone: TimeZone
    edition: EditionName | None = None
    """The edition of the area data that says so; None: not told by the release that told it."""


class VillageAttributesChanged(VillageKnown):
    """A known village has another name, kind, code or place; its key and its streams stay."""

    type: ClassVar[str] = "registry.village.attributes_changed.v1"

    previous_code: VillageCode
    """The code before; the same when only names changed."""


class VillageSplit(EventData):
    """The village was split from another, which stays; a title passes only by a person's act."""

    type: ClassVar[str] = "registry.village.split.v1"
    topic: ClassVar[str] = topics.REGISTRY_VILLAGES

    split_from: VillageCode
    """Key of the village that it was part of."""


class VillageMerged(EventData):
    """The village became part of another and is closed from `effective_on` on."""

    type: ClassVar[str] = "registry.village.merged.v1"
    topic: ClassVar[str] = topics.REGISTRY_VILLAGES

    merged_into: VillageCode
    """Key of the village that it is part of now."""


class DecreedPost(Part):
    post_id: UUID
    kind: PostKind
    ordinal: int = Field(ge=1, le=999)
    """Counts posts of one kind in one village: RT 3, Kaur 2."""


class PostsDecreed(EventData):
    """The whole list of the village's posts from `effective_on`; replaces the list before."""

    type: ClassVar[str] = "registry.village.posts_decreed.v1"
    topic: ClassVar[str] = topics.REGISTRY_VILLAGES

    decree_id: UUID
    posts: tuple[DecreedPost, ...] = Field(max_length=500)


Workers = Annotated[int, Field(ge=0, le=1_000_000)]


class WorkersCounted(EventData):
    """How many workers the village has; of two counts for one day the later statement holds."""

    type: ClassVar[str] = "registry.village.workers_counted.v1"
    topic: ClassVar[str] = topics.REGISTRY_VILLAGES

    count_id: UUID
    total: Workers
    pu: Workers
    """Wage earners; `pu` and `bpu` together are at most `total`."""
    bpu: Workers
    """Workers on their own account."""
    source: WorkerSource


class Coverage(Part):
    """What a holder is covered by from `effective_on` until the next entry."""

    effective_on: date
    status: CoverageStatus
    active: tuple[Programme, ...] = ()
    """Programmes with an active enrollment."""
    in_grace: tuple[Programme, ...] = ()
    """Programmes whose enrollment is in arrears within its grace period."""


class OfficialAppointed(EventData):
    """A term on a post began; `coverage` is the holder's from `effective_on` on."""

    type: ClassVar[str] = "registry.official.appointed.v1"
    topic: ClassVar[str] = topics.REGISTRY_OFFICIALS

    term_id: UUID
    post_id: UUID
    post_kind: PostKind
    acting: bool
    """Pj. or Plt.: an acting holder fills the post."""
    coverage: tuple[Coverage, ...] = Field(min_length=1, max_length=100)


class OfficialCoverageChanged(EventData):
    """The holder's coverage is this from `effective_on` on; earlier days stay as they were."""

    type: ClassVar[str] = "registry.official.coverage_changed.v1"
    topic: ClassVar[str] = topics.REGISTRY_OFFICIALS

    term_id: UUID
    post_id: UUID
    post_kind: PostKind
    coverage: tuple[Coverage, ...] = Field(min_length=1, max_length=100)


class OfficialLeft(EventData):
    """A term ended: `effective_on` is the first day without this holder."""

    type: ClassVar[str] = "registry.official.left.v1"
    topic: ClassVar[str] = topics.REGISTRY_OFFICIALS

    term_id: UUID
    post_id: UUID
    post_kind: PostKind


Delta = Annotated[int, Field(ge=-1_000_000, le=1_000_000)]


class Deltas(Part):
    """Changes of the village's counts on one day; a missing one is 0."""

    persons: Delta = 0
    """Persons with at least one active or in-grace enrollment."""
    pu: Delta = 0
    bpu: Delta = 0
    in_grace: Delta = 0
    jht: Delta = 0
    jkk: Delta = 0
    jkm: Delta = 0
    jp: Delta = 0
    jkp: Delta = 0


class Effect(Part):
    effective_on: date
    deltas: Deltas


class EnrollmentFact(EventData):
    """What every enrollment event carries: the state after it and its effect on the counts."""

    topic: ClassVar[str] = topics.REGISTRY_ENROLLMENTS

    enrollment_id: UUID
    participant_id: UUID
    """Random; unlinkable outside the registry."""
    previous_status: EnrollmentStatus | None
    status: EnrollmentStatus
    version: int = Field(ge=1)
    segment: Segment
    programmes: tuple[Programme, ...]
    effect: tuple[Effect, ...] = Field(max_length=100)


class EnrollmentRecorded(EnrollmentFact):
    """An enrollment was recorded; it counts once it is activated."""

    type: ClassVar[str] = "registry.enrollment.recorded.v1"


class EnrollmentActivated(EnrollmentFact):
    """The first contribution was paid: protection begins."""

    type: ClassVar[str] = "registry.enrollment.activated.v1"


class EnrollmentEnded(EnrollmentFact):
    """Membership ended: `effective_on` is the first day without it."""

    type: ClassVar[str] = "registry.enrollment.ended.v1"


class EnrollmentMovedOut(EnrollmentFact):
    """The enrollment left this village; `moved_in` of the other has the same `move_id`."""

    type: ClassVar[str] = "registry.enrollment.moved_out.v1"

    move_id: UUID


class EnrollmentMovedIn(EnrollmentFact):
    """The participant's enrollment came from another village."""

    type: ClassVar[str] = "registry.enrollment.moved_in.v1"

    move_id: UUID


class SosialisasiHeld(EventData):
    """An information event for the village's workers was held on `effective_on`."""

    type: ClassVar[str] = "registry.sosialisasi.held.v1"
    topic: ClassVar[str] = topics.REGISTRY_OUTREACH

    sosialisasi_id: UUID
    organiser: Organiser
    attendance: int | None = Field(default=None, ge=0, le=1_000_000)
    occasion: Occasion | None = None
    """None: not said."""


class PotentialNoted(EventData):
    """What the village's workers live from; the latest statement of a sector holds."""

    type: ClassVar[str] = "registry.potential.noted.v1"
    topic: ClassVar[str] = topics.REGISTRY_OUTREACH

    potential_id: UUID
    sector: PotentialSector
    businesses: int | None = Field(default=None, ge=0, le=1_000_000)


class AidGranted(EventData):
    """The village was given something within the programme."""

    type: ClassVar[str] = "registry.aid.granted.v1"
    topic: ClassVar[str] = topics.REGISTRY_OUTREACH

    aid_id: UUID
    kind: AidKind
    amount_rupiah: int | None = Field(default=None, ge=0, le=10**15)


class PerisaiAssigned(EventData):
    """An agent of the Perisai scheme works in the village from `effective_on` on."""

    type: ClassVar[str] = "registry.perisai.assigned.v1"
    topic: ClassVar[str] = topics.REGISTRY_OUTREACH

    agent_id: UUID
    """Random; of one assignment to one village."""


class PerisaiInactive(EventData):
    """`effective_on` is the first day without this agent."""

    type: ClassVar[str] = "registry.perisai.inactive.v1"
    topic: ClassVar[str] = topics.REGISTRY_OUTREACH

    agent_id: UUID


class LaunchHeld(AreaEventData):
    """The programme was launched in a province or a regency on `effective_on`."""

    type: ClassVar[str] = "registry.launch.held.v1"
    topic: ClassVar[str] = topics.REGISTRY_NOTICES

    launch_id: UUID
    level: LaunchLevel
    host_office: HostOffice
    represented_by: Representative | None = None
    """The office that stood in for the host; None: the host came."""
    venue: Venue
