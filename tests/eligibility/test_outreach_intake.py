"""What eligibility keeps of outreach, counts of workers and launches, and who sees it."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from common.database import Database
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
from common.inbox import Inbox
from eligibility.main import reading_of
from eligibility.storage.outreach import Launch, Note, Workers
from support.programme import Registry, SteadyClock, fetch, known
from support.streams import KETANON

ON = date(2019, 9, 3)
LATER = date(2020, 2, 1)
FACE = "SELECT eligibility, stage, title, standing FROM villages"
REGENCY = "33.26"


def some_id(number: int) -> UUID:
    return UUID(int=number, version=4)


def potential(number: int, businesses: int | None, on: date = ON) -> PotentialNoted:
    return PotentialNoted(
        effective_on=on,
        village_code=KETANON,
        potential_id=some_id(number),
        sector=PotentialSector.CULINARY,
        businesses=businesses,
    )


def assigned(agent: int) -> PerisaiAssigned:
    return PerisaiAssigned(effective_on=ON, village_code=KETANON, agent_id=some_id(agent))


def inactive(agent: int) -> PerisaiInactive:
    return PerisaiInactive(effective_on=LATER, village_code=KETANON, agent_id=some_id(agent))


def workers(number: int, total: int, on: date = ON) -> WorkersCounted:
    return WorkersCounted(
        effective_on=on,
        village_code=KETANON,
        count_id=some_id(number),
        total=total,
        pu=600,
        bpu=2000,
        source=WorkerSource.VILLAGE_DATA,
    )


def launch(number: int, area: str = REGENCY, venue: Venue = Venue.PENDOPO) -> LaunchHeld:
    return LaunchHeld(
        effective_on=ON,
        area_code=area,
        launch_id=some_id(number),
        level=LaunchLevel.REGENCY,
        host_office=HostOffice.BUPATI,
        represented_by=Representative.SEKDA,
        venue=venue,
    )


def launched(venue: Venue = Venue.PENDOPO, area: str = REGENCY) -> Launch:
    return Launch(area, ON, LaunchLevel.REGENCY, HostOffice.BUPATI, Representative.SEKDA, venue)


async def test_outreach_registers_the_village_and_is_shown(
    inbox: Inbox, work: Database, app: Database, registry: Registry, clock: SteadyClock
) -> None:
    """A note makes the village TERDAFTAR, once in the log; all are shown, of a sector the last."""
    await inbox.receive(registry.tell(known(), potential(1, 300)))
    registered = await fetch(work, FACE)
    aid = AidGranted(effective_on=ON, village_code=KETANON, aid_id=some_id(2), kind=AidKind.TRACTOR)
    held = SosialisasiHeld(
        effective_on=LATER,
        village_code=KETANON,
        sosialisasi_id=some_id(3),
        organiser=Organiser.BABINSA,
        attendance=40,
        occasion=Occasion.FESTIVAL,
    )

    await inbox.receive(registry.tell(aid, assigned(4), inactive(4), potential(5, 400)))
    decided = len(await fetch(work, "SELECT FROM decisions"))
    await inbox.receive(registry.tell(held))

    assert [("CANNOT_DECIDE", "TERDAFTAR", "NONE", "NONE")] == [tuple(row) for row in registered]
    assert 1 == decided
    assert [
        Note("SOSIALISASI", Organiser.BABINSA, 40, Occasion.FESTIVAL, LATER, None),
        Note("POTENTIAL", PotentialSector.CULINARY, 400, None, ON, None),
        Note("PERISAI", None, None, None, ON, LATER),
        Note("AID", AidKind.TRACTOR, None, None, ON, None),
    ] == await reading_of(app, clock).notes_of(KETANON, {"33.26"})


async def test_of_two_counts_for_one_day_the_later_statement_holds(
    inbox: Inbox, app: Database, registry: Registry, clock: SteadyClock
) -> None:
    """Whichever day it was entered for: the newest day counts, and of it the last statement."""
    await inbox.receive(registry.tell(known()))
    reading = reading_of(app, clock)
    nobody = await reading.workers_of(KETANON, {"*"})

    await inbox.receive(registry.tell(workers(1, 2632), workers(2, 2700)))
    await inbox.receive(registry.tell(workers(3, 9000, date(2018, 3, 25))))

    assert nobody is None
    assert Workers(ON, 2700, 600, 2000, WorkerSource.VILLAGE_DATA) == await reading.workers_of(
        KETANON, {"*"}
    )


async def test_an_agent_who_was_never_assigned_parks_the_village(
    inbox: Inbox, work: Database, registry: Registry
) -> None:
    """As with a term that never began; other villages and areas go on."""
    await inbox.receive(
        [
            *registry.tell(known(), inactive(9)),
            *registry.tell(launch(1), village=REGENCY),
        ]
    )

    rows = await fetch(work, "SELECT village_key, reason, detail FROM parked")

    assert [(KETANON, "IMPOSSIBLE", f"agent {some_id(9)} was never assigned here")] == [
        tuple(row) for row in rows
    ]
    assert 1 == len(await fetch(work, "SELECT FROM launches"))


async def test_a_launch_belongs_to_an_area_and_is_no_village(
    inbox: Inbox, work: Database, app: Database, registry: Registry, clock: SteadyClock
) -> None:
    """An area's stream has marks and a table of its own; of one day the last statement is shown.

    It is seen from inside the area and from above it, not from beside it.
    """
    told = [
        *registry.tell(launch(1), launch(2, venue=Venue.OTHER), village=REGENCY),
        *registry.tell(launch(3, area="33.10"), village="33.10"),
        *registry.tell(known()),
    ]
    await inbox.receive(told)
    await inbox.receive(told)
    reading = reading_of(app, clock)

    seen = {area: await reading.launches({area}) for area in ("33.26", "33.26.10", "33", "35.05")}

    here, beside = launched(Venue.OTHER), launched(area="33.10")
    assert {"33.26": [here], "33.26.10": [here], "35.05": []} == {
        area: found for area, found in seen.items() if area != "33"
    }
    assert {here, beside} == set(seen["33"])
    assert [KETANON] == [row[0] for row in await fetch(work, "SELECT village_key FROM villages")]
    marks = "SELECT sequences[5] FROM marks WHERE village_key = '33.26'"
    assert [2] == [row[0] for row in await fetch(work, marks)]


async def test_an_event_under_the_wrong_kind_of_key_is_parked(
    inbox: Inbox, work: Database, registry: Registry
) -> None:
    """A village's event of an area, an area's of a village, and a launch told of another area."""
    await inbox.receive(
        [
            *registry.tell(known(), village=REGENCY),
            *registry.tell(launch(1), village=KETANON),
            *registry.tell(launch(2), village="33.10"),
        ]
    )

    rows = await fetch(work, "SELECT village_key, detail FROM parked ORDER BY village_key")

    assert [
        ("33.10", "area_code 33.26 is not the subject"),
        (REGENCY, "no event of an area"),
        (KETANON, "an area's event under a village's key"),
    ] == [tuple(row) for row in rows]
    for table in ("villages", "launches"):
        assert [] == await fetch(work, f"SELECT FROM {table}")


async def test_marks_of_the_release_before_go_on(
    inbox: Inbox, work: Database, registry: Registry
) -> None:
    """A row of marks that is shorter than the inputs takes the new topic as its first event."""
    await inbox.receive(registry.tell(known(), potential(1, 300)))
    await fetch(work, "UPDATE marks SET sequences = sequences[1:4], times = times[1:4]")
    await inbox.receive(registry.tell(potential(2, 301)))
    await fetch(
        work,
        "INSERT INTO marks VALUES ('33.26', '{0,0,0,0}', '{NULL,NULL,NULL,NULL}')",
    )

    await inbox.receive(registry.tell(launch(1), launch(2), village=REGENCY))

    rows = await fetch(work, "SELECT village_key, sequences FROM marks ORDER BY village_key")
    assert [(REGENCY, [0, 0, 0, 0, 2]), (KETANON, [1, 0, 0, 2])] == [tuple(row) for row in rows]
