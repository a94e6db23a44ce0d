"""The decision log: at rest its last entry equals S(today), and no two neighbours are equal.

An entry about a proposal repeats what was said of the status; what it changes is what stands open.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from common.database import Database
from common.events import EVENT_TYPES
from common.events.registry import DecreedPost, PostsDecreed
from common.events.words import PostKind
from common.ids import Ids
from common.inbox import Inbox
from common.security import Caller
from eligibility.application import Act, Certification
from eligibility.domain.facts import READERS, Acted, ActKind, Fact, fact_of
from eligibility.domain.fold import fold
from eligibility.domain.rules import default_rule_sets
from eligibility.domain.status import NOTHING_KNOWN, Status
from support.histories import arrival, cut, history
from support.programme import (
    TODAY,
    Registry,
    SteadyClock,
    appointed,
    coverage_changed,
    fetch,
    known,
    left,
    recorded,
    sosialisasi,
    staffed,
)
from support.streams import KETANON, Record

OFFICER = Caller("urn:test", "petugas", frozenset(), frozenset({"*"}))
PENETAPAN = Act(ActKind.PENETAPAN, "560/1", date(2026, 1, 5), "Bupati Pekalongan", "tercatat")
TWELVE = (
    PostKind.KEPALA_DESA,
    PostKind.SEKRETARIS_DESA,
    *[PostKind.KAUR] * 3,
    *[PostKind.KASI] * 3,
    *[PostKind.KEPALA_DUSUN] * 4,
)
FOUNDED = date(2025, 6, 1)
NOTHING_SAID: dict[str, Any] = {
    "current": dict.fromkeys(("stage", "title", "standing"), "NONE")
    | {"eligibility": "CANNOT_DECIDE"}
}


async def the_log(database: Database, village: str = KETANON) -> list[dict[str, Any]]:
    """What each entry says, and the proposal that stands after it; not what only explains it."""
    rows = await fetch(
        database,
        "SELECT * FROM decisions WHERE village_key = $1 ORDER BY decided_at, decision_id",
        village,
    )
    log, stands = [], None
    for row in rows:
        stands = {"PROPOSED": row["decision_id"], "WITHDRAWN": None}.get(row["entry"], stands)
        log.append(entry(row) | {"proposal": stands})
    return log


def entry(row: Any) -> dict[str, Any]:
    days = ("failing_since", "grace_ends", "undecidable_since", "flagged", "rule_set_checksum")
    said = {name: row[name] for name in days}
    said["current"] = msgspec.json.decode(row["current"])
    said["reasons"] = [
        {name: reason[name] for name in ("criterion", "met", "required", "actual", "missing")}
        for reason in msgspec.json.decode(row["reasons"])
    ]
    return said


def as_said(status: Status) -> dict[str, Any]:
    """The entry that says a status."""
    if status.face == NOTHING_KNOWN.face:
        return NOTHING_SAID
    return {
        "failing_since": status.failing_since,
        "grace_ends": status.grace_ends,
        "undecidable_since": status.undecidable_since,
        "flagged": status.flagged,
        "rule_set_checksum": status.rule_set and status.rule_set.checksum,
        "current": msgspec.to_builtins(status.face),
        "reasons": [
            {
                "criterion": reason.criterion,
                "met": reason.met,
                "required": reason.required,
                "actual": reason.actual,
                "missing": msgspec.to_builtins(list(reason.missing)),
            }
            for reason in status.reasons
        ],
    }


def facts_of(records: Sequence[Record]) -> list[Fact]:
    """What events say, read past the service."""
    facts = []
    for record in records:
        event = msgspec.json.decode(record.value)
        if event["type"] in READERS:
            fact = fact_of(
                event["type"],
                EVENT_TYPES[event["type"]].model_validate(event["data"]),
                recorded_at=datetime.fromisoformat(event["time"]),
                id=UUID(event["id"]),
            )
            facts += [fact] if fact else []
    return facts


class Told:
    """A village of twelve posts, told event by event."""

    def __init__(self, inbox: Inbox, registry: Registry) -> None:
        self.inbox, self.registry = inbox, registry
        self.posts = [uuid4() for _ in TWELVE]
        self.terms = [uuid4() for _ in TWELVE]

    def events(self) -> list[Any]:
        decree = PostsDecreed(
            effective_on=FOUNDED,
            village_code=KETANON,
            decree_id=uuid4(),
            posts=tuple(
                DecreedPost(post_id=post, kind=kind, ordinal=TWELVE[:i].count(kind) + 1)
                for i, (post, kind) in enumerate(zip(self.posts, TWELVE, strict=True))
            ),
        )
        terms = zip(self.posts, self.terms, TWELVE, strict=True)
        return [
            known(),
            decree,
            *(appointed(p, t, on=FOUNDED, kind=k) for p, t, k in terms),
            recorded(),
            sosialisasi(),
        ]

    async def singly(self, *events: Any) -> None:
        for event in events:
            await self.inbox.receive(self.registry.tell(event))


@pytest.fixture
def village(inbox: Inbox, registry: Registry) -> Told:
    return Told(inbox, registry)


async def test_each_appointment_is_an_entry(village: Told, work: Database):
    """Twelve posts filled one by one: the decree and each appointment change the reasons.

    The enrollment and the sosialisasi, which change nothing that the log says of a village that
    meets its rules, are none.
    """
    await village.singly(*village.events())

    log = await the_log(work)
    assert list(range(13)) == [said["reasons"][0]["actual"] for said in log]
    assert ["CANNOT_DECIDE"] * 8 + ["NOT_ELIGIBLE"] * 4 + ["ELIGIBLE"] == [
        said["current"]["eligibility"] for said in log
    ]


async def test_one_batch_is_one_entry(village: Told, work: Database):
    """The same village heard at once: one entry."""
    await village.inbox.receive(village.registry.tell(*village.events()))

    assert [12] == [said["reasons"][0]["actual"] for said in await the_log(work)]


@pytest.fixture
async def designated(village: Told, app: Database, clock: SteadyClock) -> Told:
    """All twelve posts held and covered, and the title."""
    await village.inbox.receive(village.registry.tell(*village.events()))
    await Certification(app, clock=clock, ids=Ids()).record_act(KETANON, PENETAPAN, OFFICER)
    return village


async def test_another_reason_for_the_same_four_fields_is_an_entry(
    designated: Told, work: Database, clock: SteadyClock, certification: Certification
):
    """The head leaves, a new one comes who is not covered: TERANCAM both times, told both times."""
    gone, come = date(2026, 3, 2), date(2026, 4, 10)
    head, term = designated.posts[0], designated.terms[0]
    await designated.singly(left(head, term, gone, kind=PostKind.KEPALA_DESA))
    clock.go_to(datetime(2026, 4, 9, 5, tzinfo=UTC))
    await certification.review_due()
    clock.go_to(datetime(2026, 4, 11, 5, tzinfo=UTC))
    new = appointed(head, on=come, kind=PostKind.KEPALA_DESA, active=())
    await designated.singly(new)
    await designated.singly(recorded(), sosialisasi())

    *_, before, after = await the_log(work)
    vacant, uncovered = (before["reasons"], after["reasons"])
    assert "TERANCAM" == before["current"]["standing"]
    assert before["current"] == after["current"]
    assert [{"post_kind": "KEPALA_DESA", "vacant": 1, "not_covered": 0}] == vacant[0]["missing"]
    assert [{"post_kind": "KEPALA_DESA", "vacant": 0, "not_covered": 1}] == uncovered[0]["missing"]
    assert [FOUNDED, PENETAPAN.effective_on, gone, gone + timedelta(30), come] == [
        row[0]
        for row in await fetch(work, "SELECT effective_on FROM decisions ORDER BY decided_at")
    ]


async def test_a_village_is_so_since_its_four_fields_are(
    inbox: Inbox, registry: Registry, work: Database
):
    """New reasons are an entry of their own day; `since` stays where the four fields began."""
    posts, terms = [uuid4() for _ in range(9)], [uuid4() for _ in range(9)]
    await inbox.receive(staffed(registry, posts, terms))
    for place, day in ((3, date(2026, 2, 1)), (4, date(2026, 2, 20))):
        await inbox.receive(registry.tell(coverage_changed(posts[place], terms[place], day)))

    days = await fetch(work, "SELECT effective_on FROM decisions ORDER BY decided_at")
    [since] = await fetch(work, "SELECT since FROM villages")
    assert [FOUNDED, date(2026, 2, 1), date(2026, 2, 20)] == [row[0] for row in days]
    assert date(2026, 2, 1) == since[0]


async def test_a_penetapan_entered_late_holds_from_its_own_date(
    inbox: Inbox, registry: Registry, app: Database, work: Database, clock: SteadyClock
):
    """What has moved between the letter and its entry does not move the letter's date."""
    posts, terms = [uuid4() for _ in range(9)], [uuid4() for _ in range(9)]
    await inbox.receive(staffed(registry, posts, terms))
    await inbox.receive(registry.tell(coverage_changed(posts[3], terms[3], date(2026, 2, 28))))

    await Certification(app, clock=clock, ids=Ids()).record_act(KETANON, PENETAPAN, OFFICER)

    [row] = await fetch(
        work, "SELECT effective_on FROM decisions WHERE current->>'title' = 'DITETAPKAN'"
    )
    assert PENETAPAN.effective_on == row[0]


async def test_what_only_explains_is_no_entry(inbox: Inbox, registry: Registry, work: Database):
    """The same shortfall since an earlier day, by another event: nothing new is told."""
    posts, terms = [uuid4() for _ in range(9)], [uuid4() for _ in range(9)]
    await inbox.receive(staffed(registry, posts, terms))
    for day in (date(2026, 2, 20), date(2026, 2, 1)):
        await inbox.receive(registry.tell(coverage_changed(posts[3], terms[3], day)))

    [since] = await fetch(work, "SELECT since FROM villages")
    assert 2 == len(await the_log(work))
    assert date(2026, 2, 1) == since[0]


async def test_new_area_data_of_a_bare_village_tells_nothing(
    inbox: Inbox, registry: Registry, work: Database
):
    """A rule set for a village of which nothing is known does not begin its log."""
    await inbox.receive(registry.tell(known()))
    await inbox.receive(registry.tell(known(name="Ketanon Ageng")))

    assert [] == await the_log(work)


@pytest.mark.parametrize("seed", range(4))
async def test_at_rest_the_last_entry_is_today(
    *, inbox: Inbox, app: Database, work: Database, clock: SteadyClock, certification, seed: int
):
    """Any order, any cut, acts, 120 nights: the last entry is S(today), neighbours differ."""
    chance = random.Random(seed)
    registry = Registry()
    villages = [f"33.26.0{seed + 1}.2{number:03d}" for number in range(1, 16)]
    told = {v: history(seed * 100 + n, v, registry) for n, v in enumerate(villages)}
    records = arrival(chance, [record for some in told.values() for record in some])
    for batch in cut(chance, records):
        await inbox.receive(batch)
    branch = Certification(app, clock=clock, ids=Ids())
    for village in villages[::2]:
        await branch.record_act(village, PENETAPAN, OFFICER)
    for _ in range(120):
        clock.go_to(clock.at + timedelta(days=1))
        await certification.review_due()

    today = TODAY + timedelta(days=120)
    for village, own in told.items():
        log = await the_log(work, village)
        facts = [*facts_of(own), *await acts_of(work, village)]
        expected = fold(facts, default_rule_sets(), until=today).on(today)
        last = {name: said for name, said in log[-1].items() if name != "proposal"} if log else None
        assert as_said(expected) == (last or NOTHING_SAID), village
        assert all(before != after for before, after in pairwise(log)), village


async def acts_of(database: Database, village: str) -> list[Fact]:
    rows = await fetch(
        database,
        "SELECT act_id AS id, act, effective_on, recorded_at FROM acts WHERE village_key = $1",
        village,
    )
    return [Acted(**{**row, "act": ActKind(row["act"])}) for row in rows]
