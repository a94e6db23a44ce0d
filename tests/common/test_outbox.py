"""The outbox: sequences without a gap, rising times, nothing for a village not locked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from common.clock import Clock
from common.database import Database
from common.events.envelope import Envelope
from common.ids import Ids
from common.outbox import Draft, EventTooLarge, NotLocked, Outbox, VillageLocks, lock_villages
from support.databases import ServiceUrls
from support.streams import KETANON, SUKOSEWU, WONOPRINGGO, sosialisasi

pytestmark = pytest.mark.stack
LOCK = "SELECT k AS village_key FROM unnest($1::text[]) AS k"
ROW_LOCK = """SELECT village_key FROM marks WHERE village_key = ANY($1) ORDER BY village_key
FOR NO KEY UPDATE"""


class StandingClock(Clock):
    """A clock that was stopped: what a coarse or stepped-back system clock looks like."""

    moment = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment


@pytest.fixture
async def database(common_urls: ServiceUrls) -> AsyncIterator[Database]:
    opened = await Database.open(common_urls.work, name="test")
    yield opened
    await opened.close()


async def test_each_event_stands_in_the_record_and_in_the_queue(
    database: Database, clock: Clock, ids: Ids
) -> None:
    """Sequences count per village and topic, from one, without a gap."""
    outbox = Outbox(clock=clock, ids=ids)
    async with database.transaction() as connection:
        locks = await lock_villages(connection, [KETANON, SUKOSEWU], LOCK)
        for _ in range(2):
            await outbox.append(
                connection,
                locks,
                [Draft(KETANON, sosialisasi()), Draft(SUKOSEWU, sosialisasi(SUKOSEWU))],
            )
    async with database.transaction() as connection:
        rows = await connection.fetch(
            "SELECT village_key, sequence, value FROM events JOIN unpublished"
            " USING (village_key, topic, sequence) ORDER BY 1, 2"
        )

    assert [(KETANON, 1), (KETANON, 2), (SUKOSEWU, 1), (SUKOSEWU, 2)] == [
        (row["village_key"], row["sequence"]) for row in rows
    ]
    for row in rows:
        envelope = Envelope.model_validate(json.loads(row["value"]))
        assert (row["village_key"], f"{row['sequence']:010d}") == (
            envelope.subject,
            envelope.sequence,
        )
        assert f"/registry/outreach/{row['village_key']}" == envelope.source


async def test_times_of_a_village_rise_strictly(database: Database, ids: Ids) -> None:
    """Also when the clock stands still, and from one transaction to the next."""
    outbox = Outbox(clock=StandingClock(), ids=ids)
    times = []
    for _ in range(3):
        async with database.transaction() as connection:
            locks = await lock_villages(connection, [KETANON], LOCK)
            drafts = [Draft(KETANON, sosialisasi()) for _ in range(2)]
            times += [event.time for event in await outbox.append(connection, locks, drafts)]

    assert [StandingClock.moment + timedelta(microseconds=n) for n in range(6)] == times


async def test_nothing_is_appended_for_a_village_that_is_not_locked(
    database: Database, clock: Clock, ids: Ids
) -> None:
    """Without the lock, ids and sequences would not follow the order of commits."""
    outbox = Outbox(clock=clock, ids=ids)
    async with database.transaction() as connection:
        locks = await lock_villages(connection, [KETANON], LOCK)

        with pytest.raises(NotLocked, match=SUKOSEWU):
            await outbox.append(connection, locks, [Draft(SUKOSEWU, sosialisasi(SUKOSEWU))])


async def test_an_event_above_the_limit_is_refused(
    database: Database, clock: Clock, ids: Ids, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its transaction can still be answered: the refusal names type, village and sizes."""
    monkeypatch.setattr("common.outbox.MAX_EVENT_BYTES", 100)
    outbox = Outbox(clock=clock, ids=ids)
    async with database.transaction() as connection:
        with pytest.raises(EventTooLarge, match=r"registry\.sosialisasi\.held\.v1 .* 100 are"):
            await outbox.append(
                connection, VillageLocks(frozenset({KETANON})), [Draft(KETANON, sosialisasi())]
            )


async def test_concurrent_writers_leave_no_gap_and_no_inversion(
    database: Database, common_urls: ServiceUrls, clock: Clock, ids: Ids
) -> None:
    """Of one village, event ids, sequences and times have the same order, whoever commits first."""
    villages = [KETANON, SUKOSEWU, WONOPRINGGO]
    owner = await asyncpg.connect(common_urls.owner)
    await owner.execute(
        "INSERT INTO marks (village_key, sequences, times) SELECT k, '{0}', '{NULL}'"
        " FROM unnest($1::text[]) AS k",
        villages,
    )
    outbox = Outbox(clock=clock, ids=ids)

    async def write(number: int) -> None:
        async with database.transaction() as connection:
            some = [villages[number % 3], villages[(number + number // 3) % 3]]
            locks = await lock_villages(connection, some, ROW_LOCK)
            await outbox.append(
                connection, locks, [Draft(key, sosialisasi(key)) for key in dict.fromkeys(some)]
            )

    await asyncio.gather(*(write(number) for number in range(90)))
    inversions = await owner.fetchval(
        """SELECT count(*) FROM (
            SELECT sequence - lag(sequence, 1, 0) OVER w AS step,
                time <= lag(time, 1, '-infinity') OVER w AS stands
            FROM events WINDOW w AS (PARTITION BY village_key, topic ORDER BY event_id)
        ) AS steps WHERE step <> 1 OR stands"""
    )
    await owner.close()

    assert 0 == inversions
