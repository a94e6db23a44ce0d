"""The statements of the courier: claims, intents, outcomes, leases, and what is told of them.

`FOR SHARE` of offices takes nothing here: their holders do not change during a run.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from notifications.storage import NEWS, QUERIES

from support.simulated.sessions import Fields, Session
from support.simulated.sql import named, rows_of

FREE = {"claimed_by": None, "claimed_until": None}


def _due(row: Fields) -> bool:
    waits = row["waits_for"] is not None or row["retry_at"] is not None
    return row["state"] == "waiting" and not waits


def claim_due(tx: Session, now: datetime, limit: int) -> list[Fields]:
    rows = [row for row in tx.all("deliveries") if _due(row) and row["due_at"] <= now]
    rows.sort(key=lambda row: row["due_at"])
    claimed: list[Fields] = []
    for row in rows:
        if len(claimed) < limit and tx.try_lock("deliveries", row["delivery_id"]):
            claimed.append(row)
    claimed.sort(key=lambda row: row["office_id"])
    return [{"delivery_id": row["delivery_id"]} for row in claimed]


KNOWN_DELIVERY = ("delivery_id", "office_id", "attempts", "failures", "channel")
KNOWN_ALERT = ("alert_id", "decision_id", "village_key", "effective_on")
KNOWN_VILLAGE = [
    "village_code",
    "name",
    "kecamatan_name",
    "regency_code",
    "regency_name",
    "regency_kind",
    "time_zone",
]
FACE = ("eligibility", "stage", "title", "standing", "facts")
CEREMONY = ("ceremony_id", "planned_for", "begins_at", "venue", "host")
HEAD = ("term_id", "post_kind", "acting", "begins", "ends", "coverage")
STANDING = ("STATUS_AT_RISK", "STATUS_LOST", "STATUS_RESTORED")


def known_of_due(tx: Session, ids: Sequence[UUID], *days: date) -> list[Fields]:
    found = []
    for delivery_id in ids:
        delivery = tx.get("deliveries", delivery_id)
        alert = delivery and tx.get("alerts", delivery["alert_id"])
        if not (delivery and alert):
            continue
        found.append(((delivery["due_at"], delivery_id), _known(tx, delivery, alert, days)))
    return [row for _, row in sorted(found, key=lambda pair: pair[0])]


def _known(tx: Session, delivery: Fields, alert: Fields, days: Sequence[date]) -> Fields:
    office = tx.get("offices", delivery["office_id"]) or {}
    village = tx.get("villages", alert["village_key"]) or {}
    certified = tx.get("certifications", alert["village_key"]) or {}
    planned = [row for row in tx.all("ceremonies") if row["told_by"] == alert["decision_id"]]
    ceremony = planned[0] if planned else {}
    head = tx.get("heads", alert["village_key"]) or {}
    head = head if head.get("term_id") == alert["decision_id"] else {}
    today = _local(village, days)
    holder = _holder(tx, delivery["office_id"], today)
    told = _told_before(tx, alert)
    attempt = tx.get("attempts", delivery["delivery_id"], delivery["attempts"]) or {}
    return {
        **{name: delivery[name] for name in KNOWN_DELIVERY},
        **{name: alert[name] for name in KNOWN_ALERT},
        "alert_kind": alert["kind"],
        "office_kind": office["kind"],
        "area_code": office["area_code"],
        "today": today,
        **{name: village.get(name) for name in KNOWN_VILLAGE},
        "village_kind": village.get("kind"),
        **{name: certified.get(name) for name in FACE},
        **{name: ceremony.get(name) for name in CEREMONY},
        "ceremony_kind": ceremony.get("kind"),
        **{name: head.get(name) for name in HEAD},
        "told_kind": told.get("kind"),
        "told_on": told.get("effective_on"),
        "said_again": _said_again(tx, alert),
        "holder_id": holder,
        "address": _address(tx, holder, delivery["channel"], today),
        "template": attempt.get("template"),
    }


def _others(tx: Session, alert: Fields) -> list[tuple[Fields, str]]:
    """Other alerts to the same office about the same village, with their deliveries' states."""
    states = {row["alert_id"]: row["state"] for row in tx.all("deliveries")}
    return [
        (row, states[row["alert_id"]])
        for row in tx.all("alerts")
        if row["village_key"] == alert["village_key"] and row["office_id"] == alert["office_id"]
    ]


def _said_again(tx: Session, alert: Fields) -> bool:
    return any(
        other["kind"] == alert["kind"]
        and other["ceremony_id"] == alert["ceremony_id"]
        and other["sequence"] > alert["sequence"]
        and state not in ("suppressed", "failed")
        for other, state in _others(tx, alert)
    )


def _told_before(tx: Session, alert: Fields) -> Fields:
    if alert["kind"] not in ("CEREMONY_INVITE", "STATUS_RESTORED"):
        return {}
    told = [
        other
        for other, state in _others(tx, alert)
        if other["sequence"] < alert["sequence"]
        and state in ("sent", "unknown", "sending")
        and (
            other["ceremony_id"] is not None and other["ceremony_id"] == alert["ceremony_id"]
            if alert["kind"] == "CEREMONY_INVITE"
            else other["kind"] in STANDING
        )
    ]
    return max(told, key=lambda row: (row["sequence"], row["heard_at"]), default={})


def _local(village: Fields, days: Sequence[date]) -> date:
    return {"WITA": days[1], "WIT": days[2]}.get(village.get("time_zone", ""), days[0])


def _holder(tx: Session, office_id: int, today: date) -> UUID | None:
    for row in tx.all("holders"):
        if row["office_id"] == office_id and row["begins"] <= today:
            holder: UUID = row["holder_id"]
            return holder
    return None


def _address(tx: Session, holder: UUID | None, channel: str, today: date) -> bytes | None:
    valid = [
        row
        for row in tx.all("contacts")
        if (row["holder_id"], row["channel"]) == (holder, channel) and row["valid_from"] <= today
    ]
    address: bytes | None = valid[-1]["address"] if valid else None
    return address


def count_titles(tx: Session, regencies: Sequence[str]) -> list[Fields]:
    counts: dict[tuple[str, str], list[int]] = {}
    for village in tx.all("villages"):
        if village["regency_code"] in regencies:
            certified = tx.get("certifications", village["village_key"])
            titled = certified is not None and certified["title"] in ("DITETAPKAN", "DIRESMIKAN")
            total = counts.setdefault((village["regency_code"], village["kind"]), [0, 0])
            total[0] += 1
            total[1] += titled
    return [
        {"regency_code": regency, "kind": kind, "villages": villages, "titled": titled}
        for (regency, kind), (villages, titled) in sorted(counts.items())
    ]


def begin_attempts(
    tx: Session,
    ids: Sequence[UUID],
    numbers: Sequence[int],
    holders: Sequence[UUID],
    templates: Sequence[str],
    courier: UUID,
    lease: timedelta,
    now: datetime,
    sums: Sequence[bytes],
) -> None:
    names = "delivery_id attempt holder_id template body_sha256"
    for row in rows_of(names, ids, numbers, holders, templates, sums):
        tx.update(
            "deliveries",
            (row["delivery_id"],),
            state="sending",
            reason=None,
            attempts=row["attempt"],
            claimed_by=courier,
            claimed_until=tx.real_time() + lease,
            changed_at=now,
        )
        tx.insert("attempts", {**row, "begun_at": now})


OVER = ("failed", "suppressed")


def introduce(
    tx: Session, ids: Sequence[UUID], offices: Sequence[int], years: Sequence[int]
) -> None:
    first: dict[tuple[int, int], UUID] = {}
    for delivery_id, office, year in zip(ids, offices, years, strict=True):
        row = tx.get("introductions", office, year)
        if row is None or _is_over(tx, row):
            first.setdefault((office, year), delivery_id)
    for (office, year), delivery_id in sorted(first.items()):
        new = {"office_id": office, "year": year, "delivery_id": delivery_id}
        if tx.insert("introductions", new, or_nothing=True) is None:
            tx.lock("introductions", office, year)
            row = tx.get("introductions", office, year)
            if row is not None and _is_over(tx, row):
                tx.update("introductions", (office, year), delivery_id=delivery_id)


def _is_over(tx: Session, introduction: Fields) -> bool:
    row = tx.get("deliveries", introduction["delivery_id"])
    return row is not None and row["state"] in OVER


def introductions_of(tx: Session, ids: Sequence[UUID]) -> list[Fields]:
    rows = [row for row in tx.all("introductions") if row["delivery_id"] in ids]
    return [{"delivery_id": row["delivery_id"]} for row in rows]


def wake_sealed(tx: Session, now: datetime) -> None:
    for row in tx.all("deliveries"):
        if row["waits_for"] == "KEY" and tx.try_lock("deliveries", row["delivery_id"]):
            tx.update("deliveries", (row["delivery_id"],), waits_for=None, changed_at=now)


def count_sealed(tx: Session) -> list[Fields]:
    return [{"count": sum(row["waits_for"] == "KEY" for row in tx.all("deliveries"))}]


def note_lacks(tx: Session, ids: Sequence[UUID], lacks: Sequence[str], now: datetime) -> None:
    for delivery_id, lack in zip(ids, lacks, strict=True):
        tx.update("deliveries", (delivery_id,), waits_for=lack, changed_at=now)


def conclude(
    tx: Session, ids: Sequence[UUID], reason: str, now: datetime, state: str
) -> list[Fields]:
    ended = []
    for delivery_id in sorted(ids):
        tx.lock("deliveries", delivery_id)
        row = tx.get("deliveries", delivery_id)
        if row is not None and row["state"] == "waiting":
            end = {"state": state, "reason": reason, "waits_for": None, "retry_at": None}
            tx.update("deliveries", (delivery_id,), **end, changed_at=now)
            ended.append({"delivery_id": delivery_id})
    return ended


def end_attempt(
    tx: Session,
    delivery_id: UUID,
    attempt: int,
    state: str,
    reason: str,
    pause: timedelta | None,
    failures: int,
    among: Sequence[str],
    now: datetime,
    outcome: str,
) -> list[Fields]:
    tx.update("attempts", (delivery_id, attempt), ended_at=now, outcome=outcome, detail=reason)
    tx.lock("deliveries", delivery_id)
    row = tx.get("deliveries", delivery_id)
    if row is None or row["attempts"] != attempt or row["state"] not in among:
        return []
    retry_at = None if pause is None else tx.real_time() + pause
    change = {"state": state, "reason": reason, "failures": failures, "retry_at": retry_at}
    tx.update("deliveries", (delivery_id,), **change, **FREE, waits_for=None, changed_at=now)
    return [{"delivery_id": delivery_id}]


def _lost(tx: Session, row: Fields) -> bool:
    return bool(row["state"] == "sending" and row["claimed_until"] < tx.real_time())


def expired(tx: Session, limit: int) -> list[Fields]:
    rows = [row for row in tx.all("deliveries") if _lost(tx, row)]
    rows.sort(key=lambda row: row["claimed_until"])
    return [
        {
            "delivery_id": row["delivery_id"],
            "village_key": (tx.get("alerts", row["alert_id"]) or {})["village_key"],
        }
        for row in rows[:limit]
    ]


def expire(tx: Session, ids: Sequence[UUID], now: datetime) -> list[Fields]:
    unknown = []
    for delivery_id in sorted(ids):
        tx.lock("deliveries", delivery_id)
        row = tx.get("deliveries", delivery_id)
        if row is None or not _lost(tx, row):
            continue
        end = {"state": "unknown", "reason": "COURIER_LOST", "changed_at": now}
        tx.update("deliveries", (delivery_id,), **end, **FREE)
        ended = {"ended_at": now, "outcome": "unknown", "detail": "COURIER_LOST"}
        tx.update("attempts", (delivery_id, row["attempts"]), **ended)
        unknown.append({"delivery_id": delivery_id})
    return unknown


def wake_retries(tx: Session) -> None:
    for row in tx.all("deliveries"):
        over = row["retry_at"] is not None and row["retry_at"] <= tx.real_time()
        if over and tx.try_lock("deliveries", row["delivery_id"]):
            tx.update("deliveries", (row["delivery_id"],), retry_at=None)


def wake_lacking(tx: Session, now: datetime, *days: date) -> None:
    for row in tx.all("deliveries"):
        alert = tx.get("alerts", row["alert_id"]) or {}
        village = tx.get("villages", alert["village_key"])
        if row["waits_for"] is None or village is None:
            continue
        holder = _holder(tx, row["office_id"], _local(village, days))
        address = _address(tx, holder, row["channel"], _local(village, days))
        things = {"VILLAGE": True, "HOLDER": holder, "ADDRESS": address, "KEY": None}
        there = things[row["waits_for"]]
        if there and tx.try_lock("deliveries", row["delivery_id"]):
            tx.update("deliveries", (row["delivery_id"],), waits_for=None, changed_at=now)


def settled_facts(tx: Session, ids: Sequence[UUID], *days: date) -> list[Fields]:
    found = []
    for delivery_id in sorted(ids):
        delivery = tx.get("deliveries", delivery_id)
        if delivery is None:
            continue
        alert = tx.get("alerts", delivery["alert_id"]) or {}
        office = tx.get("offices", delivery["office_id"]) or {}
        village = tx.get("villages", alert["village_key"]) or {}
        found.append(
            {
                "delivery_id": delivery_id,
                "decision_id": alert["decision_id"],
                "alert_kind": alert["kind"],
                "village_key": alert["village_key"],
                "village_code": alert["village_code"],
                "office_kind": office["kind"],
                "area_code": office["area_code"],
                "state": delivery["state"],
                "attempts": delivery["attempts"],
                "today": _local(village, days),
            }
        )
    return found


STATEMENTS = named(
    NEWS, "notifications", introduce, introductions_of, wake_sealed, count_sealed
) | named(
    QUERIES,
    "notifications",
    claim_due,
    known_of_due,
    count_titles,
    begin_attempts,
    note_lacks,
    conclude,
    end_attempt,
    expired,
    expire,
    wake_retries,
    wake_lacking,
    settled_facts,
)
