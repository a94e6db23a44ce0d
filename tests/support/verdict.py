"""Every place held to what was acknowledged, when a system under weather is at rest again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from common.clock import Clock
from common.events import topics
from common.events.words import TimeZone
from eligibility.domain.rules import default_rule_sets

from support.fold_worlds import World, judged_by_day
from support.reckoning import (
    REGISTRY_TOPICS,
    TOLD_BY_OFFICIALS,
    Stream,
    acts_of,
    alerts_asked,
    facts_of,
    inversions,
    published,
    streams,
)
from support.system import SERVICES, System
from support.writers import Branch


async def check_all(
    system: System,
    branch: Branch,
    villages: Sequence[str],
    arrived: Counter[str],
    *,
    retrying: bool = False,
) -> None:
    """Registry, eligibility and notifications; `arrived` counts mails by delivery.

    Where the mail server was out of reach, a delivery may still be waiting for its next attempt.
    """
    told = await published(system, *REGISTRY_TOPICS)
    decisions = await published(system, topics.ELIGIBILITY_CERTIFICATIONS)
    await check_registry(system, branch, told)
    await check_eligibility(system, branch, told, decisions, villages=villages)
    decided = [event for some in decisions.values() for event in some]
    await check_notifications(system, decided, arrived, retrying=retrying)


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


async def check_reconcile(system: System) -> None:
    """Counters, record, topics, marks and alerts agree, as the operator's command finds."""
    for service in SERVICES:
        assert (0, "") == await system.command(service, "reconcile"), service


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
    *,
    villages: Sequence[str],
) -> None:
    """Counts as the writers know them; statuses as a judge of single days finds them; the log."""
    found = {
        row["village_key"]: row
        for row in await system.rows("eligibility", "SELECT * FROM villages")
    }
    assert {v: branch.account.persons[v] for v in villages} == {
        v: found[v]["persons"] for v in villages
    }
    assert {v: branch.account.bpu[v] for v in villages} == {v: found[v]["bpu"] for v in villages}
    waits = "SELECT village_key FROM marks WHERE parked > 0 OR held > 0"
    for service in ("eligibility", "notifications"):
        assert [] == await system.rows(service, waits)
    assert [] == await inversions(system, told)

    acts = await acts_of(system)
    assert branch.account.acts == {village: len(some) for village, some in acts.items()}
    today = Clock().today(TimeZone.WIB)
    for village in villages:
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
    system: System, decisions: list[dict[str, Any]], arrived: Counter[str], *, retrying: bool
) -> None:
    """The alerts that the decisions ask for, a delivery each, and never two mails for one."""
    rows = await system.rows("notifications", DELIVERIES)
    alerts = Counter(
        (str(row["decision_id"]), row["alert"], row["office"], row["area_code"]) for row in rows
    )
    of_decisions = {key: n for key, n in alerts.items() if key[1] != TOLD_BY_OFFICIALS}
    assert alerts_asked(decisions) == Counter(of_decisions)
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
    if retrying:
        lacking = [row for row in lacking if row["retry_at"] is None]
    assert {"33.26", "33.26.12"} >= {row["area_code"] for row in lacking}

    told = await published(system, topics.NOTIFICATIONS_DELIVERIES)
    ended: dict[str, str] = {}
    for event in [event for events in told.values() for event in events]:
        ended[event["data"]["delivery_id"]] = event["data"]["state"]
    assert {d: s for d, s in states.items() if s != "waiting"} == ended


DELIVERIES = """
    SELECT d.delivery_id, d.state, d.retry_at, a.decision_id, a.kind AS alert, o.kind AS office,
        o.area_code
    FROM alerts a
    JOIN offices o USING (office_id)
    LEFT JOIN deliveries d USING (alert_id)"""
