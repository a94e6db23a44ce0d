"""Villages of the programme, their events, and a registry made by hand that tells them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from common.clock import Clock
from common.database import Database
from common.events.envelope import AnyEventData, Origin
from common.events.registry import (
    Coverage,
    DecreedPost,
    Deltas,
    Effect,
    EnrollmentActivated,
    EnrollmentRecorded,
    OfficialAppointed,
    OfficialCoverageChanged,
    OfficialLeft,
    PostsDecreed,
    SosialisasiHeld,
    VillageKnown,
)
from common.events.words import (
    CoverageStatus,
    EnrollmentStatus,
    Organiser,
    PostKind,
    Programme,
    RegencyKind,
    Segment,
    TimeZone,
    VillageKind,
)

from support.streams import KETANON, Record, value_of

START = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
"""09:00 WIB on a Monday."""
TODAY = date(2026, 3, 2)
KNOWN_ON = date(2025, 4, 25)
JKK_JKM = (Programme.JKK, Programme.JKM)


class SteadyClock(Clock):
    """A clock that stands still until the test moves it."""

    def __init__(self, at: datetime = START) -> None:
        super().__init__()
        self.at = at

    def now(self) -> datetime:
        self.at += timedelta(microseconds=1)
        return self.at

    def go_to(self, at: datetime) -> None:
        self.at = at


def known(village: str = KETANON, **changes: Any) -> VillageKnown:
    kind = VillageKind.KELURAHAN if village[9] == "1" else VillageKind.DESA
    data: dict[str, Any] = {
        "effective_on": KNOWN_ON,
        "village_code": village,
        "name": "Ketanonageng",
        "kind": kind,
        "kecamatan_code": village[:8],
        "kecamatan_name": "Sragi",
        "regency_code": village[:5],
        "regency_name": "Pekalongan",
        "regency_kind": RegencyKind.KABUPATEN,
        "province_code": village[:2],
        "province_name": "Jawa Tengah",
        "time_zone": TimeZone.WIB,
    }
    return VillageKnown(**(data | changes))


def decreed(posts: Sequence[UUID], village: str = KETANON, on: date = KNOWN_ON) -> PostsDecreed:
    kinds = [PostKind.KEPALA_DESA, PostKind.SEKRETARIS_DESA, *[PostKind.KAUR] * len(posts)]
    return PostsDecreed(
        effective_on=on,
        village_code=village,
        decree_id=uuid4(),
        posts=tuple(
            DecreedPost(post_id=post, kind=kind, ordinal=max(1, i - 1))
            for i, (post, kind) in enumerate(zip(posts, kinds, strict=False))
        ),
    )


def covered(on: date, *, active: Sequence[Programme] = JKK_JKM) -> Coverage:
    status = CoverageStatus.AKTIF if active else CoverageStatus.NONE
    return Coverage(effective_on=on, status=status, active=tuple(active))


def appointed(
    post: UUID,
    term: UUID | None = None,
    village: str = KETANON,
    *,
    on: date = date(2025, 6, 1),
    kind: PostKind = PostKind.KAUR,
    active: Sequence[Programme] = JKK_JKM,
) -> OfficialAppointed:
    return OfficialAppointed(
        effective_on=on,
        village_code=village,
        term_id=term or uuid4(),
        post_id=post,
        post_kind=kind,
        acting=False,
        coverage=(covered(on, active=active),),
    )


def coverage_changed(
    post: UUID,
    term: UUID,
    on: date,
    *,
    village: str = KETANON,
    kind: PostKind = PostKind.KAUR,
    active: Sequence[Programme] = (),
) -> OfficialCoverageChanged:
    return OfficialCoverageChanged(
        effective_on=on,
        village_code=village,
        term_id=term,
        post_id=post,
        post_kind=kind,
        coverage=(covered(on, active=active),),
    )


def left(
    post: UUID,
    term: UUID,
    on: date,
    village: str = KETANON,
    kind: PostKind = PostKind.KAUR,
) -> OfficialLeft:
    return OfficialLeft(
        effective_on=on, village_code=village, term_id=term, post_id=post, post_kind=kind
    )


def sosialisasi(village: str = KETANON, on: date = date(2026, 1, 5)) -> SosialisasiHeld:
    return SosialisasiHeld(
        effective_on=on,
        village_code=village,
        sosialisasi_id=uuid4(),
        organiser=Organiser.BRANCH_OFFICE,
    )


def activated(
    village: str = KETANON,
    on: date = date(2026, 2, 1),
    effect: Sequence[tuple[date, dict[str, int]]] | None = None,
) -> EnrollmentActivated:
    one = {"persons": 1, "bpu": 1, "jkk": 1, "jkm": 1}
    return EnrollmentActivated(
        effective_on=on,
        village_code=village,
        enrollment_id=uuid4(),
        participant_id=uuid4(),
        previous_status=EnrollmentStatus.PENDING_PAYMENT,
        status=EnrollmentStatus.AKTIF,
        version=2,
        segment=Segment.BPU,
        programmes=JKK_JKM,
        effect=tuple(
            Effect(effective_on=day, deltas=Deltas(**deltas))
            for day, deltas in (effect if effect is not None else [(on, one)])
        ),
    )


def recorded(village: str = KETANON, on: date = date(2026, 2, 1)) -> EnrollmentRecorded:
    return EnrollmentRecorded(
        effective_on=on,
        village_code=village,
        enrollment_id=uuid4(),
        participant_id=uuid4(),
        previous_status=None,
        status=EnrollmentStatus.PENDING_PAYMENT,
        version=1,
        segment=Segment.BPU,
        programmes=JKK_JKM,
        effect=(),
    )


@dataclass
class Registry:
    """Gives events their sequence, their time (rising per village) and their place on a topic."""

    time: datetime = START - timedelta(days=1)
    sequences: dict[tuple[str, str], int] = field(default_factory=dict)
    offsets: dict[str, int] = field(default_factory=dict)

    def tell(
        self, *events: AnyEventData, village: str = KETANON, origin: Origin = Origin.LIVE
    ) -> list[Record]:
        return [self._record(data, village, origin) for data in events]

    def _record(self, data: AnyEventData, village: str, origin: Origin) -> Record:
        stream = (data.topic, village)
        sequence = self.sequences[stream] = self.sequences.get(stream, 0) + 1
        self.time += timedelta(milliseconds=1)
        value = value_of(data, village=village, sequence=sequence, time=self.time, origin=origin)
        return self.place(data.topic, village, value)

    def place(self, topic: str, village: str, value: bytes) -> Record:
        offset = self.offsets[topic] = self.offsets.get(topic, -1) + 1
        return Record(topic, village.encode(), value, 0, offset)


def staffed(
    registry: Registry, posts: Sequence[UUID], terms: Sequence[UUID], village: str = KETANON
) -> list[Record]:
    """A village whose posts are all decreed, held and covered: eligible since 2025-06-01."""
    kinds = [PostKind.KEPALA_DESA, PostKind.SEKRETARIS_DESA, *[PostKind.KAUR] * len(posts)]
    return registry.tell(
        known(village),
        decreed(posts, village),
        *(
            appointed(post, term, village, kind=kind)
            for post, term, kind in zip(posts, terms, kinds, strict=False)
        ),
        village=village,
    )


async def fetch(database: Database, statement: str, *parameters: Any) -> list[Any]:
    """Rows of one statement in a transaction of its own."""
    async with database.transaction() as connection:
        return await connection.fetch(statement, *parameters)


STATE = {
    "villages": """
        SELECT village_key, eligibility, stage, title, standing, since, failing_since, grace_ends,
            undecidable_since, flagged, persons, pu, bpu, in_grace, jht, jkk, jkm, jp, jkp,
            registered_since, next_count_on, next_judge_on, next_review_at
        FROM villages ORDER BY village_key""",
    "ledger": """
        SELECT village_key, effective_on, known_on, persons, pu, bpu, in_grace, jht, jkk, jkm, jp,
            jkp
        FROM ledger
        WHERE (persons, pu, bpu, in_grace, jht, jkk, jkm, jp, jkp) <> (0, 0, 0, 0, 0, 0, 0, 0, 0)
        ORDER BY village_key, effective_on, known_on""",
    "facts": """
        SELECT village_key, id, recorded_at, effective_on, origin, type, data::text
        FROM facts ORDER BY village_key, id""",
    "notes": """
        SELECT village_key, note_id, kind, effective_on, recorded_at, what, amount, occasion,
            ended_on
        FROM village_notes ORDER BY village_key, note_id""",
    "last": """
        SELECT d.village_key, d.current::text, d.failing_since, d.grace_ends, d.undecidable_since,
            d.flagged
        FROM villages v JOIN decisions d ON d.decision_id = v.last_decision_id
        ORDER BY d.village_key""",
}


async def state(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Everything that must not depend on how events arrived."""
    return {
        name: [tuple(row) for row in await fetch(database, statement)]
        for name, statement in STATE.items()
    }
