"""Golden examples of what a newer edition of the area data changes."""

from __future__ import annotations

from datetime import date

from common.events.envelope import Origin
from common.events.registry import VillageAttributesChanged, VillageMerged, VillageSplit
from common.events.words import RegencyKind, TimeZone, VillageKind

from contracts.generator.example import Example, some_id
from contracts.generator.village_examples import KETANONAGENG, WONOPRINGGO

EDITION = some_id("a newer edition")

AREA_CHANGE_EXAMPLES = (
    Example(
        name="desa_becomes_kelurahan",
        sequence=3,
        origin=Origin.IMPORT,
        batch_id=EDITION,
        data=VillageAttributesChanged(
            effective_on=date(2026, 6, 1),
            village_code="33.26.10.1001",
            previous_code=KETANONAGENG,
            name="Ketanonageng",
            kind=VillageKind.KELURAHAN,
            kecamatan_code="33.26.10",
            kecamatan_name="Sragi",
            regency_code="33.26",
            regency_name="Pekalongan",
            regency_kind=RegencyKind.KABUPATEN,
            province_code="33",
            province_name="Jawa Tengah",
            time_zone=TimeZone.WIB,
        ),
        village_key=KETANONAGENG,
    ),
    Example(
        name="from_a_parent",
        sequence=2,
        origin=Origin.IMPORT,
        batch_id=EDITION,
        data=VillageSplit(
            effective_on=date(2026, 6, 1),
            village_code="33.26.12.2015",
            split_from=WONOPRINGGO,
        ),
    ),
    Example(
        name="into_its_neighbour",
        sequence=4,
        origin=Origin.IMPORT,
        batch_id=EDITION,
        data=VillageMerged(
            effective_on=date(2026, 6, 1),
            village_code="33.26.12.2014",
            merged_into=WONOPRINGGO,
        ),
    ),
)
