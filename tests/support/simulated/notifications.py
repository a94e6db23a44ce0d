"""Notifications' tables, and its statements of what is heard."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from notifications.storage import NEWS, QUERIES

from support.simulated import deliveries, statements
from support.simulated.sessions import Fields, Session, Table
from support.simulated.sql import named, rows_of

TABLES = (
    *statements.TABLES,
    Table("villages", ("village_key",)),
    Table("certifications", ("village_key",)),
    Table("heads", ("village_key",)),
    Table("ceremonies", ("ceremony_id",), unique=(("told_by",),)),
    Table("introductions", ("office_id", "year")),
    Table("offices", ("office_id",), unique=(("area_code", "kind"),), serial="office_id"),
    Table("holders", ("holder_id",)),
    Table("contacts", ("holder_id", "channel", "valid_from")),
    Table("alerts", ("alert_id",), unique=(("decision_id", "office_id", "kind"),)),
    Table(
        "deliveries",
        ("delivery_id",),
        unique=(("bundle_id", "office_id", "channel"),),
        defaults={
            **dict.fromkeys(("waits_for", "retry_at", "claimed_by", "claimed_until")),
            "attempts": 0,
            "failures": 0,
        },
    ),
    Table(
        "attempts",
        ("delivery_id", "attempt"),
        defaults=dict.fromkeys(("ended_at", "outcome", "detail")),
    ),
)


def note_villages(tx: Session, *columns: Sequence[Any]) -> None:
    names = (
        "village_key village_code name kind kecamatan_code kecamatan_name regency_code "
        "regency_name regency_kind time_zone"
    )
    _upsert(tx, "villages", names, columns)


def note_certifications(tx: Session, *columns: Sequence[Any]) -> None:
    names = "village_key decision_id eligibility stage title standing facts"
    _upsert(tx, "certifications", names, columns)


def _upsert(tx: Session, table: str, names: str, columns: Sequence[Sequence[Any]]) -> None:
    for row in rows_of(names, *columns):
        if not tx.insert(table, row, or_nothing=True):
            tx.update(table, (row.pop("village_key"),), **row)


def note_offices(tx: Session, *columns: Sequence[str]) -> None:
    for row in sorted(
        rows_of("kind area_code", *columns), key=lambda r: (r["area_code"], r["kind"])
    ):
        tx.insert("offices", row, or_nothing=True)


HEARD = (
    "alert_id decision_id office_kind office_area kind village_key village_code origin "
    "effective_on delivery_id due_at suppressed sequence ceremony_id"
)
ALERT = [
    "alert_id",
    "decision_id",
    "kind",
    "village_key",
    "village_code",
    "origin",
    "effective_on",
    "sequence",
    "ceremony_id",
]


def note_alerts(tx: Session, *arguments: Any) -> list[Fields]:
    *columns, now, sequences, ceremonies = arguments
    columns += [sequences, ceremonies]
    offices = {(row["kind"], row["area_code"]): row["office_id"] for row in tx.all("offices")}
    new = []
    for heard in rows_of(HEARD, *columns):
        office = offices[heard["office_kind"], heard["office_area"]]
        alert = {**{name: heard[name] for name in ALERT}, "office_id": office, "heard_at": now}
        if tx.insert("alerts", alert, or_nothing=True) is None:
            continue
        delivery = {
            "delivery_id": heard["delivery_id"],
            "bundle_id": heard["alert_id"],
            "alert_id": heard["alert_id"],
            "office_id": office,
            "channel": "EMAIL",
            "state": "waiting" if heard["suppressed"] is None else "suppressed",
            "reason": heard["suppressed"],
            "due_at": heard["due_at"],
            "changed_at": now,
        }
        tx.insert("deliveries", delivery)
        new.append({"delivery_id": heard["delivery_id"]})
    return new


def criteria_before(tx: Session, villages: Sequence[str]) -> list[Fields]:
    rows = [row for row in tx.all("certifications") if row["village_key"] in villages]
    return [{name: row[name] for name in ("village_key", "facts")} for row in rows]


HEAD = "village_key term_id post_kind acting begins ends coverage"


def heads_of(tx: Session, villages: Sequence[str]) -> list[Fields]:
    rows = [row for row in tx.all("heads") if row["village_key"] in villages]
    return [{name: row[name] for name in HEAD.split()} for row in rows]


def note_heads(tx: Session, *columns: Sequence[Any]) -> None:
    _upsert(tx, "heads", HEAD, columns)


def note_ceremonies(tx: Session, *columns: Sequence[Any]) -> None:
    names = "ceremony_id village_key told_by kind planned_for begins_at venue host"
    for row in rows_of(names, *columns):
        if not tx.insert("ceremonies", row, or_nothing=True):
            for fixed in ("village_key", "kind"):
                row.pop(fixed)
            tx.update("ceremonies", (row.pop("ceremony_id"),), **row)


STATEMENTS = {
    **statements.STATEMENTS,
    **named(
        QUERIES, "notifications", note_villages, note_certifications, note_offices, note_alerts
    ),
    **named(
        NEWS,
        "notifications",
        criteria_before,
        heads_of,
        note_heads,
        note_ceremonies,
    ),
    **deliveries.STATEMENTS,
}
