"""What time alone changes."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from common.database import Database
from common.ids import Ids
from common.inbox import Inbox
from common.security import Caller
from eligibility.application import Act, Certification
from eligibility.domain.facts import ActKind
from eligibility.scheduler import FAILED, Scheduler
from support.programme import (
    TODAY,
    Registry,
    SteadyClock,
    activated,
    coverage_changed,
    fetch,
    known,
    staffed,
    state,
)
from support.streams import KETANON, SUKOSEWU, WONOPRINGGO
from support.waiting import eventually

OFFICER = Caller("urn:test", "petugas", frozenset(), frozenset({"*"}))
PENETAPAN = Act(ActKind.PENETAPAN, "560/1", date(2026, 1, 5), "Bupati Pekalongan")
FAILS_ON = date(2026, 3, 1)
AT_RISK_ON = FAILS_ON + timedelta(days=7)


def midnight_wib(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=7)


@pytest.fixture
async def failing(
    inbox: Inbox, registry: Registry, app: Database, clock: SteadyClock
) -> list[tuple[Any, Any]]:
    """Ketanon, named and since yesterday with one holder who is not covered."""
    seats = [(uuid4(), uuid4()) for _ in range(9)]
    posts, terms = [post for post, _ in seats], [term for _, term in seats]
    await inbox.receive(staffed(registry, posts, terms))
    branch = Certification(app, clock=clock, ids=Ids())
    await branch.record_act(KETANON, PENETAPAN, OFFICER)
    await inbox.receive(registry.tell(coverage_changed(posts[2], terms[2], FAILS_ON)))
    return seats


async def standings(database: Database) -> list[str]:
    rows = await fetch(
        database, "SELECT current->>'standing' AS standing FROM decisions ORDER BY decided_at"
    )
    return [row["standing"] for row in rows]


async def test_a_village_is_at_risk_when_its_seventh_day_has_passed(
    certification: Certification, work: Database, clock: SteadyClock, failing
):
    """TERANCAM comes at local midnight of the due date, by time alone, effective on that date."""
    clock.go_to(midnight_wib(AT_RISK_ON) - timedelta(seconds=1))
    before = await certification.review_due()
    clock.go_to(midnight_wib(AT_RISK_ON) + timedelta(seconds=1))
    reviewed = await certification.review_due()

    rows = await fetch(work, "SELECT * FROM decisions ORDER BY decided_at DESC LIMIT 1")
    assert (0, 1) == (before, reviewed)
    assert ["NONE", "BAIK", "BAIK", "TERANCAM"] == await standings(work)
    assert (AT_RISK_ON, midnight_wib(AT_RISK_ON), "LIVE") == tuple(
        rows[0][name] for name in ("effective_on", "newest_input_time", "origin")
    )
    assert rows[0]["inputs"]
    assert [("review", KETANON, midnight_wib(AT_RISK_ON))] == [
        tuple(row) for row in await fetch(work, "SELECT kind, subject, due_at FROM emitted")
    ]


async def test_two_schedulers_say_it_once(
    eligibility_urls, certification: Certification, work: Database, clock: SteadyClock, failing
):
    """Replicas pick the same village; one of them reviews it."""
    database = await Database.open(eligibility_urls.work, name="other", size=4)
    other = Certification(database, clock=clock, ids=Ids())
    clock.go_to(midnight_wib(AT_RISK_ON))

    reviewed = await asyncio.gather(*(c.review_due() for c in (certification, other) * 4))

    await database.close()
    assert 1 == sum(reviewed)
    assert ["NONE", "BAIK", "BAIK", "TERANCAM"] == await standings(work)


async def test_recovery_before_the_due_day_emits_nothing(
    *, inbox: Inbox, registry: Registry, certification, work: Database, clock: SteadyClock, failing
):
    """Cover that comes back in time leaves no announcement."""
    post, term = failing[2]
    back = coverage_changed(post, term, date(2026, 3, 2), active=("JKK", "JKM"))
    await inbox.receive(registry.tell(back))
    clock.go_to(midnight_wib(AT_RISK_ON))

    await certification.review_due()

    assert "TERANCAM" not in await standings(work)


async def test_a_parked_village_is_not_reviewed(
    *, inbox: Inbox, registry: Registry, certification, work: Database, clock: SteadyClock, failing
):
    """A village with an event that waits for a person raises nothing by time."""
    await inbox.receive(registry.tell(coverage_changed(uuid4(), uuid4(), TODAY)))
    clock.go_to(midnight_wib(AT_RISK_ON))

    assert 0 == await certification.review_due()
    assert "TERANCAM" not in await standings(work)


async def test_counts_fall_due_on_their_day(
    inbox: Inbox, registry: Registry, certification, work: Database, clock: SteadyClock
):
    """Deltas of later days enter the counts at their local midnight, in any number of steps."""
    days = [TODAY + timedelta(days=n) for n in (1, 2, 30)]
    effect = [(day, {"bpu": n}) for n, day in enumerate(days, start=1)]
    await inbox.receive(registry.tell(known(), activated(effect=effect)))

    clock.go_to(midnight_wib(days[1]))
    await certification.review_due()

    (row,) = await fetch(work, "SELECT bpu, next_count_on, next_review_at FROM villages")
    assert (3, days[2], midnight_wib(days[2])) == tuple(row)


async def test_reviewing_each_day_ends_where_reviewing_once_does(
    *, inbox: Inbox, registry: Registry, certification, work: Database, clock, failing
):
    """The status at rest depends on the day, not on how often one looked."""
    for day in range(120):
        clock.go_to(midnight_wib(FAILS_ON + timedelta(days=day)))
        await certification.review_due()
    daily = await state(work)
    async with work.transaction() as connection:
        await connection.execute(
            "UPDATE villages SET next_review_at = $1, next_judge_on = '2026-03-01'", clock.at
        )

    await certification.review_due()

    assert daily == await state(work)


async def test_the_loop_reviews_and_stops(
    certification: Certification, work: Database, clock: SteadyClock, failing
):
    """The scheduler finds what is due by itself and ends when asked."""
    clock.go_to(midnight_wib(AT_RISK_ON))
    stop = asyncio.Event()
    loop = asyncio.create_task(Scheduler(certification, idle=0.05).run(stop))

    await eventually(lambda: standings(work), ["NONE", "BAIK", "BAIK", "TERANCAM"])

    stop.set()
    await asyncio.wait_for(loop, 5)


async def test_a_village_that_cannot_be_judged_holds_up_no_other(
    *, inbox: Inbox, registry: Registry, certification, work: Database, clock: SteadyClock
):
    """Its failure is counted and waits an hour; the others are reviewed and the loop goes on."""
    for village in (KETANON, SUKOSEWU, WONOPRINGGO):
        await inbox.receive(registry.tell(known(village), village=village))
    due = clock.at
    async with work.transaction() as connection:
        await connection.execute(
            "INSERT INTO facts SELECT village_key, gen_random_uuid(), recorded_at, effective_on, "
            "origin, type, '{}' FROM facts WHERE village_key = $1",
            SUKOSEWU,
        )
        await connection.execute(
            "UPDATE villages SET next_review_at = $1, next_judge_on = $2", due, TODAY
        )
    failed = FAILED._value.get()
    stop = asyncio.Event()
    loop = asyncio.create_task(Scheduler(certification, idle=0.05).run(stop))

    async def waiting() -> list[str]:
        rows = await fetch(
            work,
            "SELECT village_key FROM villages WHERE next_review_at <= $1 ORDER BY village_key",
            clock.at + timedelta(hours=1),
        )
        return [row["village_key"] for row in rows]

    async def reviewed() -> list[str]:
        rows = await fetch(work, "SELECT subject FROM emitted ORDER BY subject")
        return [row["subject"] for row in rows]

    await eventually(reviewed, [KETANON, WONOPRINGGO])
    await eventually(certification.due_for_review, [])
    assert [SUKOSEWU] == await waiting()
    assert 1 == FAILED._value.get() - failed
    assert not loop.done()

    stop.set()
    await asyncio.wait_for(loop, 5)
