"""What of the registry's events becomes a fact of the fold."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from common.events import EVENT_TYPES, registry
from common.events.envelope import EventData
from common.events.words import (
    AidKind,
    CoverageStatus,
    EnrollmentStatus,
    Organiser,
    PostKind,
    PotentialSector,
    Programme,
    RegencyKind,
    Segment,
    TimeZone,
    VillageKind,
    WorkerSource,
)
from eligibility.domain.facts import (
    Appointed,
    CoverageChanged,
    CoverageFrom,
    Enrolled,
    Known,
    Left,
    Noted,
    Post,
    PostsDecreed,
    SosialisasiHeld,
    fact_of,
)

ID = UUID(int=7)
WHEN = {"effective_on": date(2026, 1, 1), "village_code": "35.05.15.2004"}
FACT = {
    "effective_on": date(2026, 1, 1),
    "recorded_at": datetime(2026, 1, 2, tzinfo=UTC),
    "id": UUID(int=1),
}
TERM = {"term_id": ID, "post_id": ID, "post_kind": PostKind.KAUR}
TOLD = registry.Coverage(
    effective_on=date(2026, 1, 1), status=CoverageStatus.AKTIF, active=(Programme.JKK,)
)
COVERAGE = (CoverageFrom(date(2026, 1, 1), CoverageStatus.AKTIF, frozenset({Programme.JKK})),)
ENROLLMENT = {
    "enrollment_id": ID,
    "participant_id": ID,
    "previous_status": None,
    "status": EnrollmentStatus.PENDING_PAYMENT,
    "version": 1,
    "segment": Segment.BPU,
    "programmes": (),
    "effect": (),
}

CASES = [
    (
        registry.VillageKnown(
            name="Sukosewu",
            kind=VillageKind.DESA,
            kecamatan_code="35.05.15",
            kecamatan_name="Gandusari",
            regency_code="35.05",
            regency_name="Blitar",
            regency_kind=RegencyKind.KABUPATEN,
            province_code="35",
            province_name="Jawa Timur",
            time_zone=TimeZone.WIB,
            **WHEN,
        ),
        Known(kind=VillageKind.DESA, regency_code="35.05", time_zone=TimeZone.WIB, **FACT),
    ),
    (
        registry.PostsDecreed(
            decree_id=ID,
            posts=(registry.DecreedPost(post_id=ID, kind=PostKind.KAUR, ordinal=2),),
            **WHEN,
        ),
        PostsDecreed(posts=(Post(ID, PostKind.KAUR, 2),), **FACT),
    ),
    (
        registry.OfficialAppointed(acting=True, coverage=(TOLD,), **TERM, **WHEN),
        Appointed(acting=True, coverage=COVERAGE, **TERM, **FACT),
    ),
    (
        registry.OfficialCoverageChanged(coverage=(TOLD,), **TERM, **WHEN),
        CoverageChanged(coverage=COVERAGE, **TERM, **FACT),
    ),
    (registry.OfficialLeft(**TERM, **WHEN), Left(**TERM, **FACT)),
    (
        registry.SosialisasiHeld(
            sosialisasi_id=ID, organiser=Organiser.BRANCH_OFFICE, attendance=40, **WHEN
        ),
        SosialisasiHeld(**FACT),
    ),
    (
        registry.PotentialNoted(potential_id=ID, sector=PotentialSector.CULINARY, **WHEN),
        Noted(**FACT),
    ),
    (registry.AidGranted(aid_id=ID, kind=AidKind.TRACTOR, **WHEN), Noted(**FACT)),
    (registry.PerisaiAssigned(agent_id=ID, **WHEN), Noted(**FACT)),
    (registry.PerisaiInactive(agent_id=ID, **WHEN), Noted(**FACT)),
    (
        registry.WorkersCounted(count_id=ID, total=3, pu=1, bpu=2, source=WorkerSource.BPS, **WHEN),
        Noted(**FACT),
    ),
    (registry.EnrollmentRecorded(**ENROLLMENT, **WHEN), Enrolled(**FACT)),
]


@pytest.mark.parametrize(("data", "expected"), CASES)
def test_an_event_becomes_its_fact(data, expected):
    """The fact keeps what the rules ask for, and nothing else."""
    fact = fact_of(data.type, data, recorded_at=FACT["recorded_at"], id=FACT["id"])

    assert expected == fact


def test_no_event_of_the_registry_is_overlooked():
    """Every event type that the registry tells of a village has a fact; no other has one.

    A split is area data of the child: its title and its posts come by facts of its own.
    """
    told = {
        event_type
        for event_type in EVENT_TYPES
        if fact_of(event_type, _Anything(), recorded_at=FACT["recorded_at"], id=ID) is not None
    }

    of_villages = {one for one, data in EVENT_TYPES.items() if issubclass(data, EventData)}
    of_villages -= {registry.VillageSplit.type}
    assert {one for one in of_villages if one.startswith("registry.")} == told


class _Anything:
    """Has every attribute that an event may have."""

    def __getattr__(self, name: str) -> object:
        return ()
