"""News through the real inbox: ceremonies, standing, officials and heads, each told once."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import permutations
from typing import Any
from uuid import UUID, uuid4

import pytest
from common.events.eligibility import CeremonyMoved, CeremonyPlanned
from common.events.registry import OfficialAppointed
from common.events.words import CeremonyKind, OfficeKind, PostKind, Title, Venue
from faulty_smtp import Fault
from notifications_rig import (
    AT_RISK,
    CAMAT_SRAGI,
    COVERED,
    DESIGNATED,
    KEDUNGJARAN,
    START_FACE,
    SUSPENDED,
    UNCOVERED,
    Service,
    decided,
    known,
)
from support.programme import JKK_JKM, START, appointed, coverage_changed

CAMAT, BUPATI = "camat@sragi.example", "bupati@pekalongan.example"
CEREMONY, POST = uuid4(), uuid4()


def planned(day: int, *, ceremony: UUID = CEREMONY) -> CeremonyPlanned:
    return CeremonyPlanned(**ceremony_data(day, ceremony))


def moved(before: int, day: int, *, ceremony: UUID = CEREMONY) -> CeremonyMoved:
    former = date(2026, 3, before)
    return CeremonyMoved(
        **ceremony_data(day, ceremony), previously_for=former, previously_at="09:00"
    )


def ceremony_data(day: int, ceremony: UUID) -> dict[str, Any]:
    return {
        "effective_on": date(2026, 3, 2),
        "village_code": KEDUNGJARAN,
        "ceremony_id": ceremony,
        "kind": CeremonyKind.PERESMIAN,
        "planned_for": date(2026, 3, day),
        "begins_at": "09:00",
        "venue": Venue.VILLAGE_HALL,
        "host": OfficeKind.BUPATI,
    }


def head(on: date, term: UUID | None = None, active: Any = ()) -> OfficialAppointed:
    kind = PostKind.KEPALA_DESA
    return appointed(POST, term, KEDUNGJARAN, on=on, kind=kind, active=active)


def subjects(service: Service) -> list[tuple[str, str]]:
    """Recipient and subject of every mail, in the order of sending within a recipient."""
    mails = [(mail["To"], mail["Subject"]) for mail in service.post.taken]
    return sorted(mails, key=lambda mail: mail[0])


async def test_a_ceremony_that_moves_is_told_again_to_whom_was_invited(service: Service):
    """First the invitation; then, with both days, that it was moved."""
    await service.appoint_both()
    await service.tell(known(), planned(24))
    await service.bring_all()
    await service.tell(moved(24, 25))
    await service.bring_all()

    again = "Desa Kedungjaran: jadwal peresmian berubah"
    expected = [
        (BUPATI, "Desa Kedungjaran: rencana peresmian"),
        (BUPATI, again),
        (CAMAT, "Desa Kedungjaran: undangan peresmian"),
        (CAMAT, again),
    ]
    assert expected == subjects(service)
    text = " ".join(str(service.post.taken[-1].get_body(("plain",)).get_content()).split())  # type: ignore[union-attr]
    assert "semula Selasa, 24 Maret 2026" in text
    assert "Rabu, 25 Maret 2026" in text


async def test_who_was_not_invited_yet_is_invited_to_the_day_that_holds(service: Service):
    """Moved before the office had a holder: one invitation, to the later day."""
    await service.tell(known(), planned(24))
    await service.bring_all()
    await service.tell(moved(24, 25))
    await service.appoint_both()
    await service.bring_all()

    host, guest = "Desa Kedungjaran: rencana peresmian", "Desa Kedungjaran: undangan peresmian"
    assert [(BUPATI, host), (CAMAT, guest)] == subjects(service)
    assert 2 == await service.count("SELECT count(*) FROM deliveries WHERE reason = 'SUPERSEDED'")


async def test_nobody_is_invited_to_yesterday(service: Service):
    """An invitation that waited until after its day is superseded."""
    await service.tell(known(), planned(3))
    await service.bring_all()
    service.clock.go_to(START + timedelta(days=2))
    await service.appoint_both()
    await service.bring_all()

    assert [] == service.post.taken


async def test_the_end_of_a_suspension_goes_to_who_was_told_of_it(service: Service):
    """At risk tells the camat, suspended both, restored both; then nobody has more to end."""
    await service.appoint_both()
    await service.tell(known())
    for before, after in (
        (DESIGNATED, AT_RISK),
        (AT_RISK, SUSPENDED),
        (SUSPENDED, DESIGNATED),
    ):
        await service.tell(decided(before, after))
        await service.bring_all()
    await service.tell(decided(DESIGNATED, AT_RISK), decided(AT_RISK, DESIGNATED))
    await service.bring_all()

    said = {
        CAMAT: ["status Desa Sadar terancam", "Desa Sadar ditangguhkan", "status Desa Sadar pulih"],
        BUPATI: ["Desa Sadar ditangguhkan", "status Desa Sadar pulih"],
    }
    expected = [(to, f"Desa Kedungjaran: {what}") for to in (BUPATI, CAMAT) for what in said[to]]
    assert expected == subjects(service)
    assert 2 == await service.count(
        "SELECT count(*) FROM deliveries WHERE reason = 'NOTHING_TO_END'"
    )


@pytest.mark.parametrize(
    ("fault", "expected"),
    [(Fault.DROPS_AFTER_DOT, "sent"), (Fault.REFUSED_AT_RCPT, "suppressed(NOTHING_TO_END)")],
)
async def test_what_is_unknown_counts_as_told(service: Service, fault: Fault, expected: str):
    """Nobody knows whether the bad news arrived: the good news follows; after a refusal not."""
    await service.appoint(CAMAT_SRAGI, CAMAT)
    service.post.fault = fault
    await service.tell(known(), decided(DESIGNATED, AT_RISK))
    await service.bring_all()
    service.post.fault = Fault.NONE
    await service.tell(decided(AT_RISK, DESIGNATED))
    await service.bring_all()

    assert ("STATUS_RESTORED", "CAMAT", expected) in await service.told()


async def test_of_the_same_news_twice_only_the_latest_is_sent(service: Service):
    """Two falls while the office was vacant: its new holder reads one message."""
    await service.tell(known(), decided(DESIGNATED, AT_RISK), decided(AT_RISK, DESIGNATED))
    await service.tell(decided(DESIGNATED, AT_RISK))
    await service.appoint(CAMAT_SRAGI, CAMAT)
    await service.bring_all()

    assert [(CAMAT, "Desa Kedungjaran: status Desa Sadar terancam")] == subjects(service)


async def test_officials_who_fall_out_are_told_to_the_camat(service: Service):
    """Met before, unmet now, no title: one message; registered again in time: none."""
    await service.appoint_both()
    first = decided(START_FACE, START_FACE, reasons=(UNCOVERED,))
    met = decided(START_FACE, START_FACE, reasons=(COVERED,))
    fallen = decided(START_FACE, START_FACE, reasons=(UNCOVERED,))
    await service.tell(known(), first, met)
    await service.tell(fallen)
    await service.tell(fallen.model_copy(update={"decision_id": uuid4()}))
    await service.bring_all()
    assert [(CAMAT, "Desa Kedungjaran: jabatan belum terlindungi")] == subjects(service)

    declared = START_FACE.model_copy(update={"title": Title.DICANANGKAN})
    await service.tell(decided(START_FACE, declared, reasons=(UNCOVERED,)))
    await service.tell(decided(declared, declared, reasons=(COVERED,)))
    await service.bring_all()
    assert 1 == len(service.post.taken)
    assert ("OFFICIALS_UNREGISTERED", "CAMAT", "suppressed(SUPERSEDED)") in await service.told()


async def test_a_new_head_is_told_once_and_only_while_unprotected(service: Service):
    """The first that is heard of is no change; the third was registered within minutes."""
    await service.appoint_both()
    third = uuid4()
    second = head(date(2026, 2, 1))
    await service.tell(known(), head(date(2020, 1, 2)), second)
    await service.bring_all()
    assert [(CAMAT, "Desa Kedungjaran: Kepala Desa baru")] == subjects(service)

    await service.tell(second)
    registered = coverage_changed(
        POST, third, date(2026, 2, 9), kind=PostKind.KEPALA_DESA, active=JKK_JKM
    )
    await service.tell(head(date(2026, 2, 8), third), registered)
    await service.bring_all()

    assert 1 == len(service.post.taken)
    assert ("HEAD_CHANGED", "CAMAT", "suppressed(SUPERSEDED)") in await service.told()


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
async def test_every_arrival_tells_the_same(service: Service, order: tuple[int, ...]):
    """Topics before, after and between each other, every record twice: one message each."""
    await service.appoint_both()
    record = service.teller.record
    topics = [
        [record(known(), KEDUNGJARAN, "LIVE")],
        [
            record(event, KEDUNGJARAN, "LIVE")
            for event in (decided(DESIGNATED, AT_RISK), planned(24), moved(24, 25))
        ],
        [
            record(event, KEDUNGJARAN, "LIVE")
            for event in (head(date(2020, 1, 2)), head(date(2026, 2, 1)))
        ],
    ]
    arrived = [topics[place] for place in order]
    for records in (*arrived, *arrived):
        await service.inbox.receive(records)
    await service.bring_all()

    expected = [
        (BUPATI, "Desa Kedungjaran: rencana peresmian"),
        (CAMAT, "Desa Kedungjaran: Kepala Desa baru"),
        (CAMAT, "Desa Kedungjaran: status Desa Sadar terancam"),
        (CAMAT, "Desa Kedungjaran: undangan peresmian"),
    ]
    assert expected == sorted(subjects(service))


async def test_marks_of_the_release_before_go_on(service: Service):
    """A village whose marks know two topics hears the third from its beginning."""
    await service.appoint_both()
    await service.tell(known())
    async with service.work.transaction() as connection:
        await connection.execute("UPDATE marks SET sequences = sequences[1:2], times = times[1:2]")
    await service.tell(head(date(2020, 1, 2)), head(date(2026, 2, 1)), decided(DESIGNATED, AT_RISK))
    await service.bring_all()

    assert 2 == len(service.post.taken)
    assert 2 == await service.count("SELECT sequences[3] FROM marks")
