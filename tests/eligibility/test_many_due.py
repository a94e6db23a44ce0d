"""Very many villages due at one midnight: once each, oldest first, shared by replicas, quick."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from common.database import Database
from common.ids import Ids
from common.inbox import Inbox
from common.sealing import Sealer
from due_villages import keys_of, villages_due
from eligibility import judging
from eligibility.application import Certification
from eligibility.consumers import INPUTS
from eligibility.scheduler import Scheduler
from support.databases import ServiceUrls
from support.programme import Registry, SteadyClock, fetch, sosialisasi
from support.waiting import eventually

MANY = 2_000
DUE_ON = date(2026, 3, 9)
MIDNIGHT = datetime(2026, 3, 8, 17, 0, tzinfo=UTC)
"""Of the due day, in WIB."""
KEYS = keys_of(MANY)

Replica = Callable[..., Awaitable[Certification]]


@pytest.fixture
async def replica(eligibility_urls: ServiceUrls) -> AsyncIterator[Replica]:
    """Processes of the service, each with a clock and a pool of its own."""
    async with AsyncExitStack() as opened:

        async def made(at: datetime, *, name: str = "replica") -> Certification:
            database = await Database.open(eligibility_urls.work, name=name, size=2)
            opened.push_async_callback(database.close)
            return Certification(database, clock=SteadyClock(at), ids=Ids())

        yield made


async def announced(work: Database) -> list[Any]:
    """Who was told to be at risk, how often and from when on."""
    return await fetch(
        work,
        "SELECT village_key, count(*) AS times, min(effective_on) AS effective_on FROM decisions"
        " WHERE current->>'standing' = 'TERANCAM' GROUP BY village_key ORDER BY village_key",
    )


async def still_due(work: Database) -> int:
    rows = await fetch(
        work, "SELECT count(*) FROM villages WHERE next_review_at < $1", MIDNIGHT + timedelta(1)
    )
    return int(rows[0][0])


async def test_replicas_with_clocks_apart_say_it_once_though_one_dies(
    eligibility_urls: ServiceUrls, work: Database, replica: Replica
):
    """2,000 villages, clocks three minutes apart, one replica lost in the middle of its work."""
    await villages_due(eligibility_urls, KEYS, DUE_ON)
    ahead = await replica(MIDNIGHT + timedelta(minutes=3))
    dying = await replica(MIDNIGHT, name="dying")
    stop, gone = asyncio.Event(), asyncio.Event()
    loops = [
        asyncio.create_task(Scheduler(ahead, idle=0.01).run(stop)),
        asyncio.create_task(Scheduler(dying, idle=0.01).run(gone)),
    ]

    async def begun() -> bool:
        return await still_due(work) < MANY * 3 // 4

    await eventually(begun, expected=True)
    await fetch(  # the server sees what it sees of a killed process
        work,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = 'dying' AND datname = current_database()",
    )
    gone.set()
    late = await replica(MIDNIGHT)
    loops.append(asyncio.create_task(Scheduler(late, idle=0.01).run(stop)))
    await eventually(lambda: still_due(work), 0, within=60)
    stop.set()
    await asyncio.gather(*loops)

    assert [(key, 1, DUE_ON) for key in KEYS] == [tuple(row) for row in await announced(work)]
    emitted = await fetch(work, "SELECT count(*), count(DISTINCT subject) FROM emitted")
    assert (MANY, MANY) == tuple(emitted[0])


async def test_the_oldest_are_first(
    eligibility_urls: ServiceUrls, work: Database, replica: Replica
):
    """Villages due since yesterday are worked off before those of today."""
    await villages_due(eligibility_urls, KEYS[:300], DUE_ON)
    await fetch(
        work,
        "UPDATE villages SET next_review_at = next_review_at - interval '1 day'"
        " WHERE village_key = ANY($1::text[])",
        KEYS[200:300],
    )
    certification = await replica(MIDNIGHT)

    await certification.review_due(100)

    emitted = await fetch(work, "SELECT subject FROM emitted ORDER BY subject")
    assert KEYS[200:300] == [row["subject"] for row in emitted]


async def test_replicas_do_not_wait_for_each_other(
    eligibility_urls: ServiceUrls, work: Database, replica: Replica
):
    """What another process holds is left to it, and the next in turn are reviewed meanwhile."""
    await villages_due(eligibility_urls, KEYS[:30], DUE_ON)
    certification = await replica(MIDNIGHT)

    async with work.transaction() as other:
        await other.execute(
            "SELECT FROM marks WHERE village_key = ANY($1::text[]) FOR UPDATE", KEYS[:10]
        )
        reviewed = await asyncio.wait_for(certification.review_due(100), 5)

    assert 20 == reviewed
    assert KEYS[10:30] == [row["village_key"] for row in await announced(work)]


async def test_what_was_foreseen_is_entered_without_reading_a_fact(
    eligibility_urls: ServiceUrls, work: Database, replica: Replica
):
    """Half are judged ahead, and their facts taken away: their entries are those of the others."""
    await villages_due(eligibility_urls, KEYS[:40], DUE_ON)
    certification = await replica(MIDNIGHT - timedelta(hours=5))
    foreseen = [await certification.foresee(10), await certification.foresee(10)]
    ahead = [row[0] for row in await fetch(work, "SELECT village_key FROM foreseen ORDER BY 1")]
    await forget_facts(eligibility_urls, ahead)
    certification = await replica(MIDNIGHT)

    reviewed = await certification.review_due(100)

    entries = await fetch(
        work,
        "SELECT DISTINCT d.current::text, d.previous::text, d.reasons::text, d.effective_on,"
        " d.inputs, d.failing_since, d.grace_ends, d.newest_input_time, d.origin, v.since,"
        " v.next_judge_on, v.next_review_at"
        " FROM villages v JOIN decisions d ON d.decision_id = v.last_decision_id",
    )
    assert ([10, 10], 40, 1) == (foreseen, reviewed, len(entries))
    assert 40 == len(await announced(work))
    assert [] == await fetch(work, "SELECT FROM foreseen")


@pytest.mark.parametrize(
    ("change", "standing"),
    [
        ("nothing", "DICABUT"),
        ("a fact", "TERANCAM"),
        ("a rule set", "TERANCAM"),
        ("a later day", "TERANCAM"),
    ],
)
async def test_what_was_foreseen_is_void_when_something_changes(
    eligibility_urls: ServiceUrls, work: Database, replica: Replica, change: str, standing: str
):
    """After a fact, a rule set or the next day of change the village is judged from its facts."""
    await villages_due(eligibility_urls, KEYS[:1], DUE_ON)
    before = MIDNIGHT - timedelta(hours=5)
    certification = await replica(before)
    assert 1 == await certification.foresee()
    await fetch(  # so that it is seen if it is used
        work, "UPDATE foreseen SET judged = replace(judged::text, 'TERANCAM', 'DICABUT')::json"
    )
    if change == "a fact":
        await inbox_of(work, certification, before).receive(
            Registry(before).tell(sosialisasi(KEYS[0]), village=KEYS[0])
        )
    elif change == "a rule set":
        await fetch(
            work,
            "INSERT INTO rule_sets SELECT 'other', 1, village_kind, '11.01', valid_from,"
            " recorded_at, checksum, body FROM rule_sets LIMIT 1",
        )
    due = await replica(MIDNIGHT + timedelta(days=100 if change == "a later day" else 0))

    await due.review_due()

    rows = await fetch(work, "SELECT standing FROM villages")
    assert [standing] == [row["standing"] for row in rows]


async def test_another_release_and_new_rules_are_foreseen_anew(
    eligibility_urls: ServiceUrls, work: Database, replica: Replica
) -> None:
    """What a release that judges otherwise has foreseen is not read, were it of another form."""
    await villages_due(eligibility_urls, KEYS[:2], DUE_ON)
    certification = await replica(MIDNIGHT - timedelta(hours=5))
    assert 2 == await certification.foresee()
    assert 0 == await certification.foresee()
    await fetch(work, "UPDATE foreseen SET judged_by = 'before', judged = '{}'")

    assert 2 == await certification.foresee()
    await fetch(
        work,
        "INSERT INTO rule_sets SELECT 'other', 1, village_kind, '11.01', valid_from,"
        " recorded_at, checksum, body FROM rule_sets LIMIT 1",
    )
    assert 2 == await certification.foresee()
    await fetch(work, "UPDATE foreseen SET judged_by = 'before', judged = '{}'")
    due = await replica(MIDNIGHT)

    assert 2 == await due.review_due()

    rows = await fetch(work, "SELECT standing FROM villages")
    assert ["TERANCAM", "TERANCAM"] == [row["standing"] for row in rows]


async def test_a_village_that_cannot_be_judged_holds_up_no_other(
    eligibility_urls: ServiceUrls, work: Database, replica: Replica, monkeypatch
) -> None:
    """Judging ahead goes on without it; its review says why."""
    await villages_due(eligibility_urls, KEYS[:3], DUE_ON)
    real = judging.judge

    def fail_for_one(village: Any, *others: Any) -> Any:
        if village.village_key == KEYS[0]:
            raise KeyError(village.village_key)
        return real(village, *others)

    monkeypatch.setattr("eligibility.judge.judge", fail_for_one)
    certification = await replica(MIDNIGHT - timedelta(hours=5))

    assert 3 == await certification.foresee()
    assert 0 == await certification.foresee()
    rows = await fetch(work, "SELECT village_key FROM foreseen WHERE judged::text <> 'null'")
    assert KEYS[1:3] == sorted(row["village_key"] for row in rows)


async def test_a_clock_behind_takes_nothing_back(
    eligibility_urls: ServiceUrls, work: Database, replica: Replica
):
    """A live event, judged by a process whose day has not begun yet, takes no announcement back."""
    await villages_due(eligibility_urls, KEYS[:1], DUE_ON)
    ahead = await replica(MIDNIGHT + timedelta(minutes=3))
    await ahead.review_due()
    yesterday = MIDNIGHT - timedelta(minutes=1)
    inbox = inbox_of(work, await replica(yesterday), yesterday)

    await inbox.receive(Registry(yesterday).tell(sosialisasi(KEYS[0]), village=KEYS[0]))

    rows = await fetch(work, "SELECT current->>'standing' FROM decisions ORDER BY decided_at")
    assert ["BAIK", "TERANCAM", "TERANCAM"] == [row[0] for row in rows[-3:]]


def inbox_of(work: Database, effect: Certification, at: datetime) -> Inbox:
    clock, sealer = SteadyClock(at), Sealer(bytes(32))
    return Inbox(work, inputs=INPUTS, effect=effect, clock=clock, sealer=sealer)


async def forget_facts(urls: ServiceUrls, keys: list[str]) -> None:
    owner = await Database.open(urls.owner, name="owner", size=1)
    await fetch(owner, "DELETE FROM facts WHERE village_key = ANY($1::text[])", keys)
    await owner.close()
