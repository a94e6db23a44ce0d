"""The courier: still true, to whom now, at most once, and unknown is a state."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from common.events.eligibility import Missing
from common.events.envelope import Origin
from common.events.words import DeliveryState, PostKind
from common.sealing import Sealer
from faulty_smtp import Fault
from notifications.channels import Channel
from notifications.courier import Courier, Pace
from notifications.directory import Directory
from notifications.domain.deliveries import ChannelKind, Outcome, Sent
from notifications.domain.letters import Letter
from notifications_rig import (
    AT_RISK,
    BUPATI_PEKALONGAN,
    CAMAT_SRAGI,
    DESIGNATED,
    ELIGIBLE,
    START_FACE,
    UNCOVERED,
    Service,
    decided,
    known,
)
from support.programme import START
from support.waiting import eventually


class Killed(BaseException):
    """The process ends here."""


class KilledBefore:
    """A channel whose process dies between the intent and the call."""

    longest = 0.1

    async def send(self, delivery_id: UUID, letter: Letter, address: str) -> Outcome:
        raise Killed

    async def unreachable(self) -> str | None:
        return None

    def hurry(self, seconds: float) -> None:
        pass

    def close(self) -> None:
        pass


class KilledAfter:
    """A channel whose process dies between the call and the outcome."""

    longest = 0.1

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    async def send(self, delivery_id: UUID, letter: Letter, address: str) -> Outcome:
        await self._channel.send(delivery_id, letter, address)
        raise Killed

    async def unreachable(self) -> str | None:
        return None

    def hurry(self, seconds: float) -> None:
        pass

    def close(self) -> None:
        pass


class Answers:
    """A channel that always answers the same."""

    longest = 0.1

    def __init__(self, outcome: Outcome) -> None:
        self._outcome = outcome

    async def send(self, delivery_id: UUID, letter: Letter, address: str) -> Outcome:
        return self._outcome

    async def unreachable(self) -> str | None:
        return None

    def hurry(self, seconds: float) -> None:
        pass

    def close(self) -> None:
        pass


async def designate(service: Service) -> None:
    await service.tell(known(), decided(ELIGIBLE, DESIGNATED))


async def test_a_decision_brings_one_message_to_each_office(service: Service):
    """A designation writes once to the bupati and once to the camat, and tells so."""
    await service.appoint_both()
    await designate(service)

    await service.bring_all()

    assert {"CAMAT": "sent", "BUPATI": "sent"} == await service.states()
    assert ["bupati@pekalongan.example", "camat@sragi.example"] == sorted(service.post.recipients)
    assert [("BUPATI", "sent"), ("CAMAT", "sent")] == sorted(await service.settled())


async def test_the_ledger_shows_what_was_sent(service: Service):
    """Holder, template, hash of the text and the server's reply stay on record."""
    holder = await service.appoint(CAMAT_SRAGI, "camat@sragi.example")
    await service.tell(known(), decided(DESIGNATED, AT_RISK, reasons=(UNCOVERED,)))
    await service.bring_all()

    [row] = await service.desk.deliveries("33.26")
    [attempt] = (await service.desk.delivery(row["delivery_id"], areas=frozenset("*"))).attempts
    assert holder == attempt["holder_id"]
    assert ("status_at_risk/2 letter/2", "sent") == (attempt["template"], attempt["outcome"])
    assert "250 2.0.0 taken over" == attempt["detail"]
    assert 32 == len(attempt["body_sha256"])


HEAD_VACANT = UNCOVERED.model_copy(
    update={"missing": (Missing(post_kind=PostKind.KEPALA_DESA, vacant=1),), "actual": 10}
)
HEAD_UNCOVERED = UNCOVERED.model_copy(
    update={"missing": (Missing(post_kind=PostKind.KEPALA_DESA, not_covered=1),), "actual": 10}
)


async def test_a_message_says_how_it_stands_when_it_is_sent(service: Service):
    """Raised for a vacant head; sent after a new one came who is not covered: it says the latter.

    The day of the news stays that of the decision that raised the alert.
    """
    await service.appoint(CAMAT_SRAGI, "camat@sragi.example")
    raising = decided(
        DESIGNATED,
        AT_RISK,
        reasons=(HEAD_VACANT,),
        failing_since=date(2026, 1, 31),
        grace_ends=date(2026, 5, 1),
    )
    await service.tell(known(), raising)
    await service.tell(
        decided(
            AT_RISK,
            AT_RISK,
            reasons=(HEAD_UNCOVERED,),
            failing_since=date(2026, 2, 1),
            grace_ends=date(2026, 5, 2),
            effective_on=date(2026, 3, 4),
        )
    )

    await service.bring_all()

    [mail] = service.post.taken
    letter = Letter("", mail["Subject"], *(body_of(mail, kind) for kind in ("plain", "html")))
    for phrase in ("(kepala desa)", "per 2 Maret 2026", "Sejak : 1 Feb", "sebelum 2 Mei 2026"):
        assert phrase in said(mail)
    assert "kosong" not in letter.text
    [row] = await service.desk.deliveries("33.26")
    [attempt] = (await service.desk.delivery(row["delivery_id"], areas=frozenset("*"))).attempts
    assert raising.decision_id == row["decision_id"]
    assert letter.sha256 == attempt["body_sha256"]


async def test_other_reasons_for_the_same_fields_write_nobody(service: Service):
    """An entry of the log with the same four fields makes no alert."""
    await service.appoint_both()
    await service.tell(known(), decided(DESIGNATED, AT_RISK, reasons=(HEAD_VACANT,)))
    await service.bring_all()

    await service.tell(decided(AT_RISK, AT_RISK, reasons=(HEAD_UNCOVERED,)))
    await service.bring_all()

    assert 1 == len(service.post.taken)
    assert 1 == await service.count("SELECT count(*) FROM alerts")


async def test_each_attempt_keeps_the_hash_of_its_own_text(service: Service):
    """What was refused said one thing, what was taken says another: two hashes."""
    await service.appoint(CAMAT_SRAGI, "camat@sragi.example")
    service.post.fault = Fault.BUSY_AT_RCPT
    await service.tell(known(), decided(DESIGNATED, AT_RISK, reasons=(HEAD_VACANT,)))
    await service.round()
    service.post.fault = Fault.NONE
    await service.tell(decided(AT_RISK, AT_RISK, reasons=(HEAD_UNCOVERED,)))

    await service.bring_all()

    assert {"CAMAT": "sent"} == await service.states()
    assert 2 == await service.count("SELECT count(DISTINCT body_sha256) FROM attempts")


def said(mail: Any) -> str:
    """The text in one line."""
    return " ".join(body_of(mail, "plain").split())


def body_of(mail: Any, kind: str) -> str:
    return str(mail.get_body((kind,)).get_content()).replace("\r\n", "\n")


async def test_only_the_holder_of_the_moment_is_written_to(service: Service):
    """The holder changes between decision and sending: the new one gets it, the old one nothing."""
    await service.appoint(CAMAT_SRAGI, "lama@sragi.example")
    await service.tell(known(), decided(DESIGNATED, AT_RISK))
    await service.appoint(CAMAT_SRAGI, "baru@sragi.example", begins=date(2026, 3, 2))

    await service.bring_all()

    assert ["baru@sragi.example"] == service.post.recipients


async def test_a_changed_address_counts_from_its_day(service: Service):
    """The address with the latest day that has come is used."""
    holder = await service.appoint(CAMAT_SRAGI, "satu@sragi.example")
    for email, since in (("dua@sragi.example", 1), ("tiga@sragi.example", 20)):
        await service.directory.change_address(
            CAMAT_SRAGI, holder, email, date(2026, 3, since), by="petugas"
        )
    await service.tell(known(), decided(DESIGNATED, AT_RISK))

    await service.bring_all()

    assert ["dua@sragi.example"] == service.post.recipients


async def test_what_is_no_longer_true_is_not_sent(service: Service):
    """A village that recovered before the message was due makes no message."""
    await service.appoint_both()
    await service.tell(known(), decided(DESIGNATED, AT_RISK), decided(AT_RISK, DESIGNATED))

    await service.bring_all()

    assert {
        ("STATUS_AT_RISK", "CAMAT", "suppressed(SUPERSEDED)"),
        ("STATUS_RESTORED", "CAMAT", "suppressed(NOTHING_TO_END)"),
        ("STATUS_RESTORED", "BUPATI", "suppressed(NOTHING_TO_END)"),
    } == await service.told()
    assert {"suppressed"} == {state for _, state in await service.settled()}
    assert [] == service.post.taken


async def test_an_alert_waits_for_its_settle_time(service: Service):
    """At risk is told ten minutes after it was heard, if it is still so."""
    service.inbox = service.inbox_of(settled=False)
    await service.appoint_both()
    await service.tell(known(), decided(DESIGNATED, AT_RISK))

    service.clock.go_to(START + timedelta(minutes=9, seconds=59))
    await service.bring_all()
    assert [] == service.post.taken

    service.clock.go_to(START + timedelta(minutes=10, seconds=1))
    await service.bring_all()
    assert ["camat@sragi.example"] == service.post.recipients


async def test_old_news_makes_no_message(service: Service):
    """A decision whose newest fact was recorded more than 24 h before it was heard is STALE."""
    await service.appoint_both()
    old = START - timedelta(hours=24, seconds=1)
    await service.tell(known(), decided(ELIGIBLE, DESIGNATED, newest_input_time=old))

    await service.bring_all()

    stale = "suppressed(STALE)"
    assert {"CAMAT": stale, "BUPATI": stale} == await service.states()
    assert [("BUPATI", "suppressed"), ("CAMAT", "suppressed")] == sorted(await service.settled())


async def test_waiting_after_it_was_heard_makes_nothing_stale(service: Service):
    """Age is measured once: a message that waited three days for a holder is still sent."""
    await service.tell(known(), decided(DESIGNATED, AT_RISK))
    await service.bring_all()
    service.clock.go_to(START + timedelta(days=3))
    await service.appoint(CAMAT_SRAGI, "camat@sragi.example")

    await service.bring_all()

    assert {"CAMAT": "sent"} == await service.states()


@pytest.mark.parametrize("origin", [Origin.IMPORT, Origin.RULE, Origin.REBUILD, Origin.BACKFILL])
async def test_only_live_decisions_write(service: Service, origin: Origin):
    """Imports, rule sets, rebuilds and backfills send no single message."""
    await service.appoint_both()
    await service.tell(known(), decided(ELIGIBLE, DESIGNATED), origin=origin)

    await service.bring_all()

    silent = "suppressed(NOT_LIVE)"
    assert {"CAMAT": silent, "BUPATI": silent} == await service.states()
    assert [] == service.post.taken


async def test_a_vacant_office_is_waited_for(service: Service):
    """A vacancy shows as the reason, fails nothing, and ends with the appointment."""
    await service.tell(known(), decided(DESIGNATED, AT_RISK))
    await service.bring_all()
    assert {"CAMAT": "waiting(HOLDER)"} == await service.states()

    holder = await service.appoint(CAMAT_SRAGI, "x@sragi.example")
    await service.directory.change_address(
        CAMAT_SRAGI, holder, None, date(2025, 2, 20), by="petugas"
    )
    await service.bring_all()
    assert {"CAMAT": "waiting(ADDRESS)"} == await service.states()

    await service.directory.change_address(
        CAMAT_SRAGI, holder, "camat@sragi.example", date(2026, 3, 1), by="p"
    )
    await service.bring_all()
    assert ["camat@sragi.example"] == service.post.recipients


async def test_a_future_holder_is_written_to_from_the_first_local_day(service: Service):
    """A term recorded ahead begins at local midnight (WIT here), without anybody's doing."""
    jayapura = "91.03.01.3001"
    camat = CAMAT_SRAGI.__class__(CAMAT_SRAGI.kind, "91.03.01")
    await service.tell(
        known(jayapura, time_zone="WIT"), decided(DESIGNATED, AT_RISK, village=jayapura),
        village=jayapura,
    )  # fmt: skip
    await service.appoint(camat, "camat@sentani.example", begins=date(2026, 3, 10))
    midnight = START.replace(day=9, hour=15, minute=0)

    service.clock.go_to(midnight - timedelta(seconds=1))
    await service.bring_all()
    assert {"CAMAT": "waiting(HOLDER)"} == await service.states()

    service.clock.go_to(midnight)
    await service.bring_all()
    assert {"CAMAT": "sent"} == await service.states()


async def test_a_decision_may_come_before_the_villages_names(service: Service):
    """Topics are not ordered among each other: the message waits for the names."""
    await service.appoint_both()
    await service.tell(decided(DESIGNATED, AT_RISK))
    await service.bring_all()
    assert {"CAMAT": "waiting(VILLAGE)"} == await service.states()

    await service.tell(known())
    await service.bring_all()
    assert {"CAMAT": "sent"} == await service.states()


async def test_a_known_failure_is_tried_again_and_then_failed(service: Service):
    """451 is tried as often as the back-off says, and told as failed at the end."""
    await service.appoint_both()
    service.post.fault = Fault.BUSY_AT_DATA
    await service.tell(known(), decided(DESIGNATED, AT_RISK))

    await service.bring_all()

    assert {"CAMAT": "failed(451 4.3.0 try again later)"} == await service.states()
    assert 4 == await service.count("SELECT count(*) FROM attempts")
    assert [("CAMAT", "failed")] == await service.settled()


async def test_a_server_out_of_reach_uses_up_no_attempt(service: Service):
    """Refused ten times with a back-off of three: it waits, and is sent in the end."""
    await service.appoint_both()
    service.post.fault = Fault.NO_SERVICE
    await service.tell(known(), decided(DESIGNATED, AT_RISK))
    courier = service.courier()

    for _ in range(10):
        await service.round(courier)
    assert {"CAMAT": "waiting(554 no service here)"} == await service.states()
    assert 0 == await service.count("SELECT failures FROM deliveries")

    service.post.fault = Fault.NONE
    await service.bring_all()
    assert {"CAMAT": "sent"} == await service.states()


async def test_readiness_follows_the_server_not_the_next_mail(service: Service):
    """Its only mail pausing for minutes, the courier is ready again when the server is back."""
    await service.appoint_both()
    service.post.fault = Fault.NO_SERVICE
    await service.tell(known(), decided(DESIGNATED, AT_RISK))
    courier = service.courier(pace=Pace(idle=0.02, back_off=(timedelta(minutes=1),)))
    stop = asyncio.Event()
    running = asyncio.create_task(courier.run(stop))

    async def asked_again() -> bool:
        return service.post.callers >= 3

    await eventually(asked_again, expected=True)
    assert "554 no service here" == await courier.probe()
    service.post.fault = Fault.NONE
    await eventually(courier.probe, None)
    stop.set()
    await running

    assert {"CAMAT": "waiting(554 no service here)"} == await service.states()
    assert [] == service.post.taken


async def test_a_known_failure_pauses_in_real_time(service: Service):
    """Between two attempts the back-off's pause is kept."""
    await service.appoint_both()
    service.post.fault = Fault.BUSY_AT_RCPT
    await service.tell(known(), decided(DESIGNATED, AT_RISK))
    courier = service.courier(pace=Pace(back_off=(timedelta(hours=1),)))

    await service.bring_all(courier)
    service.post.fault = Fault.NONE
    await service.bring_all(courier)

    assert {"CAMAT": "waiting(451 4.2.1 mailbox busy)"} == await service.states()
    assert 1 == await service.count("SELECT count(*) FROM attempts")


async def test_a_final_refusal_is_not_tried_again(service: Service):
    """550 for the recipient: one attempt, failed."""
    await service.appoint_both()
    service.post.fault = Fault.REFUSED_AT_RCPT
    await service.tell(known(), decided(DESIGNATED, AT_RISK))

    await service.bring_all()

    assert {"CAMAT": "failed(550 5.1.1 <…> unknown)"} == await service.states()
    assert 1 == await service.count("SELECT count(*) FROM attempts")


@pytest.mark.parametrize("fault", [Fault.DROPS_AFTER_DOT, Fault.HANGS_AFTER_DOT])
async def test_an_unknown_outcome_is_never_sent_again(service: Service, fault: Fault):
    """Lost after the dot: `unknown` stays until a person decides, whatever the courier does."""
    await service.appoint_both()
    service.post.fault = fault
    await service.tell(known(), decided(DESIGNATED, AT_RISK))

    await service.bring_all()
    service.post.fault = Fault.NONE
    await service.bring_all()

    [(office, state)] = await service.settled()
    assert ("CAMAT", "unknown") == (office, state)
    assert 1 == len(service.post.taken)


async def test_a_reply_in_strange_bytes_is_recorded(service: Service):
    """250 with a Latin-1 byte and a NUL is `sent`, its reply kept without them."""
    await service.appoint_both()
    service.post.fault = Fault.LATIN_1_AFTER_DOT
    await service.tell(known(), decided(DESIGNATED, AT_RISK))

    await service.bring_all()

    assert {"CAMAT": "sent"} == await service.states()
    assert 1 == await service.count(
        "SELECT count(*) FROM deliveries WHERE reason = '250 accept? taken'"
    )


async def test_an_outcome_that_is_refused_stops_no_other(service: Service):
    """A reply that no text column takes leaves its row to the lease; the courier goes on."""
    await service.appoint_both()
    await service.tell(known(), decided(DESIGNATED, AT_RISK))
    courier = service.courier(channels={ChannelKind.EMAIL: Answers(Sent("250 accept\udce9"))})

    assert await service.round(courier)

    assert {"CAMAT": "sending"} == await service.states()


@pytest.mark.parametrize(("after_the_call", "mails"), [(False, 0), (True, 1)])
async def test_a_courier_killed_around_the_call_leaves_unknown(
    service: Service, *, after_the_call: bool, mails: int
):
    """Killed before the call or before its outcome: visible `unknown`, one mail at most."""
    await service.appoint_both()
    await service.tell(known(), decided(DESIGNATED, AT_RISK))
    channel: Any = KilledAfter(service.email()) if after_the_call else KilledBefore()
    dying = service.courier(channels={ChannelKind.EMAIL: channel})

    with pytest.raises(Killed):
        await service.round(dying)
    assert {"CAMAT": "sending"} == await service.states()
    next_one = service.courier()
    stop = asyncio.Event()
    running = asyncio.create_task(next_one.run(stop))
    await eventually(service.states, {"CAMAT": "unknown(COURIER_LOST)"})
    stop.set()
    await running

    assert mails == len(service.post.taken)
    assert [("CAMAT", "unknown")] == await service.settled()
    assert 0 == await service.count("SELECT count(*) FROM attempts WHERE ended_at IS NULL")


async def test_a_slow_courier_corrects_unknown(service: Service):
    """A courier that outlived its lease and then heard 250 records the truth."""
    await service.appoint_both()
    await service.tell(known(), decided(DESIGNATED, AT_RISK))
    service.post.fault = Fault.HANGS_AFTER_DOT
    patient = service.courier(pace=Pace(spare=-1.99))
    bringing = asyncio.create_task(service.round(patient))
    await service.post.reached.wait()

    async def lost() -> dict[str, str]:
        await service.courier().sweep()
        return await service.states()

    await eventually(lost, {"CAMAT": "unknown(COURIER_LOST)"})
    service.post.held.set()
    await bringing

    assert {"CAMAT": "sent"} == await service.states()
    assert [("CAMAT", "unknown"), ("CAMAT", "sent")] == await service.settled()


async def test_two_couriers_bring_each_message_once(service: Service):
    """Side by side, forty villages, eighty messages, none twice."""
    await service.appoint_both()
    for number in range(2001, 2041):
        village = f"33.26.12.{number}"
        await service.tell(
            known(village), decided(ELIGIBLE, DESIGNATED, village=village), village=village
        )
    stop = asyncio.Event()
    running = [asyncio.create_task(service.courier().run(stop)) for _ in range(2)]

    await eventually(
        lambda: service.count("SELECT count(*) FROM deliveries WHERE state = 'sent'"), 80
    )
    stop.set()
    await asyncio.gather(*running)

    ids = [message["Message-ID"] for message in service.post.taken]
    assert (80, 80) == (len(ids), len(set(ids)))


async def test_a_claimed_row_is_passed_over(service: Service):
    """What one courier holds another does not wait for."""
    await service.appoint_both()
    await designate(service)
    async with service.work.transaction() as connection:
        await connection.execute("SELECT FROM deliveries FOR UPDATE")

        async with asyncio.timeout(2):
            assert not await service.round()


async def test_an_address_that_cannot_be_opened_stops_no_other(service: Service):
    """It waits, ready says so; entered again, it is written to."""
    await service.appoint(BUPATI_PEKALONGAN, "bupati@pekalongan.example")
    camat = await service.appoint(CAMAT_SRAGI, "camat@sragi.example")
    async with service.app.transaction() as connection:
        await connection.execute(
            "UPDATE contacts SET address = '\\x00' WHERE holder_id = $1", camat
        )
    await designate(service)
    courier = service.courier()

    await service.bring_all(courier)
    await courier.sweep()

    assert {"CAMAT": "waiting(KEY)", "BUPATI": "sent"} == await service.states()
    assert "1 messages wait: NOTIFICATIONS_DIRECTORY_KEY" in str(await courier.probe())
    await service.directory.change_address(
        CAMAT_SRAGI, camat, "camat@sragi.example", date(2026, 3, 1), by="petugas"
    )
    await service.bring_all(courier)
    await courier.sweep()
    assert {"CAMAT": "sent", "BUPATI": "sent"} == await service.states()
    assert None is await courier.probe()


async def test_a_wrong_directory_key_loses_nothing(service: Service):
    """All messages wait, none fails; a courier with the right key brings them at its start."""
    await service.appoint_both()
    await designate(service)
    strange = Directory(
        service.app, sealer=Sealer(bytes([1]) * 32), clock=service.clock, ids=service.ids
    )
    await service.bring_all(service.courier(directory=strange))
    assert {"CAMAT": "waiting(KEY)", "BUPATI": "waiting(KEY)"} == await service.states()
    assert [] == await service.settled()

    await service.bring_all()

    assert {"CAMAT": "sent", "BUPATI": "sent"} == await service.states()


async def test_every_alert_is_accounted_for(service: Service):
    """Sent + unknown + failed + suppressed + waiting (sending included) = alerts' deliveries."""
    await service.appoint(CAMAT_SRAGI, "camat@sragi.example")
    faults = (Fault.NONE, Fault.REFUSED_AT_RCPT, Fault.DROPS_AFTER_DOT)
    for number, fault in enumerate(faults, start=2001):
        service.post.fault = fault
        village = f"33.26.12.{number}"
        await service.tell(
            known(village), decided(ELIGIBLE, DESIGNATED, village=village), village=village
        )
        await service.bring_all()
    await service.tell(known(), decided(ELIGIBLE, DESIGNATED), origin=Origin.IMPORT)

    tally = {
        state: await service.count(f"SELECT count(*) FROM deliveries WHERE state = '{state}'")  # noqa: S608
        for state in DeliveryState
    }
    expected = {"waiting": 3, "sending": 0, "sent": 1, "unknown": 1, "failed": 1, "suppressed": 2}
    assert expected == tally
    assert sum(tally.values()) == await service.count("SELECT count(*) FROM alerts")


async def test_a_designation_counts_the_regencys_villages_when_it_is_sent(service: Service):
    """Two of three villages are a Desa Sadar when the message leaves, though one was when heard."""
    await service.appoint(BUPATI_PEKALONGAN, "bupati@pekalongan.example")
    await service.appoint(CAMAT_SRAGI, "camat@sragi.example")
    await designate(service)
    await service.tell(known("33.26.01.2001"), village="33.26.01.2001")
    other = "33.26.01.1002"
    await service.tell(
        known(other, kind="KELURAHAN"), decided(DESIGNATED, AT_RISK, village=other), village=other
    )
    await service.bring_all()

    bodies = [said(mail) for mail in service.post.taken]
    designations = [body for body in bodies if "telah ditetapkan" in body]
    assert all("2 Desa Sadar dari 2 desa dan 1 kelurahan" in body for body in designations)
    assert 2 == len(designations)


async def test_becoming_eligible_tells_camat_and_bupati(service: Service):
    """All criteria met and no title yet: both are asked to support the penetapan."""
    await service.appoint_both()
    await service.tell(known(), decided(START_FACE, ELIGIBLE))

    await service.bring_all()

    assert {"CAMAT": "sent", "BUPATI": "sent"} == await service.states()


async def test_the_courier_stops_when_asked(service: Service):
    """An idle courier ends at once."""
    stop = asyncio.Event()
    courier: Courier = service.courier(pace=Pace(idle=60))
    running = asyncio.create_task(courier.run(stop))
    await asyncio.sleep(0)
    stop.set()

    async with asyncio.timeout(2):
        await running


async def test_an_idle_courier_rests(service: Service):
    """With nothing due it looks as often as its pace says, and its own commits do not wake it."""
    looks = 0
    courier = service.courier(pace=Pace(idle=0.2, sweep=60))

    def counted() -> None:
        nonlocal looks
        looks += 1

    service.work.on_commit(counted)
    stop = asyncio.Event()
    running = asyncio.create_task(courier.run(stop))
    await asyncio.sleep(1)
    stop.set()
    await running

    assert 2 <= looks <= 8
