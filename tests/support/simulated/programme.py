"""What the offices record during a run: villages that become eligible, and lose it again."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from uuid import UUID

from common.events.envelope import EventData
from common.events.words import PostKind, Programme
from common.outbox import Draft

from support.programme import (
    JKK_JKM,
    TODAY,
    activated,
    appointed,
    coverage_changed,
    decreed,
    known,
    left,
    sosialisasi,
)
from support.simulated.registry import Deed

VILLAGES = ("33.26.10.2001", "33.26.10.2002", "33.26.12.2008", "35.05.15.2004")
KINDS = (PostKind.KEPALA_DESA, PostKind.SEKRETARIS_DESA, PostKind.KAUR)
FOUNDED = TODAY - timedelta(days=62)
"""So late because the judge that a run is held to takes each day since by itself."""
COVERS: tuple[tuple[Programme, ...], ...] = (JKK_JKM, JKK_JKM, ())


def government(chance: random.Random, village: str) -> Iterator[Deed]:
    """A village's own facts in their order: area, posts, officials and their coverage."""
    posts = [_uuid(chance) for _ in KINDS[: chance.randint(2, 3)]]
    terms = [_uuid(chance) for _ in posts]
    told: list[list[EventData]] = [
        [known(village, effective_on=FOUNDED)],
        [decreed(posts, village, on=FOUNDED)],
    ]
    holders = list(zip(posts, terms, KINDS, strict=False))
    told += [
        [appointed(post, term, village, on=FOUNDED, kind=kind, active=chance.choice(COVERS))]
        for post, term, kind in holders
    ]
    told += [[sosialisasi(village)]] * (chance.random() < 0.5)
    for _ in range(chance.randint(1, 4)):
        post, term, kind = chance.choice(holders)
        active = chance.choice(COVERS)
        day = _day(chance)
        told.append([coverage_changed(post, term, day, village=village, kind=kind, active=active)])
    if chance.random() < 0.3:
        post, term, kind = holders[-1]
        told.append([left(post, term, TODAY, village, kind)])
    for n, events in enumerate(_together(chance, told)):
        yield Deed(f"{village}/{n}", tuple(Draft(village, event) for event in events))


def residents(chance: random.Random, name: str, villages: Sequence[str]) -> Iterator[Deed]:
    """People who enroll anywhere and move: deeds that concern one village or two at once."""
    for n in range(chance.randint(2, 4)):
        concerned = chance.sample(villages, chance.choice((1, 1, 2)))
        drafts = tuple(Draft(v, activated(v, on=_day(chance))) for v in concerned)
        yield Deed(f"{name}/{n}", drafts)


def _together(
    chance: random.Random, told: Sequence[Sequence[EventData]]
) -> Iterator[list[EventData]]:
    """Some deeds write several events."""
    some: list[EventData] = []
    for events in told:
        some += events
        if chance.random() < 0.6:
            yield some
            some = []
    if some:
        yield some


def _day(chance: random.Random) -> date:
    return TODAY - timedelta(days=chance.randint(0, 60))


def _uuid(chance: random.Random) -> UUID:
    return UUID(int=chance.getrandbits(128), version=4)
