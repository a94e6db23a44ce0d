"""Golden examples of outreach, of workers counted, and of launches."""

from __future__ import annotations

from datetime import date

from common.events.registry import (
    AidGranted,
    LaunchHeld,
    PerisaiAssigned,
    PerisaiInactive,
    PotentialNoted,
    SosialisasiHeld,
    WorkersCounted,
)
from common.events.words import (
    AidKind,
    HostOffice,
    LaunchLevel,
    Occasion,
    Organiser,
    PotentialSector,
    Representative,
    Venue,
    WorkerSource,
)

from contracts.generator.example import Example, some_id
from contracts.generator.village_examples import KETANONAGENG, TRACEPARENT, WONOPRINGGO

AGENT = some_id("assignment of a Perisai agent")

OUTREACH_EXAMPLES = (
    Example(
        name="at_a_festival",
        sequence=3,
        data=SosialisasiHeld(
            effective_on=date(2019, 8, 17),
            village_code=WONOPRINGGO,
            sosialisasi_id=some_id("sosialisasi at a festival"),
            organiser=Organiser.BRANCH_OFFICE,
            attendance=350,
            occasion=Occasion.FESTIVAL,
        ),
    ),
    Example(
        name="fried_rice_traders",
        traceparent=TRACEPARENT,
        data=PotentialNoted(
            effective_on=date(2019, 7, 1),
            village_code=WONOPRINGGO,
            potential_id=some_id("potential of Wonopringgo"),
            sector=PotentialSector.CULINARY,
            businesses=400,
        ),
    ),
    Example(
        name="number_unknown",
        sequence=2,
        data=PotentialNoted(
            effective_on=date(2019, 7, 1),
            village_code=WONOPRINGGO,
            potential_id=some_id("second potential of Wonopringgo"),
            sector=PotentialSector.CRAFT,
        ),
    ),
    Example(
        name="tractor",
        sequence=4,
        data=AidGranted(
            effective_on=date(2019, 10, 1),
            village_code=KETANONAGENG,
            aid_id=some_id("tractor"),
            kind=AidKind.TRACTOR,
            amount_rupiah=30_000_000,
        ),
    ),
    Example(
        name="agent",
        sequence=5,
        data=PerisaiAssigned(
            effective_on=date(2019, 8, 1), village_code=KETANONAGENG, agent_id=AGENT
        ),
    ),
    Example(
        name="agent_left",
        sequence=6,
        data=PerisaiInactive(
            effective_on=date(2020, 2, 1), village_code=KETANONAGENG, agent_id=AGENT
        ),
    ),
    Example(
        name="by_the_village",
        sequence=3,
        data=WorkersCounted(
            effective_on=date(2018, 3, 25),
            village_code=KETANONAGENG,
            count_id=some_id("count of workers"),
            total=2632,
            pu=600,
            bpu=2032,
            source=WorkerSource.VILLAGE_DATA,
        ),
    ),
    Example(
        name="at_the_pendopo",
        data=LaunchHeld(
            effective_on=date(2019, 9, 3),
            area_code="33.26",
            launch_id=some_id("launch of a regency"),
            level=LaunchLevel.REGENCY,
            host_office=HostOffice.BUPATI,
            represented_by=Representative.SEKDA,
            venue=Venue.PENDOPO,
        ),
    ),
    Example(
        name="of_a_province",
        data=LaunchHeld(
            effective_on=date(2019, 11, 12),
            area_code="33",
            launch_id=some_id("launch of a province"),
            level=LaunchLevel.PROVINCE,
            host_office=HostOffice.GUBERNUR,
            venue=Venue.OTHER,
        ),
    ),
)
