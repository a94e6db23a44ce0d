"""The ledger: one alert a decision and office, fast at any size, and deleted in its time."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import uuid4

from common.events.words import AlertKind
from faulty_smtp import Fault
from notifications.courier import Pace
from notifications.storage import QUERIES
from notifications.storage.housekeeping import KEPT
from notifications.telemetry import DELIVERIES, OLDEST_DUE, Measuring
from notifications_rig import (
    AT_RISK,
    CAMAT_SRAGI,
    DESIGNATED,
    ELIGIBLE,
    KEDUNGJARAN,
    Service,
    decided,
    known,
)
from support.programme import START

FILL = """
WITH office AS (
    SELECT office_id FROM offices WHERE area_code = '33.26.12'
), alerted AS (
    INSERT INTO alerts
    SELECT gen_random_uuid(), gen_random_uuid(), office_id, 'STATUS_AT_RISK', '33.26.12.2008',
        '33.26.12.2008', 'LIVE', '2026-03-02', $1
    FROM office, generate_series(1, 20000)
    RETURNING alert_id, office_id
)
INSERT INTO deliveries (
    delivery_id, bundle_id, alert_id, office_id, channel, state, waits_for, due_at, changed_at
)
SELECT gen_random_uuid(), alert_id, alert_id, office_id, 'EMAIL',
    CASE WHEN i % 10 = 0 THEN 'waiting' ELSE 'sent' END,
    CASE WHEN i % 10 = 0 THEN 'HOLDER' END, $1, $1
FROM (SELECT *, row_number() OVER () AS i FROM alerted) AS numbered
"""


async def test_a_decision_told_twice_alerts_once(service: Service):
    """The same decision under a later sequence makes no second message."""
    await service.appoint_both()
    decision = uuid4()
    await service.tell(known(), decided(ELIGIBLE, DESIGNATED, decision_id=decision))
    await service.bring_all()
    await service.tell(decided(ELIGIBLE, DESIGNATED, decision_id=decision))
    await service.bring_all()

    assert 2 == len(service.post.taken)
    assert 2 == await service.count("SELECT count(*) FROM alerts")


async def test_a_batch_of_many_villages_is_one_transaction(service: Service):
    """Two hundred villages at once: names, fields and alerts of each."""
    records = []
    for number in range(2001, 2201):
        village = f"33.26.12.{number}"
        for event in (known(village), decided(ELIGIBLE, DESIGNATED, village=village)):
            records.append(service.teller.record(event, village, "LIVE"))  # noqa: PERF401
    await service.inbox.receive(records)

    assert 400 == await service.count("SELECT count(*) FROM deliveries WHERE state = 'waiting'")
    assert 200 == await service.count("SELECT count(*) FROM certifications")
    assert 1 == await service.count("SELECT count(DISTINCT xmin::text) FROM deliveries")


async def test_finding_what_is_due_does_not_grow_with_the_ledger(service: Service):
    """Twenty thousand deliveries at rest or waiting for a holder are not read to find one.

    Nor to find what the office was told of the village before and after.
    """
    await service.appoint_both()
    async with service.work.transaction() as connection:
        await connection.execute(FILL, START - timedelta(days=1))
    await service.tell(known(), decided(AT_RISK, DESIGNATED))
    today = date(2026, 3, 2)
    async with service.work.transaction() as connection:
        plan = await connection.fetch(
            f"EXPLAIN (ANALYZE, TIMING OFF) {QUERIES['claim_due']}",
            START + timedelta(minutes=1),
            8,
        )
        [due] = await connection.fetch(
            "SELECT delivery_id FROM deliveries JOIN offices USING (office_id) "
            "WHERE waits_for IS NULL AND state = 'waiting' AND kind = 'CAMAT'"
        )
        known_plan = await connection.fetch(
            f"EXPLAIN (ANALYZE, TIMING OFF) {QUERIES['known_of_due']}",
            [due["delivery_id"]],
            today,
            today,
            today,
        )
    text = "\n".join(row[0] for row in plan)

    assert "deliveries_due" in text
    known_text = "\n".join(row[0] for row in known_plan)
    assert "deliveries_pkey" in known_text
    assert "alerts_told" in known_text
    assert "deliveries_by_state" not in known_text
    assert "Seq Scan on deliveries" not in text + "\n".join(row[0] for row in known_plan)


async def test_what_is_past_its_keeping_is_deleted(service: Service):
    """Five years on, alerts at rest go with attempts and holders; what asks a person stays."""
    holder = await service.appoint(CAMAT_SRAGI, "camat@sragi.example")
    await service.tell(known(), decided(DESIGNATED, AT_RISK))
    await service.bring_all()
    service.post.fault = Fault.DROPS_AFTER_DOT
    other = "33.26.12.2001"
    await service.tell(known(other), decided(DESIGNATED, AT_RISK, village=other), village=other)
    await service.bring_all()
    await service.directory.end_term(CAMAT_SRAGI, holder, date(2026, 3, 3))
    courier = service.courier(pace=Pace())

    service.clock.go_to(START + KEPT - timedelta(days=1))
    await courier.purge()
    assert 2 == await service.count("SELECT count(*) FROM alerts")

    service.clock.go_to(START + KEPT + timedelta(days=2))
    await courier.purge()
    assert ["unknown"] == [r["state"] for r in await service.desk.deliveries("33.26")]
    assert 1 == await service.count("SELECT count(*) FROM attempts")
    assert 1 == await service.count("SELECT count(*) FROM holders")


async def test_a_holder_of_long_ago_is_forgotten(service: Service):
    """A name that no kept attempt needs is deleted five years after the term."""
    holder = await service.appoint(CAMAT_SRAGI, "camat@sragi.example")
    await service.directory.end_term(CAMAT_SRAGI, holder, date(2026, 3, 3))
    service.clock.go_to(START + KEPT + timedelta(days=2))
    await service.courier().purge()

    assert 0 == await service.count("SELECT count(*) FROM holders")
    assert 0 == await service.count("SELECT count(*) FROM contacts")


async def test_the_ledger_is_measured(service: Service):
    """Deliveries by state, and how long the oldest due one has been waiting for a courier."""
    await service.tell(known(), decided(DESIGNATED, AT_RISK))
    service.clock.go_to(START + timedelta(seconds=90))
    await Measuring(service.work, clock=service.clock).measure()

    waiting = [
        s.value for m in DELIVERIES.collect() for s in m.samples if s.labels["state"] == "waiting"
    ]
    [age] = [sample.value for metric in OLDEST_DUE.collect() for sample in metric.samples]
    assert [1.0] == waiting
    assert 89 < age < 91


async def test_a_decision_is_kept_without_a_person(service: Service):
    """Facts are kept as counts, posts and dates; no name and no address of a person."""
    await service.appoint_both()
    await service.tell(known(), decided(DESIGNATED, AT_RISK))
    async with service.work.transaction() as connection:
        [row] = await connection.fetch(
            "SELECT kind, village_key, facts FROM alerts JOIN certifications USING (village_key)"
        )

    assert (AlertKind.STATUS_AT_RISK, KEDUNGJARAN) == (row["kind"], row["village_key"])
    assert "@" not in row["facts"]
    assert "Pejabat" not in row["facts"]
