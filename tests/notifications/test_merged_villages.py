"""A newer edition of the area data: villages are told of by their names of today."""

from __future__ import annotations

from datetime import date

from common.events.registry import VillageAttributesChanged, VillageMerged
from notifications.storage import claims
from notifications_rig import KEDUNGJARAN, Service, known

MERGED = "33.26.10.2999"


async def test_a_merged_village_is_not_counted(service: Service):
    """It is no village of its regency any more; another is known by its new name."""
    data = known().model_dump() | {"name": "Kedungjaran Baru", "previous_code": KEDUNGJARAN}
    await service.tell(known(), VillageAttributesChanged(**data))
    gone = VillageMerged(
        effective_on=date(2026, 6, 1), village_code=MERGED, merged_into=KEDUNGJARAN
    )
    await service.tell(known(MERGED), gone, village=MERGED)

    async with service.work.transaction() as connection:
        [count] = (await claims.count_titles(connection, {"33.26"}))["33.26"]
        rows = await connection.fetch("SELECT village_key, name FROM villages")

    assert 1 == count.villages
    assert {KEDUNGJARAN: "Kedungjaran Baru", MERGED: "Kedungjaran"} == dict(map(tuple, rows))
