"""What a batch of the registry's events does here."""

from __future__ import annotations

import random
from collections.abc import Sequence
from contextlib import asynccontextmanager
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

from common.database import Database
from common.events import EVENT_TYPES, topics
from common.events.envelope import Origin
from common.events.registry import EnrollmentActivated
from common.events.words import PostKind
from common.ids import Ids
from common.inbox import Inbox
from common.sealing import Sealer
from eligibility.application import Certification
from eligibility.consumers import INPUTS
from eligibility.counts import ENROLLMENTS
from support.databases import TestDatabases
from support.programme import (
    TODAY,
    Registry,
    activated,
    appointed,
    coverage_changed,
    decreed,
    fetch,
    known,
    recorded,
    sosialisasi,
    staffed,
    state,
)
from support.streams import KETANON, SUKOSEWU, WONOPRINGGO, Record

FACE = ("eligibility", "stage", "title", "standing")


async def face(database: Database, village: str = KETANON) -> tuple[str, ...]:
    (row,) = await fetch(database, "SELECT * FROM villages WHERE village_key = $1", village)
    return tuple(row[name] for name in FACE)


def nine() -> list[Any]:
    return [uuid4() for _ in range(9)]


async def test_a_fully_covered_village_becomes_eligible(inbox: Inbox, work: Database, registry):
    """Known, decreed, all posts held and covered: ELIGIBLE, and the log says so once."""
    await inbox.receive(staffed(registry, nine(), nine()))

    decisions = await fetch(work, "SELECT * FROM decisions")
    assert ("ELIGIBLE", "MEMENUHI_SYARAT", "NONE", "NONE") == await face(work)
    assert [KETANON] == [decision["village_key"] for decision in decisions]
    assert date(2025, 6, 1) == decisions[0]["effective_on"]
    assert 11 == len(decisions[0]["inputs"])
    assert 1 == len(await fetch(work, "SELECT FROM unpublished"))


async def test_area_data_alone_decides_nothing(inbox: Inbox, work: Database, registry: Registry):
    """Villages that only became known have no decision and no event."""
    keys = [f"33.26.12.2{number:03d}" for number in range(300)]
    told = [
        record
        for key in keys
        for record in registry.tell(known(key), village=key, origin=Origin.IMPORT)
    ]

    await inbox.receive(told)

    assert 300 == len(await fetch(work, "SELECT FROM villages WHERE name IS NOT NULL"))
    assert [] == await fetch(work, "SELECT FROM decisions")
    assert [] == await fetch(work, "SELECT FROM unpublished")


async def test_the_first_enrollment_registers_the_village(inbox: Inbox, work: Database, registry):
    """Some enrollment makes a village TERDAFTAR; those that follow decide nothing."""
    await inbox.receive(registry.tell(known(), recorded()))
    first = await fetch(work, "SELECT decision_id, effective_on FROM decisions")

    await inbox.receive(registry.tell(activated(), activated(), recorded()))

    assert ("CANNOT_DECIDE", "TERDAFTAR", "NONE", "NONE") == await face(work)
    assert [date(2026, 2, 1)] == [row["effective_on"] for row in first]
    assert first == await fetch(work, "SELECT decision_id, effective_on FROM decisions")


async def test_an_earlier_enrollment_makes_the_village_registered_earlier(
    inbox: Inbox, work: Database, registry: Registry
):
    """Every event with an earlier day than all before it is kept, however the batches are cut."""
    days = [
        date(2026, 2, 1),
        date(2026, 2, 5),
        date(2026, 1, 20),
        date(2026, 1, 25),
        date(2026, 1, 1),
    ]
    await inbox.receive(registry.tell(known(), *(recorded(on=day) for day in days)))

    rows = await fetch(work, "SELECT effective_on FROM facts WHERE type = 'enrolled' ORDER BY 1")

    assert [date(2026, 1, 1), date(2026, 1, 20), date(2026, 2, 1)] == [r[0] for r in rows]


async def test_future_counts_wait_for_their_day(inbox: Inbox, work: Database, registry: Registry):
    """A delta of tomorrow stands in the ledger, not in the counts, and wakes the scheduler."""
    tomorrow = TODAY + timedelta(days=1)
    await inbox.receive(
        registry.tell(known(), activated(effect=[(TODAY, {"bpu": 1}), (tomorrow, {"bpu": 5})]))
    )

    (row,) = await fetch(work, "SELECT bpu, next_count_on, next_review_at FROM villages")

    assert (1, tomorrow) == (row["bpu"], row["next_count_on"])
    assert "2026-03-02T17:00:00+00:00" == row["next_review_at"].isoformat()


async def test_facts_before_their_village_is_known(inbox: Inbox, work: Database, registry):
    """Officials and members that come before the area data count once it is there."""
    records = staffed(registry, nine(), nine())
    members = registry.tell(activated(), activated(effect=[(date(2026, 4, 1), {"bpu": 7})]))

    await inbox.receive([*records[2:], *members])
    unknown = await fetch(work, "SELECT FROM decisions")
    await inbox.receive(records[:2])

    (row,) = await fetch(work, "SELECT * FROM villages")
    assert [] == unknown
    assert ("ELIGIBLE", "MEMENUHI_SYARAT", "NONE", "NONE") == await face(work)
    assert (1, 1, date(2026, 4, 1)) == (row["persons"], row["bpu"], row["next_count_on"])
    assert 12 == len((await fetch(work, "SELECT inputs FROM decisions"))[0]["inputs"])


async def test_a_term_that_never_began_parks_its_village_alone(
    inbox: Inbox, work: Database, registry: Registry
):
    """A change of a term that was never appointed is impossible; the other villages go on."""
    await inbox.receive(
        [
            *registry.tell(known(), coverage_changed(uuid4(), uuid4(), TODAY), sosialisasi()),
            *registry.tell(known(SUKOSEWU), sosialisasi(SUKOSEWU), village=SUKOSEWU),
        ]
    )

    parked = await fetch(work, "SELECT village_key, reason FROM parked ORDER BY parked_id")
    assert {(KETANON, "IMPOSSIBLE"), (KETANON, "BEHIND_PARKED")} >= {tuple(row) for row in parked}
    assert [KETANON] == sorted({row["village_key"] for row in parked})
    assert "SOSIALISASI" == (await face(work, SUKOSEWU))[1]


async def test_the_log_is_a_chain_without_equal_neighbours(inbox: Inbox, work: Database, registry):
    """Each decision names the one before it, and says something else."""
    posts, terms = nine(), nine()
    await inbox.receive([*staffed(registry, posts, terms), *registry.tell(sosialisasi())])
    for day in range(1, 6):
        active = () if day % 2 else ("JKK", "JKM")
        change = coverage_changed(posts[3], terms[3], date(2026, 2, day), active=active)
        await inbox.receive(registry.tell(change))
        await inbox.receive(registry.tell(sosialisasi()))

    rows = await fetch(work, "SELECT * FROM decisions ORDER BY decided_at, decision_id")
    assert [None, *(row["decision_id"] for row in rows[:-1])] == [
        row["previous_decision_id"] for row in rows
    ]
    assert [row["current"] for row in rows[:-1]] == [row["previous"] for row in rows[1:]]
    assert all(row["previous"] != row["current"] for row in rows)
    assert 6 == len(rows)


async def test_one_live_event_makes_a_decision_live(inbox: Inbox, work: Database, registry):
    """A decision of imported and live events is LIVE; of imported ones alone it is IMPORT."""
    other = registry.tell(
        known(SUKOSEWU), sosialisasi(SUKOSEWU), village=SUKOSEWU, origin=Origin.IMPORT
    )
    imported = registry.tell(known(), decreed(nine()), origin=Origin.IMPORT)

    await inbox.receive([*other, *imported, *registry.tell(sosialisasi())])

    rows = await fetch(work, "SELECT village_key, origin FROM decisions ORDER BY 1")
    assert [(KETANON, "LIVE"), (SUKOSEWU, "IMPORT")] == [tuple(row) for row in rows]


def mixed(registry: Registry, events: int, villages: Sequence[str], seed: int) -> list[Record]:
    """Villages with posts and holders, and many enrollments of many days."""
    chance = random.Random(seed)
    records: list[Record] = []
    for village in villages:
        records += staffed(registry, nine(), nine(), village)
    for _ in range(events):
        village = chance.choice(list(villages))
        day = TODAY + timedelta(days=chance.randint(-40, 5))
        effect = [
            (day, {"persons": chance.choice((1, -1)), "bpu": chance.randint(-2, 3), "jkk": 1})
        ]
        data: Any = activated(village, on=day, effect=effect)
        if chance.random() < 0.05:
            data = sosialisasi(village, on=day)
        records += registry.tell(data, village=village)
    return records


async def test_a_batch_is_the_same_as_its_events_one_by_one(
    databases: TestDatabases, work: Database, inbox: Inbox, registry: Registry, clock
):
    """Coalescing changes no count, no ledger entry, no fact and no status."""
    records = mixed(registry, 150, [KETANON, SUKOSEWU, WONOPRINGGO], seed=7)
    await inbox.receive(records)
    async with databases.fresh("eligibility") as urls:
        other = await Database.open(urls.work, name="one-by-one", size=2)
        singly = Certification(other, clock=clock, ids=Ids())
        await singly.install_default_rules()
        single = Inbox(other, inputs=INPUTS, effect=singly, clock=clock, sealer=Sealer(bytes(32)))
        for record in records:
            await single.receive([record])

        assert await state(other) == await state(work)
        await other.close()


async def test_the_statements_of_a_batch_do_not_grow_with_it(
    inbox: Inbox, work: Database, registry: Registry, monkeypatch
):
    """5,000 enrollment events of 800 villages: as many statements as 500 of 80, and few."""
    villages = [f"33.26.{i // 100 + 1:02d}.2{i % 100:03d}" for i in range(800)]
    told = [r for v in villages for r in registry.tell(known(v), recorded(v), village=v)]
    await inbox.receive(told)
    small = [
        r
        for i in range(500)
        for r in registry.tell(activated(villages[i % 80]), village=villages[i % 80])
    ]
    large = [
        r
        for i in range(5000)
        for r in registry.tell(activated(villages[i % 800]), village=villages[i % 800])
    ]
    seen = counted_statements(work, monkeypatch)

    await inbox.receive(small)
    of_small = len(seen)
    await inbox.receive(large)

    assert of_small == len(seen) - of_small
    assert 4 == of_small


def counted_statements(database: Database, monkeypatch: Any) -> list[str]:
    """Every statement that the transactions send from now on, but the once-a-second gate."""
    seen: list[str] = []
    transaction = database.transaction

    def note(sent: Any) -> None:
        if "consuming_stopped" not in sent.query:
            seen.append(sent.query)

    @asynccontextmanager
    async def logged():
        async with transaction() as connection:
            with connection.query_logger(note):
                yield connection

    monkeypatch.setattr(database, "transaction", logged)
    return seen


async def test_decisions_take_as_many_statements_for_many_villages(
    inbox: Inbox, work: Database, registry: Registry, monkeypatch
):
    """One village decided or fifty: the same statements."""
    villages = [f"33.26.01.2{i:03d}" for i in range(51)]
    batches = [staffed(registry, nine(), nine(), village) for village in villages]
    # The driver asks for the types of the arrays once.
    await inbox.receive(batches[0])
    seen = counted_statements(work, monkeypatch)

    await inbox.receive(batches[1])
    of_one = len(seen)
    await inbox.receive([record for batch in batches[2:] for record in batch])

    assert of_one == len(seen) - of_one
    assert 51 == len(await fetch(work, "SELECT FROM decisions"))


def test_the_types_that_are_counted():
    """Every enrollment event, and nothing else, goes the fast way."""
    on_topic = {
        name for name, data in EVENT_TYPES.items() if data.topic == topics.REGISTRY_ENROLLMENTS
    }
    assert ENROLLMENTS == on_topic
    assert EnrollmentActivated.type in ENROLLMENTS
    assert appointed(uuid4(), kind=PostKind.KAUR).type not in ENROLLMENTS
