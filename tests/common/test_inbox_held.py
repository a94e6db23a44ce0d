"""Re-sent batches, members that come and go: whatever arrives how often, each effect is once.

A failing run is repeated with the seed in its name.
"""

from __future__ import annotations

import asyncio
import random

import pytest
from support.cutting import cut_off_after
from support.inbox_rig import Rig
from support.streams import KETANON, SUKOSEWU, WONOPRINGGO, Offsets, Record, sosialisasi

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120)]
VILLAGES = (KETANON, SUKOSEWU, WONOPRINGGO)
EVENTS = 60


def stream(offsets: Offsets) -> list[Record]:
    """The events of three villages as a relay carries them: round robin, each in its order."""
    return [
        offsets.record(sosialisasi(village), village=village, sequence=n)
        for n in range(1, EVENTS + 1)
        for village in VILLAGES
    ]


def as_resent(chance: random.Random, records: list[Record]) -> list[list[Record]]:
    """Pages as failing batches leave them: half of one, a later one first, the same twice."""
    pages: list[list[Record]] = []
    start = 0
    while start < len(records):
        page = records[start : start + chance.choice((1, 5, 20, 45))]
        start += len(page)
        match chance.choice(("whole", "half", "twice", "gap", "shuffled")):
            case "whole":
                pages.append(page)
            case "half":  # the broker took the front of it, then all of it once more
                pages += [page[: len(page) // 2], page]
            case "twice":
                pages += [page, page]
            case "gap":  # the batch of one partition failed, the one behind it did not
                following = records[start : start + 10]
                pages += [following, page, following]
            case "shuffled":
                pages.append(chance.sample(page, len(page)))
    return pages


async def each_once(rig: Rig) -> None:
    for village in VILLAGES:
        assert list(range(1, EVENTS + 1)) == await rig.effects(village), village
    assert [] == await rig.waiting()
    assert [] == await rig.rows("SELECT FROM held UNION ALL SELECT FROM parked")


@pytest.mark.parametrize("seed", range(6))
async def test_pages_that_are_sent_again(rig: Rig, seed: int) -> None:
    """Twice, by halves, out of order: what comes early is held and drains, in order."""
    for page in as_resent(random.Random(seed), stream(Offsets())):
        await rig.inbox.receive(page)

    await each_once(rig)


@pytest.mark.parametrize("seed", range(6))
async def test_members_that_change(rig: Rig, seed: int) -> None:
    """Two members on the same villages; one dies with its batch uncommitted, or lives on as a
    zombie beside the one that was given its partitions.
    """
    chance = random.Random(seed)
    pages = as_resent(chance, stream(Offsets()))
    members = [rig.inbox, rig.member()]
    done = cut = 0
    while done < len(pages):
        chance.shuffle(members)
        one, other = members
        match chance.choice(("commits", "dies", "zombie", "apart")) if cut else "dies":
            case "commits":
                await one.receive(pages[done])
                done += 1
            case "dies":  # anywhere in its transaction; its offsets were not committed
                place = chance.randint(1, 40)
                cut += await cut_off_after(rig.database, place, one.receive(pages[done]))
                members = [other, rig.member()]
            case "zombie":
                await asyncio.gather(one.receive(pages[done]), other.receive(pages[done]))
                done += 1
            case "apart":  # after a rebalance each has pages of the same villages
                await asyncio.gather(
                    one.receive(pages[done]), *[other.receive(p) for p in pages[done + 1 :][:1]]
                )
                done += 2
    await each_once(rig)


@pytest.mark.parametrize("seed", range(4))
async def test_a_poisoned_village_under_all_of_it(rig: Rig, seed: int) -> None:
    """Its events wait in their order, once each, however they came; a retry drains them."""
    chance = random.Random(seed)
    place = chance.randint(1, EVENTS)
    rig.ledger.impossible.add((KETANON, place))
    members = [rig.inbox, rig.member()]
    for page in as_resent(chance, stream(Offsets())):
        await asyncio.gather(*(member.receive(page) for member in members))

    assert list(range(1, place)) == await rig.effects(KETANON)
    assert list(range(1, EVENTS + 1)) == await rig.effects(SUKOSEWU)
    rig.ledger.impossible.clear()
    await rig.parking.retry(KETANON)
    await each_once(rig)
