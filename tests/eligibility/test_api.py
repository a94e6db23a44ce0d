"""What the API answers."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from uuid import uuid4

import pytest
from common.database import Database
from common.health import Health
from common.inbox import Inbox
from common.security import unscoped_routes
from eligibility.main import create_app
from prometheus_client import CollectorRegistry
from support.programme import (
    TODAY,
    Registry,
    activated,
    coverage_changed,
    fetch,
    known,
    staffed,
)
from support.streams import KETANON, WONOPRINGGO

READ, ACT, OPERATE = "eligibility:read", "eligibility:act", "eligibility:operate"
KEY = {"Idempotency-Key": "an-act"}
PENETAPAN = {
    "act": "PENETAPAN",
    "number": "560/123/2026",
    "effective_on": "2026-03-02",
    "signing_office": "Bupati Pekalongan",
}


@pytest.fixture
async def ketanon(inbox: Inbox, registry: Registry) -> list:
    """Ketanon with nine posts held and covered, and two members."""
    posts = [uuid4() for _ in range(9)]
    terms = [uuid4() for _ in posts]
    await inbox.receive(
        [*staffed(registry, posts, terms), *registry.tell(activated(), activated())]
    )
    return list(zip(posts, terms, strict=True))


def test_every_route_asks_for_a_scope():
    """No route but the public ones can be called without a scope."""
    app = create_app(
        reading=None,
        certification=None,
        counters=None,
        authenticator=None,
        health=Health(CollectorRegistry()),
        clock=None,
    )

    assert [] == unscoped_routes(app)


async def test_a_village_shows_its_four_fields(api, ketanon):
    """The status with its counts, rule set and the time of its data; codes dotted or not."""
    client = await api(READ)

    dotted = (await client.get(f"/villages/{KETANON}")).json()
    plain = (await client.get(f"/villages/{KETANON.replace('.', '')}")).json()

    assert plain == dotted
    assert {
        "eligibility": "ELIGIBLE",
        "stage": "MEMENUHI_SYARAT",
        "title": "NONE",
        "standing": "NONE",
    } == dotted["status"]
    assert ("2025-06-01", 2, 2, False, None) == (
        dotted["since"],
        dotted["counts"]["persons"],
        dotted["counts"]["jkk"],
        dotted["settled"],
        dotted["stale_since"],
    )
    assert "default_desa" in dotted["rule_set"]["rule_set_id"]


async def test_naming_a_village(api, ketanon):
    """An act is recorded once, changes the title, and the log tells it."""
    client = await api(READ, ACT)
    headers = {"Idempotency-Key": "one"}

    first = await client.post(f"/villages/{KETANON}/acts", json=PENETAPAN, headers=headers)
    again = await client.post(f"/villages/{KETANON}/acts", json=PENETAPAN, headers=headers)

    log = (await client.get(f"/villages/{KETANON}/decisions")).json()["decisions"]
    assert (201, 201, first.json()) == (first.status_code, again.status_code, again.json())
    assert f"eligibility.certifications/{KETANON}/2" == first.headers["Event-Position"]
    assert ["DITETAPKAN", "NONE"] == [entry["current"]["title"] for entry in log]
    assert [log[1]["decision_id"], None] == [entry["previous_decision_id"] for entry in log]
    assert [first.json()["act_id"]] == log[0]["inputs"]


async def test_a_repeat_from_other_areas_is_refused(api, ketanon):
    """The stored answer is told only to who may still see the village: 404, as for a first one."""
    before = await api(ACT, areas=["33.26"])
    shrunk = await api(ACT, areas=["33.26.12"])
    path, headers = f"/villages/{KETANON}/acts", {"Idempotency-Key": "one"}
    await before.post(path, json=PENETAPAN, headers=headers)

    repeat = await shrunk.post(path, json=PENETAPAN, headers=headers)
    fresh = await shrunk.post(path, json=PENETAPAN, headers=KEY)
    again = await before.post(path, json=PENETAPAN, headers=headers)

    assert (404, 201) == (repeat.status_code, again.status_code)
    assert fresh.json()["detail"] == repeat.json()["detail"]


async def test_of_many_officers_one_names_the_village(api, ketanon):
    """Acts of a village follow one another: the first is recorded, the others do not fit."""
    client = await api(READ, ACT)

    answers = await asyncio.gather(
        *(
            client.post(
                f"/villages/{KETANON}/acts",
                json={**PENETAPAN, "number": f"560/{n}"},
                headers={"Idempotency-Key": f"act-{n}"},
            )
            for n in range(10)
        )
    )

    log = (await client.get(f"/villages/{KETANON}/decisions")).json()["decisions"]
    assert [201, *[409] * 9] == sorted(answer.status_code for answer in answers)
    assert 2 == len(log)


async def test_an_act_that_does_not_fit_is_refused(api, ketanon):
    """Restoring what was never suspended is a conflict and stores nothing."""
    client = await api(READ, ACT)

    answer = await client.post(
        f"/villages/{KETANON}/acts", json={**PENETAPAN, "act": "PEMULIHAN"}, headers=KEY
    )

    log = (await client.get(f"/villages/{KETANON}/decisions")).json()["decisions"]
    assert (409, "/problems/not-suspended") == (answer.status_code, answer.json()["type"])
    assert 1 == len(log)


async def test_an_act_cannot_be_dated_tomorrow(api, ketanon):
    """Acts are recorded on their day or later."""
    client = await api(ACT)
    tomorrow = (TODAY + timedelta(days=1)).isoformat()

    answer = await client.post(
        f"/villages/{KETANON}/acts", json={**PENETAPAN, "effective_on": tomorrow}, headers=KEY
    )

    assert (409, "/problems/act-in-future") == (answer.status_code, answer.json()["type"])


async def test_as_of_another_day(api, ketanon, inbox: Inbox, registry: Registry):
    """On a day before the posts were held the village was not eligible and had no members."""
    client = await api(READ)

    then = (await client.get(f"/villages/{KETANON}?on=2025-05-01")).json()
    tomorrow = await client.get(f"/villages/{KETANON}?on=2026-03-03")

    assert ("CANNOT_DECIDE", 0) == (then["status"]["eligibility"], then["counts"]["persons"])
    assert (422, "query.on") == (tomorrow.status_code, tomorrow.json()["errors"][0]["field"])


async def test_as_known_at_another_moment(api, ketanon, inbox: Inbox, registry: Registry, clock):
    """A late correction changes what is known now, not what was known before it."""
    client = await api(READ)
    post, term = ketanon[2]
    registry.time = clock.at
    before = clock.at.isoformat().replace("+00:00", "Z")
    await inbox.receive(registry.tell(coverage_changed(post, term, date(2026, 2, 1))))
    day = f"/villages/{KETANON}?on=2026-02-10"

    now = (await client.get(day)).json()
    then = (await client.get(day, params={"on": "2026-02-10", "known_at": before})).json()

    assert ("NOT_ELIGIBLE", "ELIGIBLE") == (
        now["status"]["eligibility"],
        then["status"]["eligibility"],
    )


async def test_explain_names_what_blocks(api, ketanon, inbox: Inbox, registry: Registry):
    """The post that is not covered, since when, by which event, and the one step that helps."""
    client = await api(READ)
    post, term = ketanon[2]
    event = registry.tell(coverage_changed(post, term, date(2026, 2, 1)))
    await inbox.receive(event)

    told = (await client.get(f"/villages/{KETANON}/explain")).json()

    (missing,) = [post for criterion in told["criteria"] for post in criterion["posts"]]
    (step,) = told["cheapest"]
    assert (str(post), "2026-02-01", ["JKK", "JKM"]) == (
        missing["post"]["post_id"],
        missing["since"],
        missing["lacking"],
    )
    assert ("COVER_HOLDER", str(post)) == (step["kind"], step["post"]["post_id"])


@pytest.mark.parametrize(
    "moment",
    [
        "0001-01-01T00:00:00%2B14:00",
        "0001-01-01T00:00:00Z",
        "1976-12-31T23:59:59Z",
        "2200-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "9999-12-31T23:59:59-12:00",
    ],
)
async def test_a_moment_outside_all_records_is_refused(api, ketanon, moment):
    """`known_at` of another age is a wrong request, not a failure of ours."""
    client = await api(READ)

    for path in (f"/villages/{KETANON}", f"/villages/{KETANON}/explain"):
        answer = await client.get(f"{path}?known_at={moment}")

        assert 422 == answer.status_code
        assert "known_at" in answer.json()["errors"][0]["field"]


@pytest.mark.parametrize("code", ["abc", "33.26.12", "33.26.12.2008%0A"])
async def test_what_is_no_code_is_refused_in_words(api, code):
    """What is expected, with an example; no expression for machines."""
    client = await api(READ)

    answer = await client.get(f"/villages/{code}")

    [error] = answer.json()["errors"]
    assert (422, "path.code", "village-code") == (
        answer.status_code,
        error["field"],
        error["code"],
    )
    assert "Harus kode desa atau kelurahan, misalnya 33.26.12.2008." == error["reason"]


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
async def test_a_day_of_another_age_is_answered(api, ketanon, day):
    """The first day is one on which nothing was known; the last has not come."""
    client = await api(READ)

    for path in (f"/villages/{KETANON}", f"/villages/{KETANON}/explain"):
        answer = await client.get(f"{path}?on={day}")

        assert (200 if day < "2000" else 422) == answer.status_code


@pytest.mark.parametrize("field", ["reason", "number", "signing_office"])
async def test_an_act_with_control_characters_is_refused(api, ketanon, field):
    """What Postgres cannot store is told by field."""
    client = await api(ACT)

    answer = await client.post(
        f"/villages/{KETANON}/acts", json={**PENETAPAN, field: "a\0b"}, headers=KEY
    )

    assert (422, f"body.{field}") == (answer.status_code, answer.json()["errors"][0]["field"])


async def test_lists_by_area_and_status(api, ketanon, inbox: Inbox, registry: Registry):
    """Villages are found by area and by any of the four fields, a page at a time."""
    client = await api(READ)
    await inbox.receive(registry.tell(known(WONOPRINGGO), village=WONOPRINGGO))

    async def keys(query: str) -> list[str]:
        answer = (await client.get(f"/villages?{query}")).json()
        return [village["village_key"] for village in answer["villages"]]

    page = (await client.get("/villages?limit=1")).json()
    assert [KETANON] == await keys("eligibility=ELIGIBLE")
    assert [WONOPRINGGO] == await keys("kecamatan=332612")
    assert [KETANON, WONOPRINGGO] == await keys("regency=33.26")
    assert [] == await keys("province=35")
    assert [WONOPRINGGO] == await keys(f"after={page['next']}")


@pytest.mark.parametrize(
    ("query", "field"),
    [("kabupaten=3326", "query.kabupaten"), ("title=RESMI", "query.title"), ("regency=x", None)],
)
async def test_an_unknown_filter_is_refused(api, ketanon, query, field):
    """A filter that is none is told, not passed over."""
    client = await api(READ)

    answer = await client.get(f"/villages?{query}")

    assert 400 == answer.status_code
    assert (field or "query.regency") == answer.json()["errors"][0]["field"]


async def test_only_villages_of_the_callers_areas(api, ketanon):
    """Another regency's officer sees nothing of the village and can do nothing to it."""
    stranger = await api(READ, ACT, areas=["35.05"])
    neighbour = await api(READ, areas=["33.26"])

    answers = [
        await stranger.get(f"/villages/{KETANON}"),
        await stranger.get(f"/villages/{KETANON}/decisions"),
        await stranger.get(f"/villages/{KETANON}/explain"),
        await stranger.post(f"/villages/{KETANON}/acts", json=PENETAPAN, headers=KEY),
    ]
    assert [404] * 4 == [answer.status_code for answer in answers]
    assert [] == (await stranger.get("/villages")).json()["villages"]
    assert 200 == (await neighbour.get(f"/villages/{KETANON}")).status_code


async def test_without_the_scope_nothing_is_told(api, ketanon):
    """Reading is not acting, and acting is not operating."""
    client = await api(READ)

    assert (
        403
        == (await client.post(f"/villages/{KETANON}/acts", json=PENETAPAN, headers=KEY)).status_code
    )
    assert 403 == (await client.get("/marks")).status_code


async def test_marks_and_rule_sets_are_paged(api, ketanon):
    """Reconciling reads every mark, and every rule set stands with its checksum."""
    client = await api(READ, OPERATE)

    marks = (await client.get("/marks")).json()["marks"]
    page = (await client.get("/rule-sets?limit=1")).json()
    rest = (await client.get(f"/rule-sets?after={page['next']}")).json()

    assert [
        {
            "registry.villages": 2,
            "registry.enrollments": 2,
            "registry.officials": 9,
            "registry.outreach": 0,
            "registry.notices": 0,
        }
    ] == [mark["sequences"] for mark in marks]
    kinds = {rule["village_kind"] for rule in page["rule_sets"] + rest["rule_sets"]}
    assert {"DESA", "KELURAHAN", "DESA_ADAT"} == kinds


async def test_a_stored_event_is_served_byte_for_byte(api, ketanon, work: Database):
    """A consumer gets what the topic should have held; 404 behind the end of the stream."""
    client = await api("eligibility:streams")
    [[stored]] = await fetch(work, "SELECT value FROM events")
    path = f"/streams/eligibility.certifications/{KETANON}"

    found, missing = await client.get(f"{path}/1"), await client.get(f"{path}/2")

    assert stored == found.content
    assert "application/cloudevents+json" == found.headers["content-type"]
    assert (404, "/problems/event-unknown") == (missing.status_code, missing.json()["type"])


async def test_stored_events_are_for_services(api, ketanon):
    """Who may read villages may not read streams."""
    client = await api(READ, ACT, OPERATE)

    answer = await client.get(f"/streams/eligibility.certifications/{KETANON}/1")

    assert 403 == answer.status_code
