"""What was decided and told in a run, held to the facts by judges of their own."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Any

import msgspec
from common.events import topics
from common.events.words import TimeZone
from eligibility.domain.rules import default_rule_sets

from support.fold_worlds import World as Facts
from support.fold_worlds import judged_by_day
from support.reckoning import TOLD_BY_OFFICIALS, alerts_asked, facts_of
from support.simulated.mail import Post
from support.simulated.postgres import Server
from support.simulated.programme import VILLAGES
from support.simulated.services import HOLDERS
from support.simulated.world import World
from support.verdict import told_by

FACE = ("eligibility", "stage", "title", "standing")
STATUS = (*FACE, "failing_since", "grace_ends", "flagged")
RULES = tuple(default_rule_sets())
RESTING = {"sent", "unknown", "suppressed", "waiting", "failed"}


def told(server: Server, *names: str) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """Each stream's events as its producer recorded them, in their order."""
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    rows = server.rows["events"]
    for village, topic, sequence in sorted(rows):
        if not names or topic in names:
            event = msgspec.json.decode(rows[village, topic, sequence]["value"])
            found.setdefault((topic, village), []).append(event)
    return found


def undelivered(world: World) -> list[str]:
    """Deliveries that a courier has in hand or should have.

    In the end every village is known: what waits for one is looked at again within seconds.
    """
    rows = world.servers["notifications"].rows["deliveries"].values()
    return [
        f"delivery {row['delivery_id']} is {row['state']}"
        for row in rows
        if row["state"] == "sending"
        or (row["state"] == "waiting" and row["waits_for"] in {None, "VILLAGE"})
    ]


def check_decisions(world: World) -> None:
    """Every status is the fold of the facts, day by day; the log is a chain that ends there."""
    server = world.servers["eligibility"]
    facts = told(world.servers["registry"])
    today = world.clock(world.processes["eligibility-1"]).today(TimeZone.WIB)
    logs = told(server, topics.ELIGIBILITY_CERTIFICATIONS)
    for village in VILLAGES:
        row = server.rows["villages"][village,]
        judged = judged_by_day(Facts(tuple(facts_of(facts, village)), RULES), today)[today]
        expected = {name: judged[name] for name in STATUS}
        assert expected == {name: row[name] for name in STATUS}, village
        log = [
            event["data"] for event in logs.get((topics.ELIGIBILITY_CERTIFICATIONS, village), ())
        ]
        check_log(log, {name: judged[name] for name in FACE})
        entries = [r for r in server.rows["decisions"].values() if r["village_key"] == village]
        assert {entry["decision_id"] for entry in log} == {str(r["decision_id"]) for r in entries}
    check_counts(world)


def check_log(log: list[dict[str, Any]], last: dict[str, Any]) -> None:
    """Each entry follows the one before it and says something else; the last says what holds."""
    if not log:
        assert "CANNOT_DECIDE" == last["eligibility"]
        return
    assert last == log[-1]["current"]
    assert log[0]["previous_decision_id"] is None
    for before, after in pairwise(log):
        assert before["decision_id"] == after["previous_decision_id"]
        assert before["current"] == after["previous"]
        assert told_by(before) != told_by(after)


def check_counts(world: World) -> None:
    """The counts are the sums of what the registry's events say."""
    persons: Counter[str] = Counter()
    for (_, village), events in told(
        world.servers["registry"], topics.REGISTRY_ENROLLMENTS
    ).items():
        for event in events:
            persons[village] += sum(e["deltas"]["persons"] for e in event["data"]["effect"])
    found = world.servers["eligibility"].rows["villages"]
    assert {v: persons[v] for v in VILLAGES} == {v: found[v,]["persons"] for v in VILLAGES}


def check_deliveries(world: World, post: Post) -> None:
    """The alerts that the decisions ask for, and never two mails for one."""
    server = world.servers["notifications"]
    decisions = told(world.servers["eligibility"], topics.ELIGIBILITY_CERTIFICATIONS)
    asked = alerts_asked([event for events in decisions.values() for event in events])
    offices = server.rows["offices"]
    alerts: Counter[tuple[str, str, str, str]] = Counter()
    for row in server.rows["alerts"].values():
        office = offices[row["office_id"],]
        alerts[str(row["decision_id"]), row["kind"], office["kind"], office["area_code"]] += 1
    assert asked == Counter({k: n for k, n in alerts.items() if k[1] != TOLD_BY_OFFICIALS})
    assert set(alerts.values()) <= {1}

    states = {key[0]: row for key, row in server.rows["deliveries"].items()}
    assert len(alerts) == len(states)
    assert set(post.taken.values()) <= {1}, "a mail was sent twice"
    by_state = {
        state: {d for d, row in states.items() if row["state"] == state} for state in RESTING
    }
    assert sum(map(len, by_state.values())) == len(states)
    assert by_state["sent"] <= post.taken.keys() <= by_state["sent"] | by_state["unknown"]
    for delivery in by_state["waiting"]:
        office = offices[states[delivery]["office_id"],]
        assert HOLDERS.get((office["kind"], office["area_code"])) is None

    ended = {}
    for events in told(server, topics.NOTIFICATIONS_DELIVERIES).values():
        for event in events:
            ended[event["data"]["delivery_id"]] = event["data"]["state"]
    final = {str(d): row["state"] for d, row in states.items() if row["state"] != "waiting"}
    assert final == ended
