"""A parked village is drained in its order while new events arrive, round after round."""

from __future__ import annotations

import asyncio
import random

import pytest
from common.events import topics
from support.inbox_rig import Rig
from support.streams import KETANON, SUKOSEWU, Offsets, sosialisasi, value_of

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120)]
ROUNDS = 12
A_ROUND = 15


def some(offsets: Offsets, village: str, *sequences: int):
    return [offsets.record(sosialisasi(village), village=village, sequence=n) for n in sequences]


@pytest.mark.parametrize("seed", range(4))
async def test_nothing_overtakes_in_many_rounds(rig: Rig, seed: int) -> None:
    """Each round an event fails, is mended, and two operators retry while two members receive
    what follows, some of it twice: one order, each event once. The other village is not stopped.
    """
    chance, offsets = random.Random(seed), Offsets()
    members = [rig.inbox, rig.member()]
    last = 0
    for _ in range(ROUNDS):
        first, last = last + 1, last + A_ROUND
        bad = chance.randint(first, last)
        rig.ledger.impossible.add((KETANON, bad))
        batch = some(offsets, KETANON, *range(first, last + 1))
        split = chance.randint(1, A_ROUND - 1)
        await rig.inbox.receive(batch[:split] + some(offsets, SUKOSEWU, *range(first, last + 1)))
        rig.ledger.impossible.clear()
        rest = batch[split:]
        await asyncio.gather(
            *(rig.parking.retry(KETANON) for _ in range(2)),
            members[0].receive(rest),
            members[1].receive(chance.sample(rest, len(rest))),
        )
        assert last == len(await rig.effects(SUKOSEWU))
    await rig.parking.retry(KETANON)

    assert list(range(1, last + 1)) == await rig.effects(KETANON)
    assert [] == await rig.waiting()
    assert [] == await rig.rows("SELECT FROM held UNION ALL SELECT FROM parked")


async def test_the_producer_is_asked_without_a_lock(rig: Rig) -> None:
    """A slow answer holds nobody up: the village's next events are taken meanwhile."""
    offsets = Offsets()
    one, three = some(offsets, KETANON, 1, 3)
    broken = offsets.raw(topics.REGISTRY_OUTREACH, KETANON.encode(), b"\x00broken")
    await rig.inbox.receive([one, broken])
    asked: list[int] = []

    async def slow(topic: str, village: str, sequence: int) -> bytes | None:
        asked.append(sequence)
        async with asyncio.timeout(5):  # under the village's lock this would wait for ever
            await rig.inbox.receive([three])
        return value_of(sosialisasi(), village=village, sequence=sequence)

    rig.parking._stored = slow
    drained = await rig.parking.retry(KETANON)

    assert [2] == asked
    assert (2, 0) == (drained.applied, drained.left)
    assert [1, 2, 3] == await rig.effects(KETANON)


async def test_an_answer_that_came_too_late_is_asked_again(rig: Rig) -> None:
    """What was asked for is looked at again under the lock: another operator may have been here."""
    offsets = Offsets()
    one, three = some(offsets, KETANON, 1, 3)
    broken = offsets.raw(topics.REGISTRY_OUTREACH, KETANON.encode(), b"\x00broken")
    await rig.inbox.receive([one, broken, three])
    asked: list[int] = []

    async def slow(topic: str, village: str, sequence: int) -> bytes | None:
        asked.append(sequence)
        if len(asked) == 1:
            front = (await rig.parking.villages())[0]
            await rig.parking.discard(KETANON, parked_id=front["parked_id"], reason="x", actor="a")
            await rig.parking.discard(
                KETANON, topic=topic, sequence=sequence, reason="x", actor="a"
            )
        return value_of(sosialisasi(), village=village, sequence=sequence)

    rig.parking._stored = slow
    await rig.parking.retry(KETANON)

    assert [2] == asked
    assert [1, 3] == await rig.effects(KETANON)
    assert [] == await rig.waiting()
