"""What notifications tells of its messages is kept once, and decides and delays nothing."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import uuid4

import asyncpg
import msgspec
from common.database import Database, Queries
from common.differences import Differences
from common.events import topics
from common.events.words import AlertKind, DeliveryState
from common.kafka import HEADERS, build_broker, build_producer
from common.sealing import Sealer
from eligibility.consumers import messages_router
from eligibility.messages import Messages, MessagesWhole
from support.databases import ServiceUrls
from support.filled_village import Filled
from support.programme import fetch, sosialisasi
from support.streams import KETANON, WONOPRINGGO, Record
from support.waiting import eventually
from test_storage import explained, whole_scans

UNSURE = (DeliveryState.UNKNOWN, DeliveryState.SENT)
KEPT = "SELECT sequence, state FROM messages ORDER BY sequence"
ASIDE = "SELECT topic, reason FROM unroutable ORDER BY kafka_offset"


async def rows(database: Database, statement: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await fetch(database, statement)]


def changed(record: Record, offset: int, **envelope: Any) -> Record:
    """The same record elsewhere on the topic, with other words in its envelope."""
    told = msgspec.json.decode(record.value or b"") | envelope
    return replace(record, value=msgspec.json.encode(told), offset=offset)


async def told_of(filled: Filled) -> list[Record]:
    await filled.founded()
    await filled.last_post_held()
    return [
        *await filled.told(AlertKind.VILLAGE_ELIGIBLE, states=UNSURE),
        *await filled.told(AlertKind.VILLAGE_ELIGIBLE),
    ]


async def forget(urls: ServiceUrls) -> None:
    """The table emptied by its owner; the service itself never deletes a message."""
    owner = await asyncpg.connect(urls.owner, timeout=10)
    await owner.execute("TRUNCATE messages")
    await owner.close()


async def test_each_event_is_kept_once_in_any_order(filled: Filled, eligibility_urls: ServiceUrls):
    """Doubled, shuffled and split into batches, they leave the rows that they left in order."""
    records = await told_of(filled)
    expected = await rows(filled.work, "SELECT * FROM messages ORDER BY sequence")
    chance = random.Random(7)

    for _ in range(3):
        await forget(eligibility_urls)
        batch = [*records, *records]
        chance.shuffle(batch)
        half = chance.randrange(len(batch))
        await filled.messages.receive(batch[:half])
        await filled.messages.receive(batch[half:])
        assert expected == await rows(filled.work, "SELECT * FROM messages ORDER BY sequence")

    assert [(1, "unknown"), (2, "sent"), (3, "sent")] == await rows(filled.work, KEPT)


async def test_what_cannot_be_kept_stops_nobody(filled: Filled):
    """Broken, impossible and reused records are set aside; no village is parked, facts go on."""
    first, second, third = await told_of(filled)
    data = msgspec.json.decode(third.value or b"")["data"]
    strange = [
        Record(first.topic, KETANON.encode(), b"no event", 0, 100),
        changed(third, 101, sequence="0000000009", data=data | {"state": "lost"}),
        changed(second, 102, id="0198c0de-0000-7000-8000-000000000001"),
        Record(first.topic, None, b"{}", 0, 103),
        changed(third, 105, sequence="0000000009", data=data | {"attempts": 2**31}),
    ]

    await filled.messages.receive([*strange, changed(third, 104)])
    await filled.tell(sosialisasi(KETANON))

    assert [
        (first.topic, "UNDECODABLE"),
        (first.topic, "IMPOSSIBLE"),
        (first.topic, "SEQUENCE_REUSED"),
        (first.topic, "NO_USABLE_KEY"),
        (first.topic, "UNSTORABLE"),
    ] == await rows(filled.work, ASIDE)
    assert [(0, 0)] == await rows(filled.work, "SELECT parked, held FROM marks")
    assert 3 == len(await rows(filled.work, KEPT))


async def test_a_type_of_a_later_release_keeps_its_place(
    filled: Filled, eligibility_urls: ServiceUrls
):
    """Its place is kept now; read again by a release that knows it, the rest follows."""
    await filled.founded()
    (record,) = await filled.told(AlertKind.VILLAGE_ELIGIBLE)
    await forget(eligibility_urls)
    unknown = changed(record, 1, type="notifications.delivery.acknowledged.v9")

    await filled.messages.receive([unknown])
    before = await rows(filled.work, KEPT)
    await filled.messages.receive([record, record])

    assert ([(1, None)], [(1, "sent")]) == (before, await rows(filled.work, KEPT))


async def test_messages_make_no_village_wait(api, filled: Filled):
    """A message told later than the last fact moves neither the data's time nor `settled`."""
    await filled.founded()
    async with filled.work.transaction() as connection:
        await connection.execute("INSERT INTO settled VALUES (true, $1)", filled.clock.at)
    client = await api("eligibility:read")
    before = (await client.get(f"/villages/{KETANON}")).json()

    filled.clock.go_to(filled.clock.at.replace(year=2027))
    await filled.told(AlertKind.VILLAGE_ELIGIBLE)

    assert before["settled"] is True
    assert before == (await client.get(f"/villages/{KETANON}")).json()


async def test_messages_are_seen_in_their_area_only(app: Database, filled: Filled):
    """The pages' login reads messages of the areas that are set, and none without."""
    await told_of(filled)
    seen = []

    for areas in ("33.26", WONOPRINGGO, ""):
        async with app.transaction() as connection:
            await connection.execute("SELECT set_config('desa.areas', $1, true)", areas)
            seen.append(await connection.fetchval("SELECT count(*) FROM messages"))

    assert [3, 0, 0] == seen


async def test_a_hole_is_found_by_reconcile(filled: Filled):
    """A message that was never heard is named by its place; without holes nothing differs."""
    records = await told_of(filled)
    whole, holed = Differences(), Differences()

    await MessagesWhole(filled.work).check(whole)
    await filled.messages.receive([changed(records[-1], 9, sequence="0000000007", id=str(uuid4()))])
    await MessagesWhole(filled.work).check(holed)

    assert [] == list(whole.lines())
    assert [
        (
            f"mark: {KETANON} notifications.deliveries 4: expected a message kept, found none. "
            "Do: docs/runbook.md, Messages missing"
        )
    ] == list(holed.lines())


async def test_from_the_topic_to_the_table(
    *, kafka: str, prefix: str, filled: Filled, work: Database, eligibility_urls: ServiceUrls
):
    """Heard from Kafka by a group of its own, also when the villages' consumer is stopped."""
    records = await told_of(filled)
    await forget(eligibility_urls)
    async with work.transaction() as connection:
        stopped = "INSERT INTO consuming_stopped VALUES (true, 'HELD', $1)"
        await connection.execute(stopped, filled.clock.at)
    messages = Messages(work, clock=filled.clock, sealer=Sealer(bytes(32)), prefix=prefix)
    broker = build_broker(
        kafka, service="eligibility", routers=[messages_router(messages, prefix=prefix)]
    )
    async with build_producer(kafka, client="tests") as producer:
        for record in records:
            await producer.send(
                prefix + topics.NOTIFICATIONS_DELIVERIES,
                record.value,
                key=record.key,
                headers=list(HEADERS),
            )

    await broker.start()
    try:
        await eventually(lambda: rows(work, KEPT), [(1, "unknown"), (2, "sent"), (3, "sent")])
    finally:
        await broker.stop()


async def test_a_page_finds_its_rows_by_an_index(work: Database):
    """Among 100,000 messages, 20,000 acts and decisions a village's own are found by its key."""
    await fill(work)
    found: dict[str, Sequence[str]] = {}

    for file, name, parameters in (
        ("messages.sql", "messages_of", ["'33.26.10.2001'", "10"]),
        ("messages.sql", "messages_about", ["'33.26.10.2001'", "'{}'::uuid[]"]),
        ("village_page.sql", "acts_of", ["'33.26.10.2001'", "10"]),
        ("village_page.sql", "log_page", ["'33.26.10.2001'", "NULL", "NULL", "20"]),
    ):
        statement = Queries.of("eligibility.storage", file)[name]
        if scans := whole_scans(await explained(work, statement, parameters)):
            found[name] = scans

    assert {} == found


async def fill(work: Database) -> None:
    async with work.transaction() as connection:
        await connection.execute(
            """
            INSERT INTO messages (village_key, sequence, event_id, type, told_at, delivery_id)
            SELECT format('33.%s.%s.2001', 10 + n % 80, 10 + n / 80 % 80), 1 + n / 6400,
                gen_random_uuid(), 'x', '2026-01-01', gen_random_uuid()
            FROM generate_series(0, 99999) AS n;
            INSERT INTO decisions (decision_id, village_key, decided_at, effective_on,
                previous_decision_id, previous, current, reasons, flagged, inputs,
                newest_input_time, origin)
            SELECT gen_random_uuid(), format('33.%s.%s.2001', 10 + n % 80, 10 + n / 80 % 80),
                '2026-01-01', '2026-01-01', gen_random_uuid(), '{}', '{}', '[]', false, '{}',
                '2026-01-01', 'LIVE'
            FROM generate_series(0, 19999) AS n
            """
        )
