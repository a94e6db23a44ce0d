"""The statements of the inbox: marks, and what is held, parked or stopped."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from common.database import Queries

from support.simulated.sessions import Fields, Session
from support.simulated.sql import array, locked, named, rows_of


def ensure(tx: Session, keys: Sequence[str], inputs: int) -> int:
    return sum(
        tx.insert(
            "marks",
            {"village_key": key, "sequences": [0] * inputs, "times": [None] * inputs},
            or_nothing=True,
        )
        is not None
        for key in sorted(keys)
    )


MARKS = ("village_key", "sequences", "times", "parked", "held")


def lock(tx: Session, keys: Sequence[str]) -> list[Fields]:
    rows = locked(tx, "marks", keys, (*MARKS, "discards"))
    for row in rows:
        row["held"] += row.pop("discards")
    return rows


def lock_only(tx: Session, keys: Sequence[str]) -> list[Fields]:
    return locked(tx, "marks", keys, ("village_key",))


def advance_one(tx: Session, keys: str, place: int, sequences: str, times: str) -> int:
    changed = 0
    for key, sequence, time in zip(array(keys), array(sequences), array(times), strict=True):
        row = tx.get("marks", key)
        if row is None:
            continue
        moved, at = list(row["sequences"]), list(row["times"])
        moved[place - 1] = int(sequence or 0)
        at[place - 1] = None if time is None else datetime.fromisoformat(time)
        tx.update("marks", (key,), sequences=moved, times=at)
        changed += 1
    return changed


def waits(tx: Session, *columns: Sequence[Any]) -> None:
    for change in rows_of("village_key parked held", *columns):
        row = tx.get("marks", change["village_key"])
        if row is not None:
            counts = {name: row[name] + change[name] for name in ("parked", "held")}
            tx.update("marks", (change["village_key"],), **counts)


def held_of(tx: Session, keys: Sequence[str]) -> list[Fields]:
    names = [
        "village_key",
        "topic",
        "sequence",
        "kafka_partition",
        "kafka_offset",
        "value",
        "sealing",
    ]
    return [
        {name: row[name] for name in names} for row in tx.all("held") if row["village_key"] in keys
    ]


def discarded(tx: Session, keys: Sequence[str]) -> list[Fields]:
    """No person discards anything in a run."""
    assert not tx.all("discards")
    return []


def settled_records(tx: Session, *columns: Sequence[Any]) -> list[Fields]:
    """Nor settles anything."""
    assert not tx.all("settled_records")
    return []


def hold(tx: Session, *arguments: Any) -> list[Fields]:
    *columns, now = arguments
    names = "village_key topic sequence kafka_partition kafka_offset value"
    return [
        {"village_key": row["village_key"]}
        for row in rows_of(names, *columns)
        if tx.insert("held", {**row, "held_at": now, "sealing": 1}, or_nothing=True)
    ]


def unhold(tx: Session, *columns: Sequence[Any]) -> int:
    return sum(tx.delete("held", *row) for row in zip(*columns, strict=True))


def park(tx: Session, *arguments: Any) -> list[Fields]:
    *columns, now = arguments
    names = "village_key topic kafka_partition kafka_offset sequence reason detail value"
    return [
        {"village_key": row["village_key"]}
        for row in rows_of(names, *columns)
        if tx.insert("parked", {**row, "parked_at": now, "sealing": 1}, or_nothing=True)
    ]


def park_in_turn(tx: Session, number: int) -> list[Fields]:
    """`pg_advisory_xact_lock`."""
    tx.lock("advisory", number)
    return [{"pg_advisory_xact_lock": ""}]


def parked_lately(tx: Session, since: datetime) -> list[Fields]:
    found: dict[str, set[str]] = {}
    for row in tx.all("parked"):
        if row["parked_at"] > since and row["reason"] != "BEHIND_PARKED":
            found.setdefault(row["reason"], set()).add(row["village_key"])
    return [{"reason": reason, "villages": len(found[reason])} for reason in sorted(found)]


def parking_allowed(tx: Session) -> list[Fields]:
    return [{"until": row["until"]} for row in tx.all("parking_allowed")]


def stopped(tx: Session) -> list[Fields]:
    return [
        {"reason": row["reason"], "stopped_at": row["stopped_at"]}
        for row in tx.all("consuming_stopped")
    ]


def stop(tx: Session, reason: str, now: datetime) -> None:
    tx.insert("consuming_stopped", {"reason": reason, "stopped_at": now}, or_nothing=True)


def holding(tx: Session) -> list[Fields]:
    """`known` is an estimate of the planner's: of a table so small it has none."""
    return [{"holding": len({row["village_key"] for row in tx.all("held")}), "known": 0}]


STATEMENTS = named(
    Queries.of("common", "inbox.sql"),
    "inbox",
    *(ensure, lock, lock_only, advance_one, waits, held_of, hold, unhold, park),
    *(
        park_in_turn,
        parked_lately,
        parking_allowed,
        stopped,
        stop,
        holding,
        discarded,
        settled_records,
    ),
)
