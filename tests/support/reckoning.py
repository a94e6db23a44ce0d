"""What stands in each place when a system is at rest, read past the services."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
from common.events import EVENT_TYPES, topics
from eligibility.domain.facts import READERS, Acted, ActKind, Enrolled, Fact, fact_of

from support.system import SERVICES, System

REGISTRY_TOPICS = (
    topics.REGISTRY_VILLAGES,
    topics.REGISTRY_ENROLLMENTS,
    topics.REGISTRY_OFFICIALS,
    topics.REGISTRY_OUTREACH,
    topics.REGISTRY_NOTICES,
)
HEARD = {
    "eligibility": dict.fromkeys(REGISTRY_TOPICS, "registry"),
    "notifications": {
        topics.REGISTRY_VILLAGES: "registry",
        topics.ELIGIBILITY_CERTIFICATIONS: "eligibility",
        topics.REGISTRY_OFFICIALS: "registry",
    },
}
"""What each service consumes, in the order of its marks, and whose stream it is."""

Stream = tuple[str, str]
"""(topic, village_key)"""


async def streams(system: System, service: str) -> dict[Stream, int]:
    """The last sequence of each stream, as its producer counts."""
    rows = await system.rows(service, "SELECT topic, village_key, last_sequence FROM streams")
    return {(row[0], row[1]): row[2] for row in rows}


async def marks(system: System, service: str) -> dict[Stream, int]:
    """The last sequence of each stream that had its effect."""
    rows = await system.rows(service, "SELECT village_key, sequences FROM marks")
    return {
        (topic, row["village_key"]): sequence
        for row in rows
        for topic, sequence in zip(HEARD[service], row["sequences"], strict=True)
        if sequence
    }


async def unrest(system: System) -> dict[str, Any]:
    """What is still on its way; empty when the system is at rest."""
    moving: dict[str, Any] = {}
    try:
        told = {service: await streams(system, service) for service in SERVICES}
        for service in SERVICES:
            [[waiting]] = await system.rows(service, "SELECT count(*) FROM unpublished")
            if waiting:
                moving[f"unpublished {service}"] = waiting
        for service, heard in HEARD.items():
            there = {
                stream: last
                for producer in set(heard.values())
                for stream, last in told[producer].items()
                if heard.get(stream[0]) == producer
            }
            behind = there.items() - (await marks(system, service)).items()
            if behind:
                moving[f"marks {service}"] = len(behind)
        [[due]] = await system.rows("notifications", DUE)
        if due:
            moving["deliveries due"] = due
    except (OSError, asyncpg.PostgresError) as error:
        moving["database"] = type(error).__name__
    return moving


DUE = """
    SELECT count(*) FROM deliveries
    WHERE state = 'sending' OR (state = 'waiting' AND waits_for IS NULL AND retry_at IS NULL)"""


async def published(system: System, *names: str) -> dict[Stream, list[dict[str, Any]]]:
    """Each stream's events in the order of their sequence, duplicates left out.

    A repeat is to be the same bytes, and the first of each is to come in its turn or early, so
    that no consumer can take a later event for a duplicate.
    """
    found: defaultdict[Stream, dict[int, bytes]] = defaultdict(dict)
    for record in await system.records(*names):
        event = msgspec.json.decode(record.value)
        topic = record.topic.removeprefix(system.footing.prefix)
        assert event["subject"].encode() == record.key
        known = found[topic, event["subject"]].setdefault(int(event["sequence"]), record.value)
        assert known == record.value, f"two events are {topic} {event['sequence']}"
    return {
        stream: [msgspec.json.decode(events[sequence]) for sequence in sorted(events)]
        for stream, events in found.items()
    }


def facts_of(told: Mapping[Stream, Sequence[dict[str, Any]]], village: str) -> list[Fact]:
    """What the registry's events tell of a village; of its enrollments one day is enough."""
    facts: list[Fact] = []
    first: Enrolled | None = None
    for (_, subject), events in told.items():
        for event in events if subject == village else ():
            if event["type"] not in READERS:
                continue
            fact = fact_of(
                event["type"],
                EVENT_TYPES[event["type"]].model_validate(event["data"]),
                recorded_at=datetime.fromisoformat(event["time"]),
                id=event["id"],
            )
            if isinstance(fact, Enrolled):
                first = min(first or fact, fact, key=lambda one: one.order)
            elif fact is not None:
                facts.append(fact)
    return [*facts, *([first] if first else [])]


async def acts_of(system: System) -> dict[str, list[Fact]]:
    """What persons did to titles: eligibility's own record, told on no topic."""
    found: defaultdict[str, list[Fact]] = defaultdict(list)
    for row in await system.rows("eligibility", "SELECT * FROM acts"):
        found[row["village_key"]].append(
            Acted(
                effective_on=row["effective_on"],
                recorded_at=row["recorded_at"],
                id=str(row["act_id"]),  # type: ignore[arg-type]  # compared with ids of JSON
                act=ActKind(row["act"]),
            )
        )
    return found


TOLD_BY_OFFICIALS = "HEAD_CHANGED"
"""The one kind of alert that no decision asks for."""


def alerts_asked(decisions: Sequence[dict[str, Any]]) -> Counter[tuple[str, str, str, str]]:
    """The alerts that decisions of desa in kabupaten ask for: decision, kind, office, area.

    The decisions of a village in their order; other entries of the topic ask for none here.
    """
    asked: Counter[tuple[str, str, str, str]] = Counter()
    met: defaultdict[str, set[str]] = defaultdict(set)
    for event in decisions:
        data, village = event["data"], event["subject"]
        if "previous" not in data:
            continue
        before, after = data["previous"], data["current"]
        camat, bupati = ("CAMAT", village[:8]), ("BUPATI", village[:5])
        became = [(field, after[field]) for field in sorted(after) if before[field] != after[field]]
        told: list[tuple[str, tuple[str, str]]] = []
        if ("eligibility", "ELIGIBLE") in became and after["title"] == "NONE":
            told += [("VILLAGE_ELIGIBLE", camat), ("VILLAGE_ELIGIBLE", bupati)]
        if ("title", "DITETAPKAN") in became:
            told += [("VILLAGE_DESIGNATED", camat), ("VILLAGE_DESIGNATED", bupati)]
        if ("standing", "TERANCAM") in became:
            told += [("STATUS_AT_RISK", camat)]
        if ("standing", "DITANGGUHKAN") in became or ("standing", "DICABUT") in became:
            told += [("STATUS_LOST", camat), ("STATUS_LOST", bupati)]
        if ("standing", "BAIK") in became and before["standing"] in ("TERANCAM", "DITANGGUHKAN"):
            told += [("STATUS_RESTORED", camat), ("STATUS_RESTORED", bupati)]
        lost = {
            reason["criterion"]
            for reason in data["reasons"]
            if reason["met"] is False and any(post["not_covered"] for post in reason["missing"])
        }
        news = ("title", "DICANANGKAN") in became or lost & met[village]
        if lost and news and after["title"] in ("NONE", "DICANANGKAN"):
            told += [("OFFICIALS_UNREGISTERED", camat)]
        met[village] = {reason["criterion"] for reason in data["reasons"] if reason["met"]}
        asked.update((data["decision_id"], kind, *office) for kind, office in told)
    return asked


WATCH = """
    CREATE TABLE effects (
        n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, village_key text, id uuid
    );
    CREATE FUNCTION note_effect() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN
        INSERT INTO effects (village_key, id) VALUES (NEW.village_key, NEW.id);
        RETURN NULL;
    END $$;
    CREATE TRIGGER watched AFTER INSERT ON facts FOR EACH ROW EXECUTE FUNCTION note_effect();
"""
WATCH_MARKS = """
    CREATE TABLE passed (
        n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        village_key text, before bigint[], after bigint[]
    );
    CREATE FUNCTION note_passed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN
        INSERT INTO passed (village_key, before, after)
        VALUES (NEW.village_key, OLD.sequences, NEW.sequences);
        RETURN NULL;
    END $$;
    CREATE TRIGGER watched AFTER UPDATE OF sequences ON marks
    FOR EACH ROW EXECUTE FUNCTION note_passed();
"""


async def watch_effects(system: System) -> None:
    """Have Postgres note in which order facts and marks are written, under the village's lock."""
    for service, statement in (
        ("eligibility", WATCH),
        ("eligibility", WATCH_MARKS),
        ("notifications", WATCH_MARKS),
    ):
        connection = await asyncpg.connect(system.footing.urls[service].owner, timeout=10)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


async def inversions(
    system: System, told: Mapping[Stream, Sequence[dict[str, Any]]]
) -> list[tuple[str, str]]:
    """Facts that had their effect after a later one of their stream, and marks that went back."""
    order = {row["id"]: row["n"] for row in await system.rows("eligibility", "TABLE effects")}
    assert order, "nothing was watched"
    found = []
    for (topic, village), events in told.items():
        places = [n for event in events if (n := order.get(UUID(event["id"]))) is not None]
        if places != sorted(places):
            found.append((topic, village))
    for service in HEARD:
        rows = await system.rows(service, "TABLE passed")
        assert rows, "nothing was watched"
        found += [
            (service, row["village_key"])
            for row in rows
            if any(a < b for a, b in zip(row["after"], row["before"], strict=True))
        ]
    return found
