"""A discard is obeyed whenever its event comes: before the decision, after it, or again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from common.events import topics
from common.parking import ParkingError
from support.inbox_rig import Rig
from support.programme import appointed
from support.streams import KETANON, SUKOSEWU, Offsets, sosialisasi

pytestmark = pytest.mark.stack
OUTREACH = topics.REGISTRY_OUTREACH
POST = UUID(int=7)


@pytest.fixture
def offsets() -> Offsets:
    return Offsets()


def some(offsets: Offsets, *sequences: int, village: str = KETANON, **changes):
    return [
        offsets.record(sosialisasi(village), village=village, sequence=n, **changes)
        for n in sequences
    ]


async def discard(rig: Rig, sequence: int, topic: str = OUTREACH) -> None:
    await rig.parking.discard(KETANON, topic=topic, sequence=sequence, reason="x", actor="a")


async def test_it_comes_after_the_decision(rig: Rig, offsets: Offsets) -> None:
    """The missing event that was given up arrives after all: it is passed over, nothing parks."""
    one, two, three = some(offsets, 1, 2, 3)
    await rig.inbox.receive([one])
    await discard(rig, 2)
    await rig.inbox.receive([two])
    await rig.inbox.receive([three, two])

    assert [1, 3] == await rig.effects(KETANON)
    assert [] == await rig.waiting()


async def test_it_was_held_before_the_decision(rig: Rig, offsets: Offsets) -> None:
    """A held event that is discarded does not drain with the others."""
    one, two, three, four = some(offsets, 1, 2, 3, 4)
    await rig.inbox.receive([two, three, four])
    await discard(rig, 3)
    assert [(KETANON, 0, 3, 1)] == await rig.waiting()
    await rig.inbox.receive([one])

    assert [1, 2, 4] == await rig.effects(KETANON)
    assert [] == await rig.waiting()
    assert [] == await rig.rows("SELECT FROM held")


async def test_its_turn_is_far_off(rig: Rig, offsets: Offsets) -> None:
    """Nothing of the stream has come; the decision waits with its village, not with the others."""
    await rig.inbox.receive(some(offsets, 1, village=SUKOSEWU))
    await rig.inbox.receive([offsets.record(appointed(POST), village=KETANON, sequence=1)])
    await discard(rig, 3)
    await discard(rig, 4)
    with pytest.raises(ParkingError, match="discarded already"):
        await discard(rig, 3)
    for sequence in (2, 1, 4, 3, 5):
        await rig.inbox.receive(some(offsets, sequence))

    assert [1, 1, 2, 5] == await rig.effects(KETANON)
    assert [] == await rig.waiting()


async def test_marks_of_another_topic_moved_meanwhile(rig: Rig, offsets: Offsets) -> None:
    """Parked in one stream, discarded in another: each stream keeps its own marks."""
    officials = [offsets.record(appointed(POST), village=KETANON, sequence=n) for n in range(1, 6)]
    rig.ledger.impossible.add((KETANON, 3))
    await rig.inbox.receive([*some(offsets, 1, 2), *officials[:2]])
    await discard(rig, 4)
    await rig.inbox.receive([*officials[2:], *some(offsets, 3, 4, 5)])
    assert "IMPOSSIBLE" == (await rig.reasons(KETANON))[0]
    rig.ledger.impossible.clear()
    await rig.parking.retry(KETANON)

    rows = await rig.rows("SELECT topic, sequence FROM effects ORDER BY n")
    of = {topic: [r["sequence"] for r in rows if r["topic"] == topic] for topic, _ in rows}
    assert {OUTREACH: [1, 2, 3, 5], topics.REGISTRY_OFFICIALS: [1, 2, 3, 4, 5]} == of
    assert [] == await rig.waiting()


async def test_with_a_broken_record_in_its_place(rig: Rig, offsets: Offsets) -> None:
    """The bytes are discarded by their id, the event by its number; both come again, in vain."""
    one, two, three, four = some(offsets, 1, 2, 3, 4)
    broken = offsets.raw(OUTREACH, KETANON.encode(), b"\xff broken")
    await rig.inbox.receive([one, broken, three])
    front = (await rig.parking.villages())[0]
    await rig.parking.discard(KETANON, parked_id=front["parked_id"], reason="x", actor="a")
    await discard(rig, 2)
    await rig.parking.retry(KETANON)
    await rig.inbox.receive([broken, two, three, four, broken])

    assert [1, 3, 4] == await rig.effects(KETANON)
    assert [] == await rig.waiting()


async def test_while_the_village_is_parked_before_it(rig: Rig, offsets: Offsets) -> None:
    """It comes again and again behind the one that is parked: never an effect of its own."""
    rig.ledger.impossible.add((KETANON, 2))
    await rig.inbox.receive(some(offsets, 1, 2, 3, 4, 5))
    await discard(rig, 4)
    await rig.inbox.receive(some(offsets, 4, 5, 4, 6))
    rig.ledger.impossible.clear()
    await rig.parking.retry(KETANON)
    await rig.inbox.receive(some(offsets, 4, 7))

    assert [1, 2, 3, 5, 6, 7] == await rig.effects(KETANON)
    assert [] == await rig.waiting()


async def test_a_reused_number_that_was_discarded_comes_again(rig: Rig, offsets: Offsets) -> None:
    """The record is settled by its place: a group set back does not park the village anew."""
    one, two = some(offsets, 1, 2)
    later = some(offsets, 1, time=datetime(2026, 2, 1, tzinfo=UTC))
    await rig.inbox.receive([one, *later])
    front = (await rig.parking.villages())[0]
    await rig.parking.discard(KETANON, parked_id=front["parked_id"], reason="x", actor="a")
    await rig.inbox.receive([one, *later, two])

    assert [1, 2] == await rig.effects(KETANON)
    assert [] == await rig.waiting()
    (row,) = await rig.rows("SELECT topic, sequence, kafka_offset FROM discards")
    assert (OUTREACH, None, later[0].offset) == tuple(row), "the number is the original's"


async def test_a_number_used_after_its_discard_is_still_noticed(rig: Rig, offsets: Offsets) -> None:
    """A decision is about one event: what a restored producer writes under its number later is
    another one.
    """
    await rig.inbox.receive(some(offsets, 1))
    await discard(rig, 2)
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    await rig.inbox.receive(some(offsets, 2, time=tomorrow))

    assert ["SEQUENCE_REUSED"] == await rig.reasons(KETANON)


async def test_the_first_release_counted_none(rig: Rig, offsets: Offsets) -> None:
    """Decisions from before the count stood in the marks' row: the count mends itself."""
    await rig.inbox.receive(some(offsets, 1))
    await discard(rig, 2)
    await rig.rows("UPDATE marks SET discards = 5 RETURNING 1")
    await rig.inbox.receive(some(offsets, 3))

    assert [1, 3] == await rig.effects(KETANON)
    assert [] == await rig.waiting()
