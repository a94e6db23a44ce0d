"""Ceremonies are planned and moved once, by who may; acts are shown before they are recorded."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from common.database import Database
from support.programme import (
    TODAY,
    coverage_changed,
    fetch,
    known,
    staffed,
)
from support.streams import KETANON, WONOPRINGGO

READ, ACT = "eligibility:read", "eligibility:act"
PLAN: dict[str, Any] = {
    "kind": "PERESMIAN",
    "planned_for": "2026-03-24",
    "begins_at": "09:00",
    "venue": "PENDOPO",
    "host": "BUPATI",
}
PENETAPAN = {
    "act": "PENETAPAN",
    "number": "560/1",
    "effective_on": "2026-02-20",
    "signing_office": "Bupati Pekalongan",
}
KEY = {"Idempotency-Key": "one"}


@pytest.fixture
async def ketanon(inbox, registry) -> None:
    """Staffed and eligible; Wonopringgo beside it, of which nothing is known."""
    seats = [uuid4() for _ in range(9)], [uuid4() for _ in range(9)]
    await inbox.receive(staffed(registry, *seats))
    await inbox.receive(registry.tell(known(WONOPRINGGO), village=WONOPRINGGO))


async def events(database: Database) -> list[dict[str, Any]]:
    rows = await fetch(
        database,
        "SELECT value FROM events WHERE topic = 'eligibility.certifications' ORDER BY event_id",
    )
    told = [msgspec.json.decode(row["value"]) for row in rows]
    return [event for event in told if ".ceremony." in event["type"]]


async def test_a_ceremony_is_planned_and_moved_once(api, ketanon, work: Database):
    """Each deed is one event with all that is planned now, and one line of who did it."""
    client = await api(READ, ACT)
    path = f"/villages/{KETANON}/ceremonies"

    planned = [await client.post(path, json=PLAN, headers=KEY) for _ in range(2)]
    ceremony_id = planned[0].json()["ceremony_id"]
    later = {"planned_for": "2026-03-25", "begins_at": None}
    moved = [
        await client.post(
            f"/ceremonies/{ceremony_id}/moved", json=later, headers={"Idempotency-Key": "two"}
        )
        for _ in range(2)
    ]
    listed = (await client.get(path)).json()["ceremonies"]

    assert [201, 201, 200, 200] == [answer.status_code for answer in (*planned, *moved)]
    first, second = await events(work)
    base = {"village_code": KETANON, "effective_on": TODAY.isoformat(), "ceremony_id": ceremony_id}
    assert {**base, **PLAN} == first["data"]
    assert {
        **base,
        **PLAN,
        **later,
        "previously_for": "2026-03-24",
        "previously_at": "09:00",
    } == second["data"]
    assert [{**PLAN, **later, "ceremony_id": ceremony_id, "moved": True}] == listed
    deeds = await fetch(work, "SELECT planned_for FROM ceremony_deeds ORDER BY recorded_at")
    assert [date(2026, 3, 24), date(2026, 3, 25)] == [row["planned_for"] for row in deeds]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"planned_for": "2026-03-01"}, "ceremony-day"),
        ({"planned_for": "2027-03-03"}, "ceremony-day"),
        ({"host": "WALI_KOTA"}, "ceremony-host"),
        ({"begins_at": "24:00"}, "invalid"),
        ({"kind": "PENCABUTAN"}, "invalid"),
    ],
    ids=["past", "years-ahead", "of-a-city", "no-hour", "no-ceremony"],
)
async def test_a_plan_that_does_not_fit_is_refused(api, ketanon, work, changed, code):
    """In words that say what to correct, and nothing is told."""
    client = await api(ACT)

    answer = await client.post(f"/villages/{KETANON}/ceremonies", json=PLAN | changed, headers=KEY)

    assert (422, f"/problems/{code}") == (answer.status_code, answer.json()["type"])
    assert [f"body.{next(iter(changed))}"] == [e["field"] for e in answer.json()["errors"]]
    assert [] == await events(work)


async def test_only_who_sees_the_village_plans_there(api, ketanon, work: Database):
    """Elsewhere the village and its ceremony are unknown; who only reads is refused."""
    here, there = await api(READ, ACT), await api(READ, ACT, areas=["33.26.12"])
    reader = await api(READ)
    path = f"/villages/{KETANON}/ceremonies"
    planned = (await here.post(path, json=PLAN, headers=KEY)).json()
    move = f"/ceremonies/{planned['ceremony_id']}/moved"
    later = {"planned_for": "2026-03-25"}

    answers = [
        await there.post(path, json=PLAN, headers=KEY),
        await there.get(path),
        await there.post(move, json=later, headers={"Idempotency-Key": "two"}),
        await reader.post(path, json=PLAN, headers={"Idempotency-Key": "three"}),
    ]

    assert [404, 404, 404, 403] == [answer.status_code for answer in answers]
    assert 1 == len(await events(work))


async def test_what_has_passed_or_stays_is_not_moved(api, ketanon, clock):
    """The same hour again, and a ceremony that was yesterday."""
    client = await api(ACT)
    path = f"/villages/{KETANON}/ceremonies"
    planned = (await client.post(path, json=PLAN, headers=KEY)).json()
    move = f"/ceremonies/{planned['ceremony_id']}/moved"

    same = await client.post(
        move,
        json={name: PLAN[name] for name in ("planned_for", "begins_at")},
        headers={"Idempotency-Key": "two"},
    )
    clock.go_to(clock.at.replace(day=25))
    past = await client.post(
        move, json={"planned_for": "2026-03-30"}, headers={"Idempotency-Key": "three"}
    )

    assert ["/problems/ceremony-unmoved", "/problems/ceremony-past"] == [
        answer.json()["type"] for answer in (same, past)
    ]


async def test_a_preview_says_what_the_act_then_does(api, ketanon, work: Database):
    """The four fields before and after; nothing is written until the act is recorded."""
    client = await api(READ, ACT)
    path = f"/villages/{KETANON}/acts"

    previewed = (await client.post(f"{path}/preview", json=PENETAPAN)).json()
    untouched = await fetch(work, "SELECT FROM acts")
    before = (await client.get(f"/villages/{KETANON}")).json()["status"]
    await client.post(path, json=PENETAPAN, headers=KEY)
    after = (await client.get(f"/villages/{KETANON}")).json()["status"]
    again = await client.post(f"{path}/preview", json=PENETAPAN)

    assert {"before": before, "after": after} == previewed
    assert ("DITETAPKAN", "BAIK") == (after["title"], after["standing"])
    assert [] == untouched
    assert (409, "/problems/already-designated") == (again.status_code, again.json()["type"])


async def test_a_preview_takes_what_came_since_the_letter(api, ketanon, inbox, registry):
    """A letter of January previewed after cover was lost in February: at risk today."""
    posts, terms = [uuid4() for _ in range(9)], [uuid4() for _ in range(9)]
    village = "33.26.12.2001"
    await inbox.receive(staffed(registry, posts, terms, village))
    lost = coverage_changed(posts[3], terms[3], date(2026, 2, 10), village=village)
    await inbox.receive(registry.tell(lost, village=village))
    client = await api(ACT)

    previewed = await client.post(
        f"/villages/{village}/acts/preview", json=PENETAPAN | {"effective_on": "2026-01-05"}
    )

    assert "TERANCAM" == previewed.json()["after"]["standing"]


@pytest.mark.parametrize(
    ("day", "status", "code"),
    [("1977-12-04", 409, "act-too-early"), ("2026-03-03", 409, "act-in-future")],
)
async def test_an_act_bears_a_possible_date(api, ketanon, day, status, code):
    """Neither before workers' social insurance began nor tomorrow."""
    client = await api(ACT)
    dated = PENETAPAN | {"effective_on": day, "reason": "Arsip."}

    for path in ("acts", "acts/preview"):
        answer = await client.post(f"/villages/{KETANON}/{path}", json=dated, headers=KEY)
        assert (status, f"/problems/{code}") == (answer.status_code, answer.json()["type"])
