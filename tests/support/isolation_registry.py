"""The registry's deeds for the isolation tests, and what its events say afterwards."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from datetime import date
from itertools import count
from typing import Any
from uuid import UUID

from common.clock import Clock
from common.database import Database
from common.events.words import PostKind, Programme, Segment
from common.idempotency import Answer, Once
from common.ids import Ids
from common.outbox import Outbox
from common.security import Caller
from registry.application import Registry
from registry.deed import Request
from registry.domain.posts import PostName
from registry.orders import Appointment, NewEnrollment
from registry.storage.participants import ParticipantStore

OFFICER = Caller("urn:test", "petugas", frozenset(), frozenset({"*"}))
FIRST_DAY = date(2019, 8, 1)

Event = dict[str, Any]


class Branch:
    """An office that does the registry's deeds, each request under a key of its own."""

    def __init__(self) -> None:
        self._ids = Ids()
        self._clock = Clock()
        self._participants = ParticipantStore(
            master_key=bytes(32), hmac_key=bytes(32), ids=self._ids
        )
        self._numbers = count(1)

    def registry(self, database: Database) -> Registry:
        return Registry(
            database=database,
            outbox=Outbox(clock=self._clock, ids=self._ids),
            participants=self._participants,
            clock=self._clock,
            ids=self._ids,
            nik_99=True,
        )

    def request(self, key: str | None = None) -> Request:
        return Request(OFFICER, Once(OFFICER.identity, key or f"key-{next(self._numbers)}", b"x"))

    def new_nik(self) -> str:
        return f"992610450685{next(self._numbers):04}"

    def wish(self, nik: str, segment: Segment = Segment.BPU) -> NewEnrollment:
        return NewEnrollment(nik, segment, (Programme.JKK, Programme.JKM), FIRST_DAY)

    async def enrolled(self, database: Database, nik: str, village: str) -> UUID:
        """A recorded membership, not yet active."""
        answer = await self.registry(database).record_enrollment(
            self.request(), village, self.wish(nik)
        )
        return UUID(answer.body["enrollment_id"])

    async def active(self, database: Database, nik: str, village: str) -> UUID:
        enrollment = await self.enrolled(database, nik, village)
        await self.registry(database).activate_enrollment(
            self.request(), enrollment, effective_on=FIRST_DAY
        )
        return enrollment

    async def posts(self, database: Database, village: str, number: int) -> list[UUID]:
        names = [PostName(PostKind.RT_HEAD, i) for i in range(1, number + 1)]
        answer = await self.registry(database).decree_posts(
            self.request(), village, names, number=None, effective_on=FIRST_DAY
        )
        return [UUID(post["post_id"]) for post in answer.body["posts"]]

    async def appoint(self, database: Database, village: str, post: UUID, nik: str) -> Answer:
        wish = Appointment(post, FIRST_DAY, nik=nik)
        return await self.registry(database).appoint(self.request(), village, wish)


async def all_events(database: Database, *villages: str) -> list[Event]:
    """The villages' events in the order of the outbox, without the area data."""
    async with database.transaction() as connection:
        rows = await connection.fetch(
            "SELECT value FROM events WHERE village_key = ANY($1) "
            "AND topic <> 'registry.villages' ORDER BY event_id",
            list(villages),
        )
    return [json.loads(row["value"]) for row in rows]


def check_streams(events: Sequence[Event]) -> None:
    """Every stream is gapless, and follows ids and time."""
    last: Counter[tuple[str, str]] = Counter()
    times: dict[str, str] = {}
    for event in events:
        stream = (event["source"], event["subject"])
        last[stream] += 1
        assert last[stream] == int(event["sequence"]), f"{stream}: not in the order of its ids"
        assert times.get(event["subject"], "") < event["time"]
        times[event["subject"]] = event["time"]


def of_enrollments(events: Sequence[Event], *enrollments: UUID) -> list[Event]:
    wanted = set(map(str, enrollments))
    return [event for event in events if event["data"].get("enrollment_id") in wanted]


def persons(events: Sequence[Event]) -> Counter[str]:
    """What the effects add up to: persons by village."""
    found: Counter[str] = Counter()
    for event in events:
        for effect in event["data"].get("effect", ()):
            found[event["subject"]] += effect["deltas"].get("persons", 0)
    return found


def short(events: Sequence[Event]) -> list[str]:
    return [e["type"].removeprefix("registry.").removesuffix(".v1") for e in events]
