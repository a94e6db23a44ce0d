"""What a registry may tell of villages, made of a seed, and the ways in which it may arrive."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from common.events.envelope import EventData
from common.events.words import PostKind, Programme

from support.programme import (
    TODAY,
    Registry,
    activated,
    appointed,
    coverage_changed,
    decreed,
    known,
    left,
    recorded,
    sosialisasi,
)
from support.streams import Record

COVERS: tuple[tuple[Programme, ...], ...] = (
    (),
    (Programme.JKK,),
    *[(Programme.JKK, Programme.JKM)] * 4,
)
KINDS = (PostKind.KEPALA_DESA, PostKind.SEKRETARIS_DESA, PostKind.KAUR, PostKind.KAUR)


def history(seed: int, village: str, registry: Registry) -> list[Record]:
    """A village's facts in the order of their recording; terms change only after they began."""
    chance = random.Random(seed)
    posts = [UUID(int=chance.getrandbits(128)) for _ in KINDS]
    stories = [
        [known(village)],
        [decreed(posts[: chance.randint(1, 4)], village, _day(chance)) for _ in range(2)],
        *(_term(chance, post, kind, village) for post, kind in zip(posts, KINDS, strict=True)),
        [sosialisasi(village, on=_day(chance)) for _ in range(chance.randint(0, 2))],
        [_enrollment(chance, village) for _ in range(chance.randint(0, 8))],
    ]
    return registry.tell(*merged(chance, stories), village=village)


def _day(chance: random.Random) -> date:
    return TODAY + timedelta(days=chance.randint(-300, 20))


def _term(chance: random.Random, post: UUID, kind: PostKind, village: str) -> list[EventData]:
    term = UUID(int=chance.getrandbits(128))
    day = _day(chance)
    told: list[EventData] = [
        appointed(post, term, village, on=day, kind=kind, active=chance.choice(COVERS))
    ]
    for _ in range(chance.randint(0, 3)):
        active = chance.choice(COVERS)
        told.append(
            coverage_changed(post, term, _day(chance), village=village, kind=kind, active=active)
        )
    if chance.random() < 0.3:
        told.append(left(post, term, _day(chance), village, kind))
    return told


def _enrollment(chance: random.Random, village: str) -> EventData:
    day = _day(chance)
    if chance.random() < 0.3:
        return recorded(village, on=day)
    effect = [(_day(chance), {"persons": 1, "bpu": chance.randint(-2, 2)}) for _ in range(2)]
    return activated(village, on=day, effect=effect)


def merged(chance: random.Random, stories: Sequence[Sequence[Any]]) -> list[Any]:
    """One order of many stories, each told in its own order."""
    left_over = [list(reversed(story)) for story in stories if story]
    order = []
    while left_over:
        story = chance.choice(left_over)
        order.append(story.pop())
        left_over = [story for story in left_over if story]
    return order


def arrival(chance: random.Random, records: Sequence[Record]) -> list[Record]:
    """Another order: topics of a village overtake each other, some events come early or twice."""

    def stream(record: Record) -> tuple[str, bytes | None]:
        return (record.topic, record.key)

    streams = [list(some) for _, some in groupby(sorted(records, key=stream), key=stream)]
    order = merged(chance, streams)
    for _ in range(len(order) // 10):
        early = chance.randrange(len(order))
        order.insert(chance.randrange(early + 1), order.pop(early))
    for _ in range(len(order) // 10):
        order.insert(chance.randrange(len(order)), chance.choice(order))
    return order


def cut(chance: random.Random, records: Sequence[Record]) -> Iterator[list[Record]]:
    """Batches of any size."""
    start = 0
    while start < len(records):
        end = start + chance.choice((1, 7, 40, 300))
        yield list(records[start:end])
        start = end
