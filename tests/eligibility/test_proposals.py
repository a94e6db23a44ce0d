"""Proposals to suspend: opened and withdrawn once each, by the log alone; a person suspends."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import msgspec
import pytest
from common.clock import midnight
from common.database import Database
from common.events.eligibility import SuspensionProposed, SuspensionWithdrawn
from common.events.words import TimeZone
from common.ids import Ids
from common.inbox import Inbox
from common.migrations import migrate
from common.security import Caller
from eligibility.application import Act, Certification
from eligibility.domain.facts import ActKind
from support.databases import ServiceUrls
from support.programme import (
    TODAY,
    Registry,
    SteadyClock,
    coverage_changed,
    fetch,
    staffed,
)
from support.streams import KETANON, WONOPRINGGO

OFFICER = Caller("urn:test", "petugas", frozenset(), frozenset({"*"}))
FAILS_ON = date(2026, 3, 1)
AT_RISK_ON = FAILS_ON + timedelta(days=7)
GRACE_ENDS = FAILS_ON + timedelta(days=90)
JKK_JKM = ("JKK", "JKM")


def act(kind: ActKind, on: date) -> Act:
    return Act(kind, f"560/{kind}", on, "Bupati Pekalongan")


def nine(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 2, tzinfo=UTC)


class Branch:
    """A named village of nine posts, one of which loses and regains its cover."""

    def __init__(self, inbox: Inbox, registry: Registry, app: Database, clock: SteadyClock) -> None:
        self.posts, self.terms = [uuid4() for _ in range(9)], [uuid4() for _ in range(9)]
        self.certification = Certification(app, clock=clock, ids=Ids())
        self._inbox, self._registry, self._clock = inbox, registry, clock

    async def begin(self) -> None:
        await self._inbox.receive(staffed(self._registry, self.posts, self.terms))
        await self.acts(ActKind.PENETAPAN, date(2026, 1, 5))

    async def covers(self, on: date, active: Sequence[str] = (), *, post: int = 2) -> None:
        changed = coverage_changed(self.posts[post], self.terms[post], on, active=active)
        await self._inbox.receive(self._registry.tell(changed))

    async def acts(self, kind: ActKind, on: date) -> None:
        await self.certification.record_act(KETANON, act(kind, on), OFFICER)


@pytest.fixture
async def branch(inbox: Inbox, registry: Registry, app: Database, clock: SteadyClock) -> Branch:
    made = Branch(inbox, registry, app, clock)
    await made.begin()
    return made


@pytest.fixture
async def failing(branch: Branch) -> Branch:
    await branch.covers(FAILS_ON)
    return branch


async def days(certification: Certification, clock: SteadyClock, first: date, last: date) -> None:
    """One scheduler's nights, at nine in the morning."""
    for day in range((last - first).days + 1):
        clock.go_to(nine(first + timedelta(days=day)))
        while await certification.review_due():
            pass


async def entries(database: Database) -> list[tuple[Any, ...]]:
    rows = await fetch(
        database,
        "SELECT entry, current->>'standing' AS standing, effective_on, withdrawn_because "
        "FROM decisions WHERE village_key = $1 ORDER BY decided_at",
        KETANON,
    )
    return [tuple(row) for row in rows]


async def told(database: Database, event_type: str) -> list[dict[str, Any]]:
    rows = await fetch(database, "SELECT value FROM events ORDER BY event_id")
    events = [msgspec.json.decode(row["value"]) for row in rows]
    return [event for event in events if event["type"] == event_type]


async def test_after_grace_a_suspension_is_proposed_once(
    failing: Branch, certification: Certification, work: Database, clock: SteadyClock
):
    """Announced at its seventh day, proposed when grace ends, and not again the nights after."""
    await days(certification, clock, TODAY, GRACE_ENDS - timedelta(days=1))
    before = (await entries(work))[-1]
    await days(certification, clock, GRACE_ENDS, GRACE_ENDS + timedelta(days=40))

    assert ("STATUS", "TERANCAM", AT_RISK_ON, None) == before
    assert [("PROPOSED", "TERANCAM", GRACE_ENDS, None)] == (await entries(work))[-1:]
    [event] = await told(work, SuspensionProposed.type)
    assert {
        "effective_on": "2026-05-30",
        "opened_on": "2026-05-30",
        "failing_since": "2026-03-01",
        "grace_ends": "2026-05-30",
        "announced_on": "2026-03-08",
    } == {
        name: event["data"][name]
        for name in ("effective_on", "opened_on", "failing_since", "grace_ends", "announced_on")
    }
    assert [] == await told(work, SuspensionWithdrawn.type)


async def test_who_was_warned_late_has_thirty_days(
    branch: Branch, certification: Certification, work: Database, clock: SteadyClock
):
    """Heard after grace had ended: at risk is announced today, the proposal waits 30 days."""
    heard = GRACE_ENDS + timedelta(days=10)
    clock.go_to(nine(heard))
    await branch.covers(FAILS_ON)

    await days(certification, clock, heard, heard + timedelta(days=29))
    early = await entries(work)
    await days(certification, clock, heard + timedelta(days=30), heard + timedelta(days=31))

    assert ("STATUS", "TERANCAM", AT_RISK_ON, None) == early[-1]
    assert ("PROPOSED", "TERANCAM", heard + timedelta(days=30), None) == (await entries(work))[-1]


@pytest.mark.parametrize("recovers", ["covered", "suspended", "revoked", "later"])
async def test_what_ends_it_withdraws_it_once(
    *,
    failing: Branch,
    certification: Certification,
    work: Database,
    clock: SteadyClock,
    recovers: str,
):
    """Recovery, a person's act, or a fact by which grace still runs; the log says which."""
    await days(certification, clock, TODAY, GRACE_ENDS)
    today = GRACE_ENDS + timedelta(days=1)
    clock.go_to(nine(today))
    match recovers:
        case "covered":
            await failing.covers(today, JKK_JKM)
        case "suspended":
            await failing.acts(ActKind.PENANGGUHAN, today)
        case "revoked":
            await failing.acts(ActKind.PENCABUTAN, today)
        case _:
            # It had cover until a month ago, when another one lost it.
            await failing.covers(FAILS_ON, JKK_JKM)
            await failing.covers(today - timedelta(days=20), post=3)
    await days(certification, clock, today, today + timedelta(days=9))

    expected = {
        "covered": ("BAIK", today, "RECOVERED"),
        "suspended": ("DITANGGUHKAN", today, "SUSPENDED"),
        "revoked": ("DICABUT", today, "REVOKED"),
        "later": ("BAIK", FAILS_ON, "RECOVERED"),
    }[recovers]
    [withdrawn] = [entry for entry in await entries(work) if entry[0] == "WITHDRAWN"]
    assert expected[::2] == withdrawn[1::2]
    [opened], [ended] = (
        await told(work, SuspensionProposed.type),
        await told(work, SuspensionWithdrawn.type),
    )
    assert opened["data"]["decision_id"] == ended["data"]["proposal_id"]
    assert expected[2] == ended["data"]["because"]


async def test_a_fact_by_which_grace_still_runs_withdraws_it(
    failing: Branch, certification: Certification, work: Database, clock: SteadyClock
):
    """The day since which it fails moves to last month while it stays at risk: proposed later."""
    later = date(2026, 4, 20)
    await days(certification, clock, TODAY, date(2026, 4, 19))
    clock.go_to(nine(later))
    await failing.covers(later, post=3)
    await days(certification, clock, later, GRACE_ENDS)
    await failing.covers(FAILS_ON, JKK_JKM)
    await days(certification, clock, GRACE_ENDS, later + timedelta(days=90))

    assert [
        ("PROPOSED", "TERANCAM", GRACE_ENDS, None),
        ("WITHDRAWN", "TERANCAM", "GRACE_RUNNING"),
        ("PROPOSED", "TERANCAM", later + timedelta(days=90), None),
    ] == [
        entry if entry[0] == "PROPOSED" else (*entry[:2], entry[3])
        for entry in await entries(work)
        if entry[0] != "STATUS"
    ]


async def test_many_schedulers_open_one(
    *, eligibility_urls, failing: Branch, certification, work: Database, clock: SteadyClock
):
    """Two processes with four rounds each at one midnight: one proposal, one chain."""
    await days(certification, clock, TODAY, GRACE_ENDS - timedelta(days=1))
    database = await Database.open(eligibility_urls.work, name="other", size=4)
    other = Certification(database, clock=clock, ids=Ids())
    clock.go_to(nine(GRACE_ENDS))

    await asyncio.gather(*(c.review_due() for c in (certification, other) * 4))
    await asyncio.gather(*(c.review_due() for c in (certification, other) * 4))

    await database.close()
    assert 1 == len(await told(work, SuspensionProposed.type))
    assert await is_a_chain(work)


async def is_a_chain(database: Database) -> bool:
    rows = await fetch(
        database,
        "SELECT decision_id, previous_decision_id FROM decisions ORDER BY decided_at",
    )
    previous: list[UUID | None] = [None, *(row["decision_id"] for row in rows)]
    return previous[:-1] == [row["previous_decision_id"] for row in rows]


async def test_a_proposal_foreseen_and_one_entered_late_are_the_same(
    failing: Branch, certification: Certification, work: Database, clock: SteadyClock
):
    """Judged ahead and entered three days late: due on the day grace ended, opened on the day."""
    await days(certification, clock, TODAY, GRACE_ENDS - timedelta(days=1))
    foreseen = await certification.foresee()
    late = GRACE_ENDS + timedelta(days=3)
    clock.go_to(nine(late))
    await certification.review_due()

    [event] = await told(work, SuspensionProposed.type)
    assert 1 == foreseen
    assert (GRACE_ENDS.isoformat(), late.isoformat()) == (
        event["data"]["effective_on"],
        event["data"]["opened_on"],
    )


async def test_the_api_shows_what_stands_open(
    *, failing: Branch, certification: Certification, clock: SteadyClock, api, inbox, registry
):
    """The village, as of a day, its explanation, its log, and the list of open proposals."""
    await inbox.receive(
        staffed(
            registry,
            [uuid4() for _ in range(9)],
            [uuid4() for _ in range(9)],
            WONOPRINGGO,
        )
    )
    await days(certification, clock, TODAY, GRACE_ENDS + timedelta(days=5))
    client = await api("eligibility:read")

    now = (await client.get(f"/villages/{KETANON}")).json()["proposal"]
    then = [
        (await client.get(f"/villages/{KETANON}", params={"on": day.isoformat()})).json()
        for day in (GRACE_ENDS - timedelta(days=1), GRACE_ENDS)
    ]
    explained = (await client.get(f"/villages/{KETANON}/explain")).json()
    log = (await client.get(f"/villages/{KETANON}/decisions")).json()["decisions"]
    listed = (await client.get("/villages", params={"proposal": "open"})).json()["villages"]
    refused = await client.get("/villages", params={"proposal": "closed"})

    assert {
        "proposal_id": log[0]["decision_id"],
        "opened_on": "2026-05-30",
        "because": {
            "failing_since": "2026-03-01",
            "grace_ends": "2026-05-30",
            "announced_on": "2026-03-08",
        },
    } == now
    assert [None, now] == [answer["proposal"] for answer in then]
    assert now == explained["village"]["proposal"]
    assert ("PROPOSED", log[0]["previous"], "TERANCAM") == (
        log[0]["entry"],
        log[0]["current"],
        log[0]["current"]["standing"],
    )
    assert [KETANON] == [village["village_key"] for village in listed]
    assert 400 == refused.status_code


async def test_an_upgrade_wakes_villages_at_risk_at_their_own_midnight(
    eligibility_urls: ServiceUrls,
):
    """As every other day does; an earlier waking stays."""
    owner = await asyncpg.connect(eligibility_urls.owner, timeout=10)
    try:
        await owner.execute(
            "DELETE FROM _pogo_migration"
            " WHERE migration_id = '0271_pre_proposals_at_local_midnight'"
        )
        await owner.execute(
            """INSERT INTO villages (
                village_key, village_code, name, kind, kecamatan_code, kecamatan_name,
                regency_code, regency_name, regency_kind, province_code, province_name,
                time_zone, propose_on, next_review_at
            )
            SELECT key, key, 'Desa', 'DESA', left(key, 8), 'Kecamatan', left(key, 5), 'Kabupaten',
                'KABUPATEN', left(key, 2), 'Provinsi', zone, '2026-06-01', woken::timestamptz
            FROM (VALUES
                ('33.26.10.2001', 'WIB', '2026-06-01 00:00+00'),
                ('94.01.01.2001', 'WIT', '2026-06-01 00:00+00'),
                ('94.01.01.2002', 'WIT', '2026-05-01 15:00+00')
            ) AS v (key, zone, woken)"""
        )
        await migrate(eligibility_urls.owner, "eligibility.storage")
        woken = await owner.fetch("SELECT next_review_at FROM villages ORDER BY village_key")
    finally:
        await owner.close()

    assert [
        midnight(date(2026, 6, 1), TimeZone.WIB),
        midnight(date(2026, 6, 1), TimeZone.WIT),
        midnight(date(2026, 5, 2), TimeZone.WIT),
    ] == [row["next_review_at"] for row in woken]
