"""The first message to an office in a calendar year says what the programmes are; no other does."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID

from faulty_smtp import Fault
from notifications.storage.claims import NEWS
from notifications_rig import (
    AT_RISK,
    CAMAT_SRAGI,
    DESIGNATED,
    ELIGIBLE,
    Service,
    decided,
    known,
)
from support.programme import fetch
from support.waiting import eventually

INTRODUCTION = "Jaminan Hari Tua (JHT)"


async def at_risk(service: Service, *numbers: int) -> None:
    for number in numbers:
        village = f"33.26.12.{number}"
        await service.tell(
            known(village), decided(DESIGNATED, AT_RISK, village=village), village=village
        )


def introduced(service: Service) -> list[bool]:
    """Of each mail taken, in order, whether it introduces."""
    texts = [str(m.get_body(("plain",)).get_content()) for m in service.post.taken]  # type: ignore[union-attr]
    return [INTRODUCTION in " ".join(text.split()) for text in texts]


async def test_once_in_a_local_year(service: Service):
    """Two in 2026, the second at 23:59 WIB of its last day; two in the first minute of 2027."""
    await service.appoint(CAMAT_SRAGI, "camat@sragi.example")
    for moment, number in (
        (datetime(2026, 12, 31, 16, 58, tzinfo=UTC), 2001),
        (datetime(2026, 12, 31, 16, 59, 50, tzinfo=UTC), 2002),
        (datetime(2026, 12, 31, 17, 0, tzinfo=UTC), 2003),
        (datetime(2026, 12, 31, 17, 1, tzinfo=UTC), 2004),
    ):
        service.clock.go_to(moment)
        village = f"33.26.12.{number}"
        entry = decided(DESIGNATED, AT_RISK, village=village, newest_input_time=moment)
        await service.tell(known(village), entry, village=village)
        await service.bring_all()

    assert [True, False, True, False] == introduced(service)


async def test_one_of_many_by_two_couriers(service: Service):
    """Two couriers side by side, forty villages, two offices: each reads it once."""
    await service.appoint_both()
    for number in range(2001, 2041):
        village = f"33.26.12.{number}"
        entry = decided(ELIGIBLE, DESIGNATED, village=village)
        await service.tell(known(village), entry, village=village)
    stop = asyncio.Event()
    running = [asyncio.create_task(service.courier().run(stop)) for _ in range(2)]
    await eventually(
        lambda: service.count("SELECT count(*) FROM deliveries WHERE state = 'sent'"), 80
    )
    stop.set()
    await asyncio.gather(*running)

    told = zip(service.post.recipients, introduced(service), strict=True)
    first = Counter(recipient for recipient, introduces in told if introduces)
    assert {"camat@sragi.example": 1, "bupati@pekalongan.example": 1} == first


async def test_two_claims_at_the_same_moment(service: Service):
    """The second waits for the first's commit, and does not introduce."""
    await service.appoint(CAMAT_SRAGI, "camat@sragi.example")
    await at_risk(service, 2001, 2002)
    ids = await fetch(
        service.work, "SELECT delivery_id, office_id FROM deliveries ORDER BY delivery_id"
    )
    [first, office], [second, _] = ids
    introduce = NEWS["introduce"]
    async with service.work.transaction() as one:
        await one.execute(introduce, [first], [office], [2026])
        other = asyncio.create_task(introduces(service, second, office))
        await eventually(lambda: service.count(WAITS), 1)
    await other

    assert [(first,)] == [
        tuple(row) for row in await fetch(service.work, "SELECT delivery_id FROM introductions")
    ]


async def introduces(service: Service, delivery: UUID, office: int) -> None:
    async with service.work.transaction() as connection:
        await connection.execute(NEWS["introduce"], [delivery], [office], [2026])


WAITS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


async def test_tried_again_it_says_the_same(service: Service):
    """The server was busy: the first message introduces at its second attempt, no other does."""
    await service.appoint(CAMAT_SRAGI, "camat@sragi.example")
    service.post.fault = Fault.BUSY_AT_RCPT
    await at_risk(service, 2001)
    await service.round()
    await at_risk(service, 2002)
    service.post.fault = Fault.NONE
    await service.bring_all()

    assert [False, True] == sorted(introduced(service))
    assert 1 == await service.count(
        "SELECT count(*) FROM introductions JOIN deliveries USING (delivery_id) WHERE attempts = 2"
    )


async def test_what_failed_for_good_introduced_nobody(service: Service):
    """The next message to the office does."""
    await service.appoint(CAMAT_SRAGI, "camat@sragi.example")
    service.post.fault = Fault.REFUSED_AT_RCPT
    await at_risk(service, 2001)
    await service.bring_all()
    service.post.fault = Fault.NONE
    service.clock.go_to(service.clock.at + timedelta(minutes=1))
    await at_risk(service, 2002, 2003)
    await service.bring_all()

    assert [False, True] == sorted(introduced(service))
