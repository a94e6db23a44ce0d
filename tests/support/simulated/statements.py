"""The statements of common: outbox, relay, inbox and idempotency keys, over dictionaries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import common.outbox
import common.outbox_queue
from common.database import Queries

from support.simulated.postgres import Statement
from support.simulated.sessions import Fields, Session, Table

TABLES = (
    Table("events", ("village_key", "topic", "sequence")),
    Table("unpublished", ("event_id",)),
    Table("streams", ("village_key", "topic")),
    Table("marks", ("village_key",), defaults={"parked": 0, "held": 0, "discards": 0}),
    Table("held", ("village_key", "topic", "sequence")),
    Table(
        "parked",
        ("parked_id",),
        unique=(("topic", "kafka_partition", "kafka_offset"),),
        serial="parked_id",
        defaults={"attempts": 0},
    ),
    Table("discards", ("discard_id",)),
    Table("settled_records", ("topic", "kafka_partition", "kafka_offset")),
    Table("consuming_stopped", ("only_row",), defaults={"only_row": True}),
    Table("parking_allowed", ("only_row",), defaults={"only_row": True}),
    Table("idempotency", ("request",), defaults=dict.fromkeys(("status", "body", "positions"))),
)


def named(queries: Queries, prefix: str, *functions: Statement) -> dict[str, tuple[str, Statement]]:
    """Functions by the text of the statement that has their name."""
    return {
        queries[name]: (f"{prefix}.{name}", function)
        for function in functions
        if (name := function.__name__.rstrip("_"))
    }


def rows_of(names: str, *columns: Sequence[Any]) -> list[Fields]:
    """`unnest`: columns to rows."""
    return [dict(zip(names.split(), row, strict=True)) for row in zip(*columns, strict=True)]


def array(literal: str) -> list[str | None]:
    """A Postgres array literal without commas in its values."""
    inner = literal[1:-1]
    values = [value.strip('"') for value in inner.split(",")] if inner else []
    return [None if value == "NULL" else value for value in values]


# The outbox.


def last_of_villages(tx: Session, keys: Sequence[str]) -> list[Fields]:
    return [row for row in tx.all("streams") if row["village_key"] in keys]


def append(tx: Session, *columns: Sequence[Any]) -> None:
    tx.transaction_id()
    for draft in rows_of("id village_key topic sequence time value", *columns):
        event_id = tx.nextval("event_ids")
        tx.insert("events", {"event_id": event_id, **draft})
        queued = {name: draft[name] for name in ("village_key", "topic", "sequence", "time")}
        tx.insert("unpublished", {"event_id": event_id, **queued})
        stream = (draft["village_key"], draft["topic"])
        counter = {"last_sequence": draft["sequence"], "last_time": draft["time"]}
        if tx.get("streams", *stream) is None:
            tx.insert("streams", {"village_key": stream[0], "topic": stream[1], **counter})
        else:
            tx.update("streams", stream, **counter)


def front(tx: Session, limit: int, floor: int = 0, waiting: Sequence[str] = ()) -> list[Fields]:
    return [_with_value(tx, row) for row in _queue(tx, floor, waiting)[:limit]]


def after(tx: Session, limit: int, floor: int, waiting: Sequence[str], last: int) -> list[Fields]:
    rows = _queue(tx, floor, waiting)
    behind = sum(row["event_id"] <= last for row in rows)
    page = [row for row in rows if row["event_id"] > last][:limit]
    return [{**_with_value(tx, row), "behind": behind} for row in page]


def _queue(tx: Session, floor: int, waiting: Sequence[str]) -> list[Fields]:
    return [
        row
        for row in tx.all("unpublished")
        if row["event_id"] > floor and row["village_key"] not in waiting
    ]


def _with_value(tx: Session, row: Fields) -> Fields:
    event = tx.get("events", row["village_key"], row["topic"], row["sequence"])
    assert event is not None
    names = ("event_id", "village_key", "topic")
    return {**{name: row[name] for name in names}, "value": event["value"]}


def published(tx: Session, ids: Sequence[int]) -> list[Fields]:
    for event_id in ids:
        tx.delete("unpublished", event_id)
    return [{"pg_current_xact_id": tx.transaction_id()}]


def running(tx: Session) -> list[Fields]:
    """`pg_snapshot_xmin`: all transactions with a smaller id have ended."""
    server = tx.server
    ids = [session.xid for session in server.sessions if session.xid is not None]
    return [{"pg_snapshot_xmin": min(ids, default=server.last_xid + 1)}]


def pg_try_advisory_lock(tx: Session, key: int) -> list[Fields]:
    holder = tx.server.advisory.setdefault(key, tx)
    return [{"pg_try_advisory_lock": holder is tx}]


def settings(tx: Session) -> None:
    """`SET …`: there is no planner, and a commit of this session need not outlive a crash."""
    tx.asynchronous = True


# Idempotency keys.


def claim(tx: Session, space: int, number: int) -> list[Fields]:
    """`pg_advisory_xact_lock`."""
    tx.lock("advisory", space, number)
    return [{"pg_advisory_xact_lock": ""}]


def stored(tx: Session, request: bytes) -> list[Fields]:
    row = tx.get("idempotency", request)
    names = ("fingerprint", "answer", "status", "body", "positions")
    return [{name: row[name] for name in names}] if row else []


def store(tx: Session, request: bytes, fingerprint: bytes, answer: bytes, now: datetime) -> None:
    row = {"request": request, "fingerprint": fingerprint, "answer": answer, "created_at": now}
    tx.insert("idempotency", row)


# The inbox.


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


def locked(tx: Session, table: str, keys: Sequence[str], names: Sequence[str]) -> list[Fields]:
    """Rows locked one by one in the order of their keys."""
    for key in sorted(keys):
        if tx.get(table, key) is not None:
            tx.lock(table, key)
    rows = [row for key in sorted(keys) if (row := tx.get(table, key)) is not None]
    return [{name: row[name] for name in names} for row in rows]


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


STATEMENTS: dict[str, tuple[str, Statement]] = {
    **named(
        common.outbox.QUERIES, "outbox", last_of_villages, append, front, after, published, running
    ),
    **named(Queries.of("common", "idempotency.sql"), "idempotency", claim, stored, store),
    **named(
        Queries.of("common", "inbox.sql"),
        "inbox",
        *(ensure, lock, lock_only, advance_one, waits, held_of, hold, unhold, park),
        *(parked_lately, parking_allowed, stopped, stop, holding, discarded, settled_records),
    ),
    "SELECT pg_try_advisory_lock($1)": ("relay.pg_try_advisory_lock", pg_try_advisory_lock),
    common.outbox_queue.SETTINGS: ("relay.settings", settings),
}
