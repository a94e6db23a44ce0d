"""The courier's flow: none waits for a slow one, and the directory is read under its lock."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from functools import partial
from uuid import UUID

import pytest
from faulty_smtp import Fault
from notifications.channels.email import Email
from notifications.courier import Pace
from notifications.domain.deliveries import ChannelKind
from notifications.storage import QUERIES, local_days
from notifications_rig import (
    AT_RISK,
    BUPATI_PEKALONGAN,
    CAMAT_SRAGI,
    DESIGNATED,
    ELIGIBLE,
    Service,
    decided,
    known,
)
from support.waiting import eventually

SENT = "SELECT count(*) FROM deliveries WHERE state = 'sent'"


async def designate_villages(service: Service, count: int) -> None:
    """Two messages a village: one to the camat, one to the bupati."""
    for number in range(2001, 2001 + count):
        village = f"33.26.12.{number}"
        await service.tell(
            known(village), decided(ELIGIBLE, DESIGNATED, village=village), village=village
        )


def patient(service: Service) -> dict[ChannelKind, Email]:
    """The channel with a long time-out: a server that is slow is not lost."""
    return {ChannelKind.EMAIL: service.email(patience=30)}


async def test_no_message_waits_for_a_slow_one(service: Service):
    """One recipient's server hangs; all others are brought meanwhile, two at once."""
    await service.appoint_both()
    await designate_villages(service, 1)
    service.post.slow = "camat@sragi.example"
    courier = service.courier(pace=Pace(at_once=2, idle=0.02), channels=patient(service))
    stop = asyncio.Event()
    running = asyncio.create_task(courier.run(stop))
    await service.post.stuck.wait()
    await service.appoint(CAMAT_SRAGI, "baru@sragi.example", begins=date(2026, 3, 2))

    await designate_villages(service, 11)

    await eventually(lambda: service.count(SENT), 23)
    assert 1 == await service.count("SELECT count(*) FROM deliveries WHERE state = 'sending'")
    service.post.held.set()
    await eventually(lambda: service.count(SENT), 24)
    stop.set()
    await running


async def test_many_messages_take_few_connections(service: Service):
    """Eighty messages, eight at once: at most eight connections, each said goodbye to."""
    await service.appoint_both()
    await designate_villages(service, 40)
    stop = asyncio.Event()
    running = asyncio.create_task(service.courier().run(stop))

    await eventually(lambda: service.count(SENT), 80)
    stop.set()
    await running

    async def parted() -> bool:
        return service.post.parted == service.post.callers

    await eventually(parted, expected=True)
    assert service.post.callers <= 8


async def test_a_courier_asked_to_stop_waits_for_what_is_on_its_way(service: Service):
    """Stopped in the middle of a message: its outcome is recorded, nothing new is begun."""
    await service.appoint_both()
    await designate_villages(service, 3)
    service.post.slow = "camat@sragi.example"
    stop = asyncio.Event()
    courier = service.courier(pace=Pace(at_once=1), channels=patient(service))
    running = asyncio.create_task(courier.run(stop))
    await service.post.stuck.wait()
    stop.set()
    done, _ = await asyncio.wait({running}, timeout=0.5)
    assert not done
    service.post.held.set()
    await running

    assert 0 == await service.count("SELECT count(*) FROM deliveries WHERE state = 'sending'")
    assert len(service.post.taken) == await service.count(SENT)
    assert 5 >= await service.count(SENT)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault.HANGS_AFTER_DOT, "unknown(TimeoutError:)"),
        (Fault.HANGS_AT_RCPT, "waiting(TimeoutError:)"),
    ],
)
async def test_a_stop_gives_a_slow_server_a_while_and_loses_nothing(
    service: Service, fault: Fault, expected: str
):
    """Silent for longer than that: before the final dot it is tried again, after it unknown.

    Either is on record when the courier has stopped; no lease has to run out.
    """
    await service.appoint(CAMAT_SRAGI, "camat@sragi.example")
    await service.tell(known(), decided(DESIGNATED, AT_RISK))
    service.post.fault = fault
    stop = asyncio.Event()
    courier = service.courier(
        pace=Pace(stop=0.5, back_off=(timedelta(hours=1),)), channels=patient(service)
    )
    running = asyncio.create_task(courier.run(stop))
    await eventually(lambda: service.count("SELECT count(*) FROM attempts"), 1)
    stop.set()
    async with asyncio.timeout(5):
        await running

    assert {"CAMAT": expected} == await service.states()


async def test_a_server_out_of_reach_is_asked_without_messages(service: Service):
    """While nobody can be written to, no further message is tried in vain."""
    await service.appoint_both()
    await designate_villages(service, 20)
    service.post.fault = Fault.NO_SERVICE
    courier = service.courier(pace=Pace(at_once=4, idle=0.01))
    stop = asyncio.Event()
    running = asyncio.create_task(courier.run(stop))

    async def asked_again() -> bool:
        return service.post.callers >= 8

    await eventually(asked_again, expected=True)
    assert 4 == await service.count("SELECT count(*) FROM attempts")
    service.post.fault = Fault.NONE
    await eventually(lambda: service.count(SENT), 36)
    stop.set()
    await running


async def test_no_attempt_begins_for_a_former_holder(service: Service):
    """Once an appointment was answered, no message sets out to whom it replaced."""
    await service.appoint(BUPATI_PEKALONGAN, "bupati@pekalongan.example")
    holders = [await service.appoint(CAMAT_SRAGI, "camat0@sragi.example")]
    await designate_villages(service, 30)
    stop = asyncio.Event()
    running = asyncio.create_task(service.courier(pace=Pace(at_once=2, idle=0.01)).run(stop))
    begun: list[set[UUID]] = []
    for change in range(1, 6):
        await eventually(partial(brought, service, 8 * change), expected=True)
        email, begins = f"camat{change}@sragi.example", date(2025, 2, 20 + change)
        holders.append(await service.appoint(CAMAT_SRAGI, email, begins=begins))
        begun.append(set(await attempts(service)))
    await eventually(lambda: service.count(SENT), 60)
    stop.set()
    await running

    last = await attempts(service)
    for change, before in enumerate(begun, start=1):
        later = {last[delivery] for delivery in last.keys() - before}
        assert set() == later & set(holders[:change])
    assert len(set(last.values()) & set(holders)) > 1


async def brought(service: Service, count: int) -> bool:
    return len(await attempts(service)) >= count


async def attempts(service: Service) -> dict[UUID, UUID]:
    """Delivery -> to whom it was begun."""
    async with service.work.transaction() as connection:
        rows = await connection.fetch("SELECT delivery_id, holder_id FROM attempts")
    return {row["delivery_id"]: row["holder_id"] for row in rows}


async def test_an_appointment_waits_for_a_claim_and_a_claim_for_an_appointment(service: Service):
    """Between looking the holder up and the intent, the office cannot change hands."""
    await service.appoint_both()
    await service.tell(known(), decided(DESIGNATED, AT_RISK))
    now, days = service.clock.now(), local_days(service.clock)
    async with service.work.transaction() as connection:
        rows = await connection.fetch(QUERIES["claim_due"], now, 8)
        appointing = asyncio.create_task(
            service.appoint(CAMAT_SRAGI, "baru@sragi.example", begins=date(2026, 3, 2))
        )
        done, _ = await asyncio.wait({appointing}, timeout=0.3)
        assert not done
        ids = [row["delivery_id"] for row in rows]
        [due] = await connection.fetch(QUERIES["known_of_due"], ids, *days)
    holder = await appointing

    assert holder != due["holder_id"]
    await service.bring_all()
    assert ["baru@sragi.example"] == service.post.recipients
