"""What is parked drains in order, by a person's word."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from common.events import topics
from common.parking import Drained, ParkingError
from support.inbox_rig import Rig
from support.streams import KETANON, START, Offsets, sosialisasi, value_of

pytestmark = pytest.mark.stack
OUTREACH = topics.REGISTRY_OUTREACH


@pytest.fixture
def offsets() -> Offsets:
    return Offsets()


def some(offsets: Offsets, *sequences: int):
    return [offsets.record(sosialisasi(), village=KETANON, sequence=n) for n in sequences]


async def test_a_retry_drains_in_order(rig: Rig, offsets: Offsets) -> None:
    """Once the cause is gone, the parked events have their effect in their order."""
    rig.ledger.impossible.add((KETANON, 2))
    await rig.inbox.receive(some(offsets, 1, 2, 3, 4))
    first = await rig.parking.retry(KETANON)
    assert (0, 3) == (first.applied, first.left)
    assert "cannot be" in (first.reason or "")
    rig.ledger.impossible.clear()
    second = await rig.parking.retry(KETANON)

    assert (3, 0) == (second.applied, second.left)
    assert [1, 2, 3, 4] == await rig.effects(KETANON)
    assert [(0, 0)] == [tuple(r) for r in await rig.rows("SELECT parked, held FROM marks")]


async def test_new_events_queue_behind_while_a_retry_drains(rig: Rig, offsets: Offsets) -> None:
    """Nothing overtakes: what arrives during the retry has its effect after what was parked."""
    rig.ledger.impossible.add((KETANON, 1))
    await rig.inbox.receive(some(offsets, *range(1, 31)))
    rig.ledger.impossible.clear()
    await asyncio.gather(
        rig.parking.retry(KETANON),
        *(rig.inbox.receive(some(offsets, n)) for n in range(31, 61)),
    )
    await rig.parking.retry(KETANON)

    assert list(range(1, 61)) == await rig.effects(KETANON)
    assert [] == await rig.rows("SELECT FROM held")


async def test_broken_bytes_are_taken_from_the_producer(rig: Rig, offsets: Offsets) -> None:
    """The stored bytes of the event that should be there replace those of the topic."""
    await rig.inbox.receive(
        [
            *some(offsets, 1),
            offsets.raw(OUTREACH, KETANON.encode(), b"\x00broken"),
            *some(offsets, 3),
        ]
    )
    assert 2 == (await rig.parking.retry(KETANON)).left
    rig.stored[OUTREACH, KETANON, 2] = value_of(sosialisasi(), village=KETANON, sequence=2)
    drained = await rig.parking.retry(KETANON)

    assert (2, 0) == (drained.applied, drained.left)
    assert [1, 2, 3] == await rig.effects(KETANON)


async def test_a_reused_sequence_stays_parked_and_in_front(rig: Rig, offsets: Offsets) -> None:
    """No retry can tell which of two events with one number is right: a person decides."""
    await rig.inbox.receive(some(offsets, 1))
    later = START + timedelta(days=1)
    reused = offsets.record(sosialisasi(), village=KETANON, sequence=1, time=later)
    await rig.inbox.receive([reused, *some(offsets, 2, 3)])
    before = await rig.rows("SELECT parked_id, sequence FROM parked ORDER BY parked_id")
    drained = await rig.parking.retry(KETANON)

    assert (0, 3) == (drained.applied, drained.left)
    assert before == await rig.rows("SELECT parked_id, sequence FROM parked ORDER BY parked_id")


async def test_a_discard_is_a_fact_and_passes_the_mark(rig: Rig, offsets: Offsets) -> None:
    """The discarded event never has its effect, also when it is delivered again."""
    rig.ledger.impossible.add((KETANON, 2))
    batch = some(offsets, 1, 2, 3)
    await rig.inbox.receive(batch)
    await rig.parking.discard(
        KETANON, topic=OUTREACH, sequence=2, reason="recorded twice", actor="demo/petugas"
    )
    await rig.parking.retry(KETANON)
    await rig.inbox.receive(batch)

    assert [1, 3] == await rig.effects(KETANON)
    assert [(2, "recorded twice", "demo/petugas")] == [
        tuple(row) for row in await rig.rows("SELECT sequence, reason, actor FROM discards")
    ]


async def test_a_discard_of_a_later_event_is_obeyed_when_its_turn_comes(
    rig: Rig, offsets: Offsets
) -> None:
    """The second parked event is discarded first; the chain closes over it."""
    rig.ledger.impossible.add((KETANON, 1))
    await rig.inbox.receive(some(offsets, 1, 2, 3))
    await rig.parking.discard(KETANON, topic=OUTREACH, sequence=2, reason="x", actor="a")
    rig.ledger.impossible.clear()
    await rig.parking.retry(KETANON)

    assert [1, 3] == await rig.effects(KETANON)
    assert [] == await rig.rows("SELECT FROM held")


async def test_a_record_that_nobody_knows_is_discarded_by_its_id(
    rig: Rig, offsets: Offsets
) -> None:
    """Foreign bytes have no sequence: the mark stays and the village goes on."""
    await rig.inbox.receive(
        [*some(offsets, 1), offsets.raw(OUTREACH, KETANON.encode(), b"?"), *some(offsets, 2)]
    )
    front = (await rig.parking.villages())[0]
    await rig.parking.discard(KETANON, parked_id=front["parked_id"], reason="foreign", actor="a")
    await rig.parking.retry(KETANON)

    assert [1, 2] == await rig.effects(KETANON)


async def test_a_discard_closes_a_gap_that_nothing_will_fill(rig: Rig, offsets: Offsets) -> None:
    """Held events follow once a person has said that the missing one will not come."""
    one, _, three = some(offsets, 1, 2, 3)
    await rig.inbox.receive([one, three])
    await rig.parking.discard(KETANON, topic=OUTREACH, sequence=2, reason="lost", actor="a")

    assert [1, 3] == await rig.effects(KETANON)
    assert [] == await rig.rows("SELECT FROM held")


async def test_a_discard_of_nothing_is_refused(rig: Rig, offsets: Offsets) -> None:
    """What has had its effect cannot be discarded, nor what is not there."""
    await rig.inbox.receive(some(offsets, 1))

    with pytest.raises(ParkingError, match="passed 1 already"):
        await rig.parking.discard(KETANON, topic=OUTREACH, sequence=1, reason="x", actor="a")
    with pytest.raises(ParkingError, match="no parked event"):
        await rig.parking.discard(KETANON, parked_id=99, reason="x", actor="a")


async def test_a_discard_of_the_last_parked_event_closes_the_chain(
    rig: Rig, offsets: Offsets
) -> None:
    """What comes after it does not wait for it for ever."""
    rig.ledger.impossible.add((KETANON, 2))
    await rig.inbox.receive(some(offsets, 1, 2, 3))
    await rig.parking.discard(KETANON, topic=OUTREACH, sequence=3, reason="x", actor="a")
    rig.ledger.impossible.clear()
    await rig.parking.retry(KETANON)
    await rig.inbox.receive(some(offsets, 4))

    assert [1, 2, 4] == await rig.effects(KETANON)


async def test_a_settled_record_is_passed_over_when_it_comes_again(
    rig: Rig, offsets: Offsets
) -> None:
    """A crash before the offset's commit, or a group set back, delivers it once more."""
    broken = offsets.raw(OUTREACH, KETANON.encode(), b"?")
    await rig.inbox.receive([*some(offsets, 1), broken])
    front = (await rig.parking.villages())[0]
    await rig.parking.discard(KETANON, parked_id=front["parked_id"], reason="foreign", actor="a")
    await rig.inbox.receive([broken, *some(offsets, 2)])

    assert [1, 2] == await rig.effects(KETANON)
    assert [] == await rig.reasons(KETANON)


async def test_a_failure_is_noted_at_the_event_that_failed(
    rig: Rig, offsets: Offsets, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another person discards it meanwhile: the event behind it is not blamed."""
    rig.ledger.impossible.add((KETANON, 2))
    await rig.inbox.receive(some(offsets, 1, 2, 3))
    note = rig.parking._still_parked

    async def late(key: str, applied: int, error: Any) -> Drained:
        await rig.parking.discard(key, reason="x", actor="another", parked_id=error.parked_id)
        return await note(key, applied, error)

    monkeypatch.setattr(rig.parking, "_still_parked", late)
    await rig.parking.retry(KETANON)

    rows = await rig.rows("SELECT sequence, reason, attempts FROM parked")
    assert [(3, "BEHIND_PARKED", 0)] == [tuple(row) for row in rows]
