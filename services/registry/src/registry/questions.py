"""What the registry can be asked; each question sees the caller's areas only."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from common.clock import Clock
from common.database import Connection, Database
from common.events.registry import Coverage
from common.outbox import QUERIES as OUTBOX
from common.security import Caller

from registry.domain.areas import Village, area_code, village_code
from registry.domain.enrollment import Enrollment
from registry.domain.lookup import village_name
from registry.domain.refusals import EventUnknown
from registry.domain.spans import coverage_from
from registry.storage import acts, areas, enrollments, outreach, posts
from registry.storage.acts import EVERYWHERE
from registry.storage.participants import Identity, ParticipantStore
from registry.storage.posts import Decree, FilledPost

FOUND = 100
"""Villages of one name that an answer lists; one more says that there are more."""


@dataclass(frozen=True, slots=True)
class PostsInForce:
    """A village's posts on a day, with their holders' coverage where somebody holds them."""

    village: Village
    on: date
    decree: Decree | None
    posts: Sequence[tuple[FilledPost, Coverage | None]]


class Questions:
    """Read-only; a caller without areas gets no rows about people."""

    def __init__(self, *, database: Database, participants: ParticipantStore, clock: Clock) -> None:
        self._database = database
        self._participants = participants
        self._clock = clock

    async def village(self, caller: Caller, code: str) -> Village:
        """A village by its code, dotted or not."""
        async with self._seeing(caller.areas) as connection:
            return await self._village(connection, code)

    async def find_villages(
        self, caller: Caller, name: str, *, regency: str | None, kecamatan: str | None
    ) -> list[Village]:
        """Villages by name; more than one means that the name is ambiguous."""
        wanted = village_name(name, regency=regency, kecamatan=kecamatan)
        async with self._seeing(caller.areas) as connection:
            return await areas.find(connection, wanted, FOUND + 1)

    async def areas(self) -> tuple[tuple[str, date] | None, dict[str, int]]:
        """Name and day of the latest edition loaded, and how many areas of each level are known."""
        async with self._seeing(()) as connection:
            return await areas.present_edition(connection), await areas.counts(connection)

    async def posts(self, caller: Caller, code: str, on: date | None) -> PostsInForce:
        """The village's posts on a day (today, local time) and how their holders are covered.

        Holders are seen in the caller's areas only; their coverage comes from every village.
        """
        async with self._seeing(caller.areas) as connection:
            village = await self._village(connection, code)
            day = on or self._clock.today(village.time_zone)
            found = await posts.in_force(connection, village.village_key, day)
            if found is None:
                return PostsInForce(village, day, None, ())
            decree, filled = found
            holders = {post.participant_id for post in filled if post.participant_id}
            await acts.see(connection, EVERYWHERE)
            spans = await enrollments.spans_of_all(connection, holders)
        covered = [
            (
                post,
                coverage_from(day, spans.get(post.participant_id, ()))[0]
                if post.participant_id
                else None,
            )
            for post in filled
        ]
        return PostsInForce(village, day, decree, covered)

    async def enrollments(
        self, caller: Caller, code: str, *, after: UUID, limit: int
    ) -> tuple[Village, list[Enrollment]]:
        """A page of a village's enrollments behind a key."""
        async with self._seeing(caller.areas) as connection:
            village = await self._village(connection, code)
            found = await enrollments.page(connection, village.village_key, after, limit)
            return village, found

    async def enrollment(self, caller: Caller, enrollment_id: UUID) -> tuple[Enrollment, Village]:
        """An enrollment and its village; unknown outside the caller's areas."""
        async with self._seeing(caller.areas) as connection:
            enrollment = await enrollments.get(connection, enrollment_id)
            found = await areas.villages(connection, [enrollment.village_key])
            return enrollment, found[enrollment.village_key]

    async def participant(self, caller: Caller, participant_id: UUID) -> Identity:
        """Who a participant is, to be masked; unknown outside the caller's areas."""
        async with self._seeing(caller.areas) as connection:
            return await self._participants.identity(connection, participant_id)

    async def outreach(self, caller: Caller, code: str, query: str) -> list[dict[str, object]]:
        """What was recorded of a village, by a query of `outreach.sql`; newest first."""
        async with self._seeing(caller.areas) as connection:
            village = await self._village(connection, code)
            return await outreach.listed(connection, query, village.village_key)

    async def launches(self, caller: Caller, code: str) -> list[dict[str, object]]:
        """What was held in a province or regency, newest first."""
        async with self._seeing(caller.areas) as connection:
            area = await areas.area(connection, area_code(code))
            return await outreach.listed(connection, "launches_of_area", area.area_code)

    async def stored_event(self, topic: str, village_key: str, sequence: int) -> bytes:
        """The bytes of one event as they were published; raises EventUnknown."""
        async with self._seeing(()) as connection:
            row = await connection.fetchrow(OUTBOX["stored"], village_key, topic, sequence)
        if row is None:
            raise EventUnknown(f"Tidak ada peristiwa {topic}/{village_key}/{sequence}.")
        return bytes(row["value"])

    @contextlib.asynccontextmanager
    async def _seeing(self, seen: Sequence[str] | frozenset[str]) -> AsyncIterator[Connection]:
        async with self._database.transaction() as connection:
            await acts.see(connection, seen)
            yield connection

    async def _village(self, connection: Connection, code: str) -> Village:
        key = await areas.key_of(connection, village_code(code))
        return (await areas.villages(connection, [key]))[key]
