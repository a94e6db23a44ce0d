"""What a newer edition of the area data makes of villages: names, codes, kinds, splits, mergers."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from common.database import Database
from common.events.envelope import Origin
from common.events.registry import VillageAttributesChanged, VillageMerged, VillageSplit
from common.events.words import VillageKind
from common.ids import Ids
from common.inbox import Inbox
from common.security import Caller
from eligibility.application import Act, Certification
from eligibility.domain.facts import ActKind
from support.programme import (
    START,
    Registry,
    SteadyClock,
    coverage_changed,
    fetch,
    known,
    staffed,
    state,
)
from support.streams import KETANON, WONOPRINGGO

READ, ACT = "eligibility:read", "eligibility:act"
OFFICER = Caller("urn:test", "petugas", frozenset(), frozenset({"*"}))
MERGED_ON = date(2026, 6, 5)
"""After grace has ended on 30 May."""
NEW_CODE = "33.26.10.1901"


def changed(previous: str, code: str, **more: Any) -> VillageAttributesChanged:
    kind = VillageKind.KELURAHAN if code[9] == "1" else VillageKind.DESA
    data = known(KETANON).model_dump() | {"village_code": code, "kind": kind} | more
    return VillageAttributesChanged(**data | {"previous_code": previous})


def merged(on: date = MERGED_ON) -> VillageMerged:
    return VillageMerged(effective_on=on, village_code=KETANON, merged_into=WONOPRINGGO)


@pytest.fixture
async def at_risk(
    *, inbox: Inbox, registry: Registry, app: Database, certification, clock: SteadyClock
) -> list[Any]:
    """Ketanon, named, failing since 1 March, with a suspension proposed since 30 May."""
    posts, terms = [uuid4() for _ in range(9)], [uuid4() for _ in range(9)]
    await inbox.receive(registry.tell(known(WONOPRINGGO), village=WONOPRINGGO))
    await inbox.receive(staffed(registry, posts, terms))
    act = Act(ActKind.PENETAPAN, "560/1", date(2026, 1, 5), "Bupati Pekalongan")
    await Certification(app, clock=clock, ids=Ids()).record_act(KETANON, act, OFFICER)
    await inbox.receive(registry.tell(coverage_changed(posts[2], terms[2], date(2026, 3, 1))))
    while clock.at < START + timedelta(days=90):
        clock.go_to(clock.at + timedelta(days=1))
        await certification.review_due()
    return [*zip(posts, terms, strict=True)]


async def test_a_village_is_found_by_all_its_codes(api, inbox, registry, certification):
    """Re-coded twice: the key, the code between and today's lead to it; name and kind are new."""
    await inbox.receive(registry.tell(known()))
    between = "33.26.10.2977"
    for previous, code in ((KETANON, between), (between, NEW_CODE)):
        await inbox.receive(registry.tell(changed(previous, code, name="Ketanon Kota")))
    client = await api(READ)

    found = [(await client.get(f"/villages/{c}")).json() for c in (KETANON, between, NEW_CODE)]

    assert found[0] == found[1] == found[2]
    assert (KETANON, NEW_CODE, "Ketanon Kota", "KELURAHAN") == tuple(
        found[0][name] for name in ("village_key", "village_code", "name", "kind")
    )


async def test_pages_name_the_latest_edition(api, inbox, registry, certification):
    """The one that villages were told from last by its day, whichever was heard last."""
    newer = changed(KETANON, NEW_CODE, edition="Kepmendagri Uji 2026", effective_on=MERGED_ON)
    older = known(WONOPRINGGO, edition="Kepmendagri Uji 2025")
    await inbox.receive(registry.tell(known(), newer))
    await inbox.receive(registry.tell(older, village=WONOPRINGGO))
    client = await api(READ)

    page = await client.get(f"/desa/{KETANON}", headers={"Accept": "text/html"})

    assert "Wilayah: Kepmendagri Uji 2026." in page.text


async def test_a_child_begins_without_its_parents_title(api, inbox, registry, at_risk):
    """It names whence it comes, and nothing of the parent's title is its own."""
    child = "33.26.10.2955"
    split = VillageSplit(effective_on=MERGED_ON, village_code=child, split_from=KETANON)
    await inbox.receive(registry.tell(known(child), split, village=child))
    client = await api(READ)

    body = (await client.get(f"/villages/{child}")).json()
    page = await client.get(f"/desa/{child}", headers={"Accept": "text/html"})

    assert (KETANON, "NONE", "NONE") == (
        body["split_from"],
        body["status"]["title"],
        body["status"]["standing"],
    )
    assert "Dimekarkan dari" in page.text


async def test_a_merged_village_is_closed(
    *, api, inbox: Inbox, registry: Registry, work: Database, certification, clock, at_risk
):
    """Shown and not listed; its proposal is withdrawn, time says nothing more, acts are refused."""
    client = await api(READ, ACT)
    open_before = (await client.get(f"/villages/{KETANON}")).json()["proposal"]
    await inbox.receive(registry.tell(merged(), origin=Origin.IMPORT))
    for _ in range(40):
        clock.go_to(clock.at + timedelta(days=1))
        await certification.review_due()

    body = (await client.get(f"/villages/{KETANON}")).json()
    log = (await client.get(f"/villages/{KETANON}/decisions")).json()["decisions"]
    listed = (await client.get("/villages")).json()["villages"]
    act = {
        "act": "PENANGGUHAN",
        "number": "1",
        "effective_on": MERGED_ON.isoformat(),
        "signing_office": "Bupati",
    }
    plan = {
        "kind": "PERESMIAN",
        "planned_for": (clock.at + timedelta(days=5)).date().isoformat(),
        "venue": "PENDOPO",
        "host": "BUPATI",
    }
    refused = [
        await client.post(
            f"/villages/{KETANON}/{path}", json=said, headers={"Idempotency-Key": path}
        )
        for path, said in (("acts", act), ("ceremonies", plan))
    ]

    page = await client.get(f"/desa/{KETANON}", headers={"Accept": "text/html"})

    assert "bergabung dengan wilayah" in page.text
    assert f'href="/desa/{WONOPRINGGO}"' in page.text
    assert "/catat" not in page.text
    assert open_before is not None
    assert (WONOPRINGGO, MERGED_ON.isoformat(), None, "TERANCAM") == (
        body["merged_into"],
        body["closed_on"],
        body["proposal"],
        body["status"]["standing"],
    )
    assert ("WITHDRAWN", "CLOSED") == (log[0]["entry"], log[0]["withdrawn_because"])
    assert [WONOPRINGGO] == [village["village_key"] for village in listed]
    assert [(409, "/problems/village-closed"), (422, "/problems/village-closed")] == [
        (answer.status_code, answer.json()["type"]) for answer in refused
    ]
    due = await fetch(
        work, "SELECT next_judge_on, propose_on FROM villages WHERE village_key = $1", KETANON
    )
    assert (None, None) == tuple(due[0])


@pytest.mark.parametrize("seed", range(3))
async def test_when_the_merger_is_heard_does_not_matter(
    *, api, inbox: Inbox, registry, work: Database, certification, clock, at_risk, seed: int
):
    """Facts of other topics before or after it, in any cut: one status, that of its last day."""
    post, term = at_risk[2]
    later = MERGED_ON + timedelta(days=3)
    clock.go_to(START + timedelta(days=120))
    facts = [
        registry.tell(coverage_changed(post, term, MERGED_ON, active=("JKK", "JKM"))),
        registry.tell(merged()),
    ]
    facts.append(registry.tell(coverage_changed(post, term, later)))
    officials, areas = [*facts[0], *facts[2]], facts[1]
    where = random.Random(seed).choice([0, 1, 2])
    if seed == 0:
        await inbox.receive([*officials, *areas])
    else:
        for number, record in enumerate(officials):
            if number == where:
                await inbox.receive(areas)
            await inbox.receive([record])
        if where == len(officials):
            await inbox.receive(areas)
    await certification.review_due()

    [village] = [row for row in (await state(work))["villages"] if row[0] == KETANON]
    explained = (await (await api(READ)).get(f"/villages/{KETANON}/explain")).json()
    assert ("ELIGIBLE", "BAIK", None, None) == (village[1], village[4], village[6], village[21])
    assert (MERGED_ON.isoformat(), [True]) == (
        explained["day"],
        [criterion["met"] for criterion in explained["criteria"]],
    )
