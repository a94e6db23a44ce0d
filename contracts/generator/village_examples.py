"""Golden examples of villages, posts, their holders and outreach."""

from __future__ import annotations

from datetime import date

from common.events.registry import (
    Coverage,
    DecreedPost,
    OfficialAppointed,
    OfficialCoverageChanged,
    OfficialLeft,
    PostsDecreed,
    SosialisasiHeld,
    VillageKnown,
)
from common.events.words import (
    CoverageStatus,
    Organiser,
    PostKind,
    Programme,
    RegencyKind,
    TimeZone,
    VillageKind,
)

from contracts.generator.example import Example, some_id

KETANONAGENG = "33.26.10.2001"
WONOPRINGGO = "33.26.12.2008"
JKK_JKM = (Programme.JKK, Programme.JKM)
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

VILLAGES = (
    Example(
        name="desa",
        data=VillageKnown(
            effective_on=date(2025, 4, 25),
            village_code=KETANONAGENG,
            name="Ketanonageng",
            kind=VillageKind.DESA,
            kecamatan_code="33.26.10",
            kecamatan_name="Sragi",
            regency_code="33.26",
            regency_name="Pekalongan",
            regency_kind=RegencyKind.KABUPATEN,
            province_code="33",
            province_name="Jawa Tengah",
            time_zone=TimeZone.WIB,
        ),
    ),
    Example(
        name="kelurahan_once_a_desa",
        village_key="71.72.01.2001",
        sequence=2,
        data=VillageKnown(
            effective_on=date(2026, 3, 1),
            village_code="71.72.01.1001",
            name="Pasir Panjang",
            kind=VillageKind.KELURAHAN,
            kecamatan_code="71.72.01",
            kecamatan_name="Lembeh Selatan",
            regency_code="71.72",
            regency_name="Bitung",
            regency_kind=RegencyKind.KOTA,
            province_code="71",
            province_name="Sulawesi Utara",
            time_zone=TimeZone.WITA,
        ),
    ),
    Example(
        name="posts",
        sequence=2,
        data=PostsDecreed(
            effective_on=date(2025, 6, 1),
            village_code=KETANONAGENG,
            decree_id=some_id("decree"),
            posts=tuple(
                DecreedPost(post_id=some_id(f"post {kind} {ordinal}"), kind=kind, ordinal=ordinal)
                for kind, ordinal in (
                    (PostKind.KEPALA_DESA, 1),
                    (PostKind.SEKRETARIS_DESA, 1),
                    (PostKind.KAUR, 1),
                    (PostKind.KAUR, 2),
                    (PostKind.KASI, 1),
                    (PostKind.KEPALA_DUSUN, 1),
                )
            ),
        ),
    ),
)

HEAD = some_id("post KEPALA_DESA 1")
HEAD_TERM = some_id("term of the head")
COVERED = Coverage(effective_on=date(2025, 6, 1), status=CoverageStatus.AKTIF, active=JKK_JKM)

OFFICIALS = (
    Example(
        name="head",
        data=OfficialAppointed(
            effective_on=date(2025, 6, 1),
            village_code=KETANONAGENG,
            term_id=HEAD_TERM,
            post_id=HEAD,
            post_kind=PostKind.KEPALA_DESA,
            acting=False,
            coverage=(COVERED,),
        ),
    ),
    Example(
        name="acting_head_with_coverage_over_time",
        sequence=4,
        data=OfficialAppointed(
            effective_on=date(2026, 1, 10),
            village_code=KETANONAGENG,
            term_id=some_id("term of the acting head"),
            post_id=HEAD,
            post_kind=PostKind.KEPALA_DESA,
            acting=True,
            coverage=(
                Coverage(effective_on=date(2026, 1, 10), status=CoverageStatus.NONE),
                Coverage(
                    effective_on=date(2026, 1, 20), status=CoverageStatus.AKTIF, active=JKK_JKM
                ),
                Coverage(
                    effective_on=date(2026, 2, 20),
                    status=CoverageStatus.IN_GRACE,
                    active=(Programme.JKM,),
                    in_grace=(Programme.JKK,),
                ),
            ),
        ),
    ),
    Example(
        name="lapsed",
        sequence=2,
        data=OfficialCoverageChanged(
            effective_on=date(2025, 12, 1),
            village_code=KETANONAGENG,
            term_id=HEAD_TERM,
            post_id=HEAD,
            post_kind=PostKind.KEPALA_DESA,
            coverage=(Coverage(effective_on=date(2025, 12, 1), status=CoverageStatus.NONE),),
        ),
    ),
    Example(
        name="term_ended",
        sequence=3,
        data=OfficialLeft(
            effective_on=date(2026, 1, 10),
            village_code=KETANONAGENG,
            term_id=HEAD_TERM,
            post_id=HEAD,
            post_kind=PostKind.KEPALA_DESA,
        ),
    ),
)

OUTREACH = (
    Example(
        name="by_the_branch_office",
        data=SosialisasiHeld(
            effective_on=date(2026, 2, 10),
            village_code=KETANONAGENG,
            sosialisasi_id=some_id("sosialisasi by the branch office"),
            organiser=Organiser.BRANCH_OFFICE,
            attendance=64,
        ),
    ),
    Example(
        name="attendance_unknown",
        sequence=2,
        data=SosialisasiHeld(
            effective_on=date(2026, 2, 24),
            village_code=KETANONAGENG,
            sosialisasi_id=some_id("sosialisasi by the village"),
            organiser=Organiser.VILLAGE_GOVERNMENT,
        ),
    ),
)

VILLAGE_EXAMPLES = (*VILLAGES, *OFFICIALS, *OUTREACH)
