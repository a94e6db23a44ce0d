"""The facts a village's status is a function of; each holds from `effective_on` on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from common.events import registry
from common.events.words import CoverageStatus, PostKind, Programme, TimeZone, VillageKind

HEADS = frozenset({PostKind.KEPALA_DESA, PostKind.LURAH})
"""The posts whose holder leads the village."""


class ActKind(StrEnum):
    """What a person of the branch may do to a village's title."""

    CALON = "CALON"
    PENCANANGAN = "PENCANANGAN"
    PENETAPAN = "PENETAPAN"
    PERESMIAN = "PERESMIAN"
    PENANGGUHAN = "PENANGGUHAN"
    PEMULIHAN = "PEMULIHAN"
    PENCABUTAN = "PENCABUTAN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One thing that is so from `effective_on` on, as its producer's clock recorded it."""

    effective_on: date
    recorded_at: datetime
    id: UUID

    @property
    def order(self) -> tuple[date, datetime, UUID]:
        """Of several facts the first in this order is named; of rivals the last one holds."""
        return (self.effective_on, self.recorded_at, self.id)

    @property
    def recording(self) -> tuple[datetime, UUID]:
        """A later statement about the same days replaces an earlier one."""
        return (self.recorded_at, self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known(Fact):
    """Area data: what the village is; no fact of the programme."""

    kind: VillageKind
    regency_code: str
    time_zone: TimeZone


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged(Fact):
    """Area data: from this day on the village is part of another one."""


@dataclass(frozen=True, slots=True)
class Post:
    post_id: UUID
    kind: PostKind
    ordinal: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PostsDecreed(Fact):
    """The whole list of posts, until the next decree."""

    posts: tuple[Post, ...]


@dataclass(frozen=True, slots=True)
class CoverageFrom:
    """A holder's programmes from a day until the next entry; `status` is the registry's summary."""

    effective_on: date
    status: CoverageStatus
    active: frozenset[Programme] = frozenset()
    in_grace: frozenset[Programme] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class TermFact(Fact):
    term_id: UUID
    post_id: UUID
    post_kind: PostKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointed(TermFact):
    """A term began; an acting holder fills the post too."""

    acting: bool = False
    coverage: tuple[CoverageFrom, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageChanged(TermFact):
    """Replaces the term's coverage from `effective_on` on; earlier days stay as they were."""

    coverage: tuple[CoverageFrom, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Left(TermFact):
    """`effective_on` is the first day without this holder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SosialisasiHeld(Fact):
    """Workers of the village were informed on `effective_on`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolled(Fact):
    """Some enrollment fact: it only shows that the village takes part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted(Fact):
    """Outreach or a count of workers: it only shows that the village takes part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acted(Fact):
    """A person's act on the village's nomination, title or standing."""

    act: ActKind


def fact_of(
    event_type: str,
    data: Any,
    *,
    recorded_at: datetime,
    id: UUID,  # noqa: A002 -- the envelope's own word
) -> Fact | None:
    """The fact that an event tells, or None if the fold has no use for it.

    `data` is the contract's model of `event_type` or a value with the same attributes.
    """
    read = READERS.get(event_type)
    return (
        read(data, {"effective_on": data.effective_on, "recorded_at": recorded_at, "id": id})
        if read
        else None
    )


def _known(data: Any, when: dict[str, Any]) -> Known:
    return Known(kind=data.kind, regency_code=data.regency_code, time_zone=data.time_zone, **when)


def _posts_decreed(data: Any, when: dict[str, Any]) -> PostsDecreed:
    posts = tuple(Post(post.post_id, post.kind, post.ordinal) for post in data.posts)
    return PostsDecreed(posts=posts, **when)


def _appointed(data: Any, when: dict[str, Any]) -> Appointed:
    return Appointed(acting=data.acting, coverage=_coverage(data), **_term(data), **when)


def _coverage_changed(data: Any, when: dict[str, Any]) -> CoverageChanged:
    return CoverageChanged(coverage=_coverage(data), **_term(data), **when)


def _left(data: Any, when: dict[str, Any]) -> Left:
    return Left(**_term(data), **when)


def _bare(kind: type[Fact]) -> Callable[[Any, dict[str, Any]], Fact]:
    return lambda _data, when: kind(**when)


def _term(data: Any) -> dict[str, Any]:
    return {"term_id": data.term_id, "post_id": data.post_id, "post_kind": data.post_kind}


def _coverage(data: Any) -> tuple[CoverageFrom, ...]:
    return tuple(
        CoverageFrom(
            entry.effective_on, entry.status, frozenset(entry.active), frozenset(entry.in_grace)
        )
        for entry in data.coverage
    )


READERS: dict[str, Callable[[Any, dict[str, Any]], Fact]] = {
    registry.VillageKnown.type: _known,
    registry.VillageAttributesChanged.type: _known,
    registry.VillageMerged.type: _bare(Merged),
    registry.PostsDecreed.type: _posts_decreed,
    registry.OfficialAppointed.type: _appointed,
    registry.OfficialCoverageChanged.type: _coverage_changed,
    registry.OfficialLeft.type: _left,
    registry.SosialisasiHeld.type: _bare(SosialisasiHeld),
    registry.WorkersCounted.type: _bare(Noted),
    registry.PotentialNoted.type: _bare(Noted),
    registry.AidGranted.type: _bare(Noted),
    registry.PerisaiAssigned.type: _bare(Noted),
    registry.PerisaiInactive.type: _bare(Noted),
    registry.EnrollmentRecorded.type: _bare(Enrolled),
    registry.EnrollmentActivated.type: _bare(Enrolled),
    registry.EnrollmentEnded.type: _bare(Enrolled),
    registry.EnrollmentMovedOut.type: _bare(Enrolled),
    registry.EnrollmentMovedIn.type: _bare(Enrolled),
}
"""How each event of a village, told by the registry, becomes a fact."""
