"""The statements of common: outbox, relay, inbox and idempotency keys, over dictionaries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import common.outbox
import common.outbox_queue
from common.database import Queries

from support.simulated import inbox
from support.simulated.postgres import Statement
from support.simulated.sessions import Fields, Session, Table
from support.simulated.sql import named, rows_of

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


STATEMENTS: dict[str, tuple[str, Statement]] = {
    **named(
        common.outbox.QUERIES, "outbox", last_of_villages, append, front, after, published, running
    ),
    **named(Queries.of("common", "idempotency.sql"), "idempotency", claim, stored, store),
    **inbox.STATEMENTS,
    "SELECT pg_try_advisory_lock($1)": ("relay.pg_try_advisory_lock", pg_try_advisory_lock),
    common.outbox_queue.SETTINGS: ("relay.settings", settings),
}
