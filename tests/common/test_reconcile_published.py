"""A producer compared with itself: one row removed or doubled is named where it stands."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator

import pytest
from common.stream_counters import StreamCounters
from support.databases import ServiceUrls
from support.reconcile_rig import TOPIC, VILLAGES, ProducerRig, producer_rig
from support.streams import KETANON, WONOPRINGGO, publish, sosialisasi, value_of


@pytest.fixture
async def producer(common_urls: ServiceUrls, kafka: str, prefix: str) -> AsyncIterator[ProducerRig]:
    async with producer_rig(common_urls, kafka, prefix) as rig:
        yield rig


@pytest.fixture
async def carried(producer: ProducerRig) -> ProducerRig:
    """Five events in each of two villages, recorded and on the topic."""
    async with producer.carrying():
        for village in VILLAGES:
            await producer.append(village, 5)
    return producer


async def test_what_is_equal_is_silent(carried: ProducerRig) -> None:
    """Nothing is said of a whole producer; a copy of a record with the same id is no fault."""
    (copy,) = await carried.owner(
        "SELECT value FROM events WHERE village_key = $1 AND sequence = 2", KETANON
    )
    await publish(carried.kafka, f"{carried.prefix}{TOPIC}", (KETANON.encode(), copy["value"]))

    found = await carried.found()

    assert [] == list(found.lines())
    assert found.equal


async def test_what_waits_to_leave_is_not_lost(carried: ProducerRig) -> None:
    """Recorded while Kafka is away: on its way, not missing."""
    await carried.append(KETANON, 3)
    await carried.append("35.05.15.2004", 2)

    assert [] == await carried.lines()


@pytest.mark.parametrize("sequence", [1, 3, 5])
async def test_a_record_that_the_topic_lacks_is_named(producer: ProducerRig, sequence: int) -> None:
    """Place 3, removed: at the beginning, in the middle, at the end of a stream."""
    for village in VILLAGES:
        await producer.append(village, 5)
    await producer.owner(
        "DELETE FROM unpublished WHERE village_key = $1 AND sequence = $2", KETANON, sequence
    )
    async with producer.carrying():
        pass

    assert [f"topic {KETANON} {sequence}-{sequence}: a record; none"] == await producer.lines()


@pytest.mark.parametrize("sequence", [1, 3, 5])
async def test_a_second_event_at_one_sequence_is_named(carried: ProducerRig, sequence: int) -> None:
    """Place 3, doubled: another id at a sequence that was taken."""
    other = value_of(sosialisasi(), village=KETANON, sequence=sequence)
    await publish(carried.kafka, f"{carried.prefix}{TOPIC}", (KETANON.encode(), other))

    (line,) = await carried.lines()

    assert line.startswith(f"topic {KETANON} {sequence}-{sequence}: one event; another too (")


async def test_a_record_after_the_last_is_named(carried: ProducerRig) -> None:
    """What the record does not know came from elsewhere, or from before a restore."""
    for sequence in (6, 7):
        strange = value_of(sosialisasi(), village=KETANON, sequence=sequence)
        await publish(carried.kafka, f"{carried.prefix}{TOPIC}", (KETANON.encode(), strange))

    words = "an event that was recorded; one after the last, 5"
    assert [f"counter {KETANON} 6-7: {words}"] == await carried.lines()


@pytest.mark.parametrize("sequence", [1, 3, 5])
async def test_an_event_that_the_record_lacks_is_named(carried: ProducerRig, sequence: int) -> None:
    """Place 2, removed."""
    await carried.owner(
        "DELETE FROM events WHERE village_key = $1 AND sequence = $2", KETANON, sequence
    )

    assert [f"events {KETANON} {sequence}-{sequence}: one row; none"] == await carried.lines()


async def test_an_event_that_stands_twice_in_the_record_is_named(carried: ProducerRig) -> None:
    """Place 2, doubled."""
    await carried.drop_unique("events")
    await carried.owner(
        """INSERT INTO events (event_id, id, village_key, topic, sequence, time, value)
        SELECT event_id, gen_random_uuid(), village_key, topic, sequence, time, value FROM events
        WHERE village_key = $1 AND sequence = 4""",
        WONOPRINGGO,
    )

    assert [f"events {WONOPRINGGO} 4-4: one row; 2 rows"] == await carried.lines()


async def test_a_counter_that_is_gone_is_named(carried: ProducerRig) -> None:
    """Place 1, removed."""
    await carried.owner("DELETE FROM streams WHERE village_key = $1", KETANON)

    assert [f"counter {KETANON} 5-5: 5; none"] == await carried.lines()


async def test_a_counter_that_stands_twice_is_named(carried: ProducerRig) -> None:
    """Place 1, doubled."""
    await carried.drop_unique("streams")
    await carried.owner("INSERT INTO streams SELECT * FROM streams WHERE village_key = $1", KETANON)

    assert [f"counter {KETANON} 5-5: one; two"] == await carried.lines()


async def test_a_counter_that_was_set_back_is_named(carried: ProducerRig) -> None:
    """The next event would take a sequence that is taken."""
    await carried.owner("UPDATE streams SET last_sequence = 3 WHERE village_key = $1", KETANON)

    assert [f"counter {KETANON} 5-5: 5, as recorded; 3"] == await carried.lines()


async def test_a_lost_tail_and_a_hole_are_mended(producer: ProducerRig) -> None:
    """`republish --missing` puts back what the topic lacks, and only that; the relay carries it."""
    for village in VILLAGES:
        await producer.append(village, 9)
    await producer.owner("DELETE FROM unpublished WHERE village_key = $1 AND sequence > 6", KETANON)
    await producer.owner(
        "DELETE FROM unpublished WHERE village_key = $1 AND sequence IN (3, 4)", WONOPRINGGO
    )
    async with producer.carrying():
        pass
    assert [
        f"topic {KETANON} 7-9: a record; none",
        f"topic {WONOPRINGGO} 3-4: a record; none",
    ] == await producer.lines()

    assert 5 == await producer.published.republish()
    assert 0 == await producer.published.republish(), "what is queued is not queued twice"
    async with producer.carrying():
        pass

    assert [] == await producer.lines()


async def test_live_traffic_stays_silent(carried: ProducerRig) -> None:
    """Ten comparisons while three writers record and the relay carries: nothing is said."""
    stop = asyncio.Event()

    async def write(village: str) -> None:
        while not stop.is_set():
            await carried.append(village, 1)

    async with carried.carrying():
        writers = [asyncio.create_task(write(village)) for village in (*VILLAGES, "35.05.15.2004")]
        try:
            said = [line for _ in range(10) for line in await carried.lines()]
        finally:
            stop.set()
            await asyncio.gather(*writers)
    written = (await carried.owner("SELECT count(*) FROM events"))[0][0]

    assert [] == said
    assert written > 40, "the writers wrote meanwhile"


async def test_counters_come_with_digests(carried: ProducerRig) -> None:
    """SHA-256 over the ids in order of sequence, and up to where nothing waits to leave."""
    await carried.append(KETANON, 2)
    counters = StreamCounters(carried.database)

    first, second = await counters.page(("", ""), 10, digests=True)

    rows = await carried.owner(
        "SELECT id FROM events WHERE village_key = $1 ORDER BY sequence", KETANON
    )
    digest = hashlib.sha256(b"".join(row["id"].bytes for row in rows)).hexdigest()
    assert (KETANON, 7, 5, digest) == (
        first.village_key, first.last_sequence, first.published, first.digest
    )  # fmt: skip
    assert (WONOPRINGGO, 5, 5) == (second.village_key, second.last_sequence, second.published)
