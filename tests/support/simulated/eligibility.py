"""Eligibility's statements on the road of an event, over dictionaries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from common.database import Queries
from eligibility.counts import COUNTS

from support.simulated import statements
from support.simulated.sessions import Fields, Session, Table
from support.simulated.sql import array, named, rows_of

QUERIES = Queries.of("eligibility.storage")
OUTREACH = Queries.of("eligibility.storage", "outreach.sql")
AREA = [
    "village_code",
    "name",
    "kind",
    "kecamatan_code",
    "kecamatan_name",
    "regency_code",
    "regency_name",
    "regency_kind",
    "province_code",
    "province_name",
    "time_zone",
]
STATUS = [
    "eligibility",
    "stage",
    "title",
    "standing",
    "since",
    "failing_since",
    "grace_ends",
    "undecidable_since",
    "flagged",
    "rule_set_id",
    "rule_set_version",
    "rule_set_checksum",
    "last_decision_id",
    "next_judge_on",
    "next_review_at",
    "announced_on",
    "propose_on",
    "proposal_id",
    "opened_on",
    "lacking",
]
DATES = ("registered_since", "next_count_on")

TABLES = (
    *statements.TABLES,
    Table(
        "villages",
        ("village_key",),
        defaults={
            **dict.fromkeys(COUNTS, 0),
            **dict.fromkeys((*AREA, *STATUS, *DATES, "closed_on")),
            "eligibility": "CANNOT_DECIDE",
            **dict.fromkeys(("stage", "title", "standing"), "NONE"),
            "flagged": False,
        },
    ),
    Table("foreseen", ("village_key",)),
    Table("ledger", ("village_key", "effective_on", "known_on")),
    Table("facts", ("village_key", "id")),
    Table("village_notes", ("village_key", "note_id"), defaults={"ended_on": None}),
    Table("rule_sets", ("rule_set_id", "version")),
    Table("decisions", ("decision_id",), unique=(("village_key", "previous_decision_id"),)),
)


def places(tx: Session, keys: Sequence[str]) -> list[Fields]:
    names = ("village_key", "time_zone", "registered_since")
    return [{name: row[name] for name in names} for row in _villages(tx, keys)]


def _villages(tx: Session, keys: Sequence[str]) -> list[Fields]:
    return [row for row in tx.all("villages") if row["village_key"] in keys]


def know_villages(tx: Session, *columns: Sequence[Any]) -> None:
    for row in rows_of(" ".join(["village_key", *AREA]), *columns):
        if not tx.insert("villages", row, or_nothing=True):
            tx.update("villages", (row.pop("village_key"),), **row)


def expect_villages(tx: Session, keys: Sequence[str]) -> None:
    for key in keys:
        tx.insert("villages", {"village_key": key})


def add_counts(tx: Session, *arguments: Any) -> int:
    keys, *entries = arguments[: 3 + len(COUNTS)]
    changed, *sums, since, later, review = arguments[3 + len(COUNTS) :]
    days = [[_day(value) for value in array(some)] for some in entries[:2]]
    numbers = [[int(value or 0) for value in array(some)] for some in entries[2:]]
    names = "village_key effective_on known_on " + " ".join(COUNTS)
    for row in rows_of(names, keys, *days, *numbers):
        key = (row["village_key"], row["effective_on"], row["known_on"])
        before = tx.get("ledger", *key)
        if before is None:
            tx.insert("ledger", row)
        else:
            tx.update("ledger", key, **{name: before[name] + row[name] for name in COUNTS})
    due = [[int(value or 0) for value in array(some)] for some in sums]
    dates = [[_day(value) for value in array(some)] for some in (since, later)]
    names = "village_key " + " ".join((*COUNTS, *DATES, "next_review_at"))
    return sum(_add(tx, row) for row in rows_of(names, changed, *due, *dates, review))


def _add(tx: Session, change: Fields) -> bool:
    row = tx.get("villages", change["village_key"])
    if row is None:
        return False
    least = {
        name: min((v for v in (row[name], change[name]) if v is not None), default=None)
        for name in (*DATES, "next_review_at")
    }
    sums = {name: row[name] + change[name] for name in COUNTS}
    tx.update("villages", (row["village_key"],), **sums, **least)
    return True


def _day(value: str | None) -> date | None:
    return None if value is None else date.fromisoformat(value)


def recount(tx: Session, keys: Sequence[str], days: Sequence[date]) -> None:
    for key, today in zip(keys, days, strict=True):
        entries = [row for row in tx.all("ledger") if row["village_key"] == key]
        due = [row for row in entries if row["effective_on"] <= today]
        later = [row["effective_on"] for row in entries if row["effective_on"] > today]
        counts = {name: sum(row[name] for row in due) for name in COUNTS}
        if tx.get("villages", key) is not None:
            tx.update("villages", (key,), **counts, next_count_on=min(later, default=None))


WORKING = (
    *("village_key", "village_code", "time_zone", "next_count_on", "next_judge_on"),
    "next_review_at",
    *STATUS[: STATUS.index("last_decision_id") + 1],
    *("announced_on", "propose_on", "proposal_id", "opened_on", "closed_on"),
)


def working_rows(tx: Session, keys: Sequence[str]) -> list[Fields]:
    found = []
    for row in _villages(tx, keys):
        if row["name"] is not None:
            last = row["last_decision_id"] and tx.get("decisions", row["last_decision_id"])
            reasons = last["reasons"] if last else None
            found.append({**{name: row[name] for name in WORKING}, "reasons": reasons})
    return found


def add_facts(tx: Session, *columns: Sequence[Any]) -> None:
    for row in rows_of("village_key id recorded_at effective_on origin type data", *columns):
        tx.insert("facts", row, or_nothing=True)


def add_notes(tx: Session, *columns: Sequence[Any]) -> None:
    names = "village_key note_id kind effective_on recorded_at what amount occasion"
    for row in rows_of(names, *columns):
        tx.insert("village_notes", row, or_nothing=True)


def facts_of(tx: Session, keys: Sequence[str]) -> list[Fields]:
    names = ("village_key", "origin", "type", "data")
    return [
        {name: row[name] for name in names} for row in tx.all("facts") if row["village_key"] in keys
    ]


DECISION = (
    "decision_id village_key decided_at effective_on previous_decision_id previous current reasons "
    "rule_set_id rule_set_version rule_set_checksum failing_since grace_ends undecidable_since "
    "flagged inputs newest_input_time origin batch_id entry proposal_id announced_on opened_on "
    "withdrawn_because"
)


def write_decisions(tx: Session, *columns: Sequence[Any]) -> None:
    for row in rows_of(DECISION, *columns):
        tx.insert("decisions", {**row, "inputs": array(row["inputs"])})


def write_statuses(tx: Session, *columns: Sequence[Any]) -> None:
    for row in rows_of(" ".join(["village_key", *STATUS]), *columns):
        key = row.pop("village_key")
        if tx.get("villages", key) is not None:
            tx.update("villages", (key,), **row)


def forget_foreseen(tx: Session, keys: Sequence[str]) -> None:
    """Nothing is foreseen in a run: there is no scheduler."""
    assert not tx.all("foreseen")


RULE_SET = "rule_set_id version village_kind regency_code valid_from recorded_at checksum body"


def add_rule_set(tx: Session, *values: Any) -> None:
    tx.insert("rule_sets", dict(zip(RULE_SET.split(), values, strict=True)), or_nothing=True)


def rule_sets_for(tx: Session, regencies: Sequence[str]) -> list[Fields]:
    names = ("rule_set_id", "version", "recorded_at", "body")
    return [
        {name: row[name] for name in names}
        for row in tx.all("rule_sets")
        if row["regency_code"] is None or row["regency_code"] in regencies
    ]


STATEMENTS = {
    **statements.STATEMENTS,
    **named(OUTREACH, "outreach", add_notes),
    **named(
        QUERIES,
        "eligibility",
        *(places, know_villages, expect_villages, add_counts, recount, working_rows, add_facts),
        *(facts_of, forget_foreseen, write_decisions, write_statuses, add_rule_set, rule_sets_for),
    ),
}
