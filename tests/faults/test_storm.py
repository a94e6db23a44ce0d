"""Nothing lost, nothing doubled, while everything is killed at random.

Writers record facts with keys and repeat what was not acknowledged; meanwhile each process, Kafka
and Postgres are killed with SIGKILL at least twice, in an order made of a seed. At rest every
place is held to what was acknowledged. The seed is printed; STORM_SEED tells the same storm again.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import secrets
from collections import Counter
from collections.abc import AsyncIterator
from email import message_from_bytes
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from common.clock import Clock
from common.events import topics
from common.events.words import TimeZone
from eligibility.domain.rules import default_rule_sets
from embedded.mail import Mail
from embedded.stack import Stack
from support.fold_worlds import World, judged_by_day
from support.reckoning import (
    REGISTRY_TOPICS,
    Stream,
    acts_of,
    alerts_asked,
    facts_of,
    inversions,
    published,
    streams,
    unrest,
    watch_effects,
)
from support.system import APART, System, in_villages, system_of_its_own
from support.waiting import eventually
from support.writers import Branch, Government, Residents

pytestmark = [pytest.mark.stack, pytest.mark.faults, pytest.mark.timeout(300)]

VILLAGES = [*in_villages("35.05.15", range(1, 5)), *in_villages("33.26.12", range(1, 4))]
RESIDENTS = 4
KILLS = 2
PARTS = [
    ("kafka", ""),
    ("kafka", "registry-relay"),
    ("kafka", "eligibility-1"),
    ("postgres", ""),
    ("postgres", "registry-api"),
    ("postgres", "eligibility-2"),
]
"""Kafka and Postgres, alone and with a process that is killed while they are away."""
MAIL_SECONDS = 0.5
AIM_SECONDS = 6.0
"""How long a kill waits for a mail to be on its way."""
HOLDERS = {
    "/offices/BUPATI/35.05/holders": "bupati@blitarkab.example",
    "/offices/CAMAT/35.05.15/holders": "camat@blitarkab.example",
    "/offices/CAMAT/33.26.12/holders": None,
}
"""The camat of Wonopringgo has no address, and the bupati of Pekalongan is not known."""


@pytest.fixture
async def storm(tmp_path: Path) -> AsyncIterator[tuple[System, Stack]]:
    async with system_of_its_own(tmp_path, villages=VILLAGES, processes=APART) as started:
        yield started


async def test_nothing_lost_nothing_doubled(storm: tuple[System, Stack]) -> None:
    """Every acknowledged write has its effect once, in order, in every place, and at most a mail.

    Promised by the outbox (row and event in one transaction), the relay (deleted only after the
    broker's acknowledgement), the marks (effect and mark in one transaction), the chain of
    decisions and the courier's intent before each call.
    """
    system, stack = storm
    seed = int(os.environ.get("STORM_SEED") or secrets.randbelow(10**6))
    print(f"STORM_SEED={seed}")  # noqa: T201  # to tell it again
    await watch_effects(system)
    await appoint(system)
    post = Post()
    system.footing.mail.on_data = post.take

    branch = await weather(system, stack, post, seed)
    await eventually(lambda: unrest(system), {}, within=90)
    assert [] == system.fallen(), "a process ended by itself"

    told = await published(system, *REGISTRY_TOPICS)
    decisions = await published(system, topics.ELIGIBILITY_CERTIFICATIONS)
    await check_registry(system, branch, told)
    await check_eligibility(system, branch, told, decisions)
    decided = [event for some in decisions.values() for event in some]
    await check_notifications(system, decided, post.taken)
    print(dict(branch.account.deeds), dict(branch.account.unanswered))  # noqa: T201


async def appoint(system: System) -> None:
    async with system.client("notifications") as client:
        for path, email in HOLDERS.items():
            body = {"name": "Pejabat Contoh", "begins": "2020-01-02", "email": email}
            answer = await client.post(path, json=body, headers={"Idempotency-Key": path})
            assert 201 == answer.status_code, answer.text


class Post:
    """Takes mails slowly, and counts each as soon as it is there whole, acknowledged or not."""

    def __init__(self) -> None:
        self.taken: Counter[str] = Counter()
        self.taking = asyncio.Event()

    async def take(self, mail: Mail) -> None:
        self.taken[message_id(mail.raw)] += 1
        self.taking.set()
        try:
            await asyncio.sleep(MAIL_SECONDS)
        finally:
            self.taking.clear()


async def weather(system: System, stack: Stack, post: Post, seed: int) -> Branch:
    """Write and kill until each has been killed twice, then let the writers come to an end."""
    branch = Branch(system, seed)
    writers = [Government(branch, village).write() for village in VILLAGES]
    writers += [Residents(branch, "residents", n).write(VILLAGES) for n in range(RESIDENTS)]
    try:
        async with asyncio.TaskGroup() as group:
            for writer in writers:
                group.create_task(writer)
            await kill_at_random(system, stack, post, branch.chance("kills"))
            branch.enough.set()
    finally:
        await branch.close()
    return branch


async def kill_at_random(system: System, stack: Stack, post: Post, chance: random.Random) -> None:
    """Kill each twice; the courier when a mail has arrived whose outcome it has not heard."""
    victims = [*[(name, "") for name in APART] * KILLS, *PARTS]
    chance.shuffle(victims)
    for victim, meanwhile in victims:
        await asyncio.sleep(chance.uniform(0.5, 3))
        assert [] == system.fallen(), "a process ended by itself"
        if victim in ("kafka", "postgres"):
            await stack.kill(victim)  # type: ignore[arg-type]  # one of the two names
            await asyncio.sleep(chance.uniform(0.5, 1.5))
            if meanwhile:
                await system.processes[meanwhile].kill()
                await system.processes[meanwhile].start()
            await stack.restart(victim)  # type: ignore[arg-type]  # same
            continue
        if victim == "notifications":
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(post.taking.wait(), AIM_SECONDS)
        await system.processes[victim].kill()
        await asyncio.sleep(chance.uniform(0, 1.5))
        await system.processes[victim].start()


REGISTRY_ROWS = {
    "DECREE_POSTS": "SELECT count(*) FROM decrees",
    "APPOINT": "SELECT count(*) FROM terms",
    "DISMISS": "SELECT count(*) FROM terms WHERE ends_on IS NOT NULL",
    "RECORD_ENROLLMENT": "SELECT count(*) FROM enrollments",
    "ACTIVATE_ENROLLMENT": "SELECT count(DISTINCT enrollment_id) FROM enrollment_spans",
    "END_ENROLLMENT": "SELECT count(*) FROM enrollments WHERE status = 'KELUAR'",
    "MOVE_ENROLLMENT": "SELECT count(*) FROM enrollment_spans WHERE number > 1",
    "HOLD_SOSIALISASI": "SELECT count(*) FROM sosialisasi",
}
EVENTS = {
    "DECREE_POSTS": "registry.village.posts_decreed.v1",
    "APPOINT": "registry.official.appointed.v1",
    "DISMISS": "registry.official.left.v1",
    "RECORD_ENROLLMENT": "registry.enrollment.recorded.v1",
    "ACTIVATE_ENROLLMENT": "registry.enrollment.activated.v1",
    "END_ENROLLMENT": "registry.enrollment.ended.v1",
    "MOVE_ENROLLMENT": "registry.enrollment.moved_out.v1",
    "HOLD_SOSIALISASI": "registry.sosialisasi.held.v1",
}


async def check_registry(
    system: System, branch: Branch, told: dict[Stream, list[dict[str, Any]]]
) -> None:
    """Acknowledged writes = rows = acts = events in the outbox = events on the topics, no gap."""
    deeds = {kind: branch.account.deeds[kind] for kind in REGISTRY_ROWS}
    assert min(deeds.values()) > 0, deeds
    rows = {kind: (await system.rows("registry", query))[0][0] for kind, query in
            REGISTRY_ROWS.items()}  # fmt: skip
    assert deeds == rows
    acts = await system.rows("registry", "SELECT deed, count(*) AS deeds FROM acts GROUP BY deed")
    assert deeds == {row["deed"]: row["deeds"] for row in acts}

    types = Counter(event["type"] for events in told.values() for event in events)
    assert deeds == {kind: types[name] for kind, name in EVENTS.items()}
    assert types["registry.enrollment.moved_in.v1"] == deeds["MOVE_ENROLLMENT"]

    kept = await system.rows(
        "registry", "SELECT topic, village_key, array_agg(sequence ORDER BY sequence) AS all "
        "FROM events GROUP BY 1, 2"
    )  # fmt: skip
    on_topics = {stream: [int(event["sequence"]) for event in some] for stream, some in
                 told.items()}  # fmt: skip
    assert {(row[0], row[1]): row[2] for row in kept} == on_topics
    counters = await streams(system, "registry")
    assert {stream: list(range(1, last + 1)) for stream, last in counters.items()} == on_topics


async def check_eligibility(
    system: System,
    branch: Branch,
    told: dict[Stream, list[dict[str, Any]]],
    decisions: dict[Stream, list[dict[str, Any]]],
) -> None:
    """Counts as the writers know them; statuses as a judge of single days finds them; the log."""
    found = {
        row["village_key"]: row
        for row in await system.rows("eligibility", "SELECT * FROM villages")
    }
    assert {v: branch.account.persons[v] for v in VILLAGES} == {
        v: found[v]["persons"] for v in VILLAGES
    }
    assert {v: branch.account.bpu[v] for v in VILLAGES} == {v: found[v]["bpu"] for v in VILLAGES}
    waits = "SELECT village_key FROM marks WHERE parked > 0 OR held > 0"
    for service in ("eligibility", "notifications"):
        assert [] == await system.rows(service, waits)
    assert [] == await inversions(system, told)

    acts = await acts_of(system)
    assert branch.account.acts == {village: len(some) for village, some in acts.items()}
    today = Clock().today(TimeZone.WIB)
    for village in VILLAGES:
        world = World((*facts_of(told, village), *acts[village]), tuple(default_rule_sets()))
        judged = judged_by_day(world, today)[today]
        faced = {name: judged[name] for name in ("eligibility", "stage", "title", "standing")}
        assert faced == {name: found[village][name] for name in faced}, village
        assert judged["failing_since"] == found[village]["failing_since"]
        assert judged["grace_ends"] == found[village]["grace_ends"]
        assert judged["flagged"] == found[village]["flagged"]
        log = decisions[topics.ELIGIBILITY_CERTIFICATIONS, village]
        check_log([event["data"] for event in log], faced)
    logged = await system.rows("eligibility", "SELECT decision_id FROM decisions")
    assert sorted(str(row[0]) for row in logged) == sorted(
        event["data"]["decision_id"] for some in decisions.values() for event in some
    )


def check_log(log: list[dict[str, Any]], last: dict[str, str]) -> None:
    """The chain is whole, its last entry is what holds today, and no two neighbours are equal."""
    assert log[-1]["current"] == last
    for before, after in pairwise(log):
        assert after["previous_decision_id"] == before["decision_id"]
        assert after["previous"] == before["current"]
        assert told_by(before) != told_by(after)


def told_by(entry: dict[str, Any]) -> list[Any]:
    """What an entry says: four fields, three days, the flag, the rule set and the outcomes."""
    names = ("failing_since", "grace_ends", "undecidable_since", "flagged", "rule_set")
    parts = ("criterion", "met", "required", "actual", "missing")
    outcomes = [[reason[part] for part in parts] for reason in entry["reasons"]]
    return [entry["current"], *(entry[name] for name in names), outcomes]


async def check_notifications(
    system: System, decisions: list[dict[str, Any]], arrived: Counter[str]
) -> None:
    """The alerts that the decisions ask for, a delivery each, and never two mails for one."""
    rows = await system.rows("notifications", DELIVERIES)
    alerts = Counter(
        (str(row["decision_id"]), row["alert"], row["office"], row["area_code"]) for row in rows
    )
    assert alerts_asked(decisions) == alerts
    assert 1 == max(alerts.values())

    assert 1 == max(arrived.values()), "a mail was sent twice"
    states = {str(row["delivery_id"]): row["state"] for row in rows}
    print(Counter(states.values()))  # noqa: T201  # how the storm went
    assert arrived.keys() <= states.keys()
    sent = {delivery for delivery, state in states.items() if state == "sent"}
    unknown = {delivery for delivery, state in states.items() if state == "unknown"}
    assert sent <= arrived.keys() <= sent | unknown
    assert {"sent", "unknown", "suppressed", "waiting"} >= set(states.values())
    lacking = [row for row in rows if row["state"] == "waiting"]
    assert {"33.26", "33.26.12"} >= {row["area_code"] for row in lacking}

    told = await published(system, topics.NOTIFICATIONS_DELIVERIES)
    ended: dict[str, str] = {}
    for event in [event for events in told.values() for event in events]:
        ended[event["data"]["delivery_id"]] = event["data"]["state"]
    assert {d: s for d, s in states.items() if s != "waiting"} == ended


DELIVERIES = """
    SELECT d.delivery_id, d.state, a.decision_id, a.kind AS alert, o.kind AS office, o.area_code
    FROM alerts a
    JOIN offices o USING (office_id)
    LEFT JOIN deliveries d USING (alert_id)"""


def message_id(raw: bytes) -> str:
    """The delivery's id, which is the left part of the Message-ID."""
    identifier: str = message_from_bytes(raw)["Message-ID"]
    return identifier.strip().removeprefix("<").partition("@")[0]
