"""A backlog of registry events over many villages, told once and put on any set of topics."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from datetime import timedelta

from common.kafka import HEADERS, build_producer

from support.histories import history, merged
from support.programme import TODAY, Registry, activated
from support.streams import Record

VILLAGES = [f"33.26.{n // 8 + 1:02d}.2{n % 8 + 1:03d}" for n in range(48)]
ENROLLMENTS = 100
"""Memberships of each village, beside what its history tells."""


def backlog(seed: int) -> list[Record]:
    """Some thousands of events: each village in its order, the villages mixed."""
    chance = random.Random(seed)
    registry = Registry()
    stories = []
    for n, village in enumerate(VILLAGES):
        story = history(seed * 1000 + n, village, registry)
        days = [TODAY - timedelta(days=chance.randint(1, 300)) for _ in range(ENROLLMENTS)]
        stories.append([
            *story, *registry.tell(*(activated(village, on=day) for day in days), village=village)
        ])  # fmt: skip
    return list(merged(chance, stories))


async def put(kafka: str, prefix: str, records: Sequence[Record]) -> None:
    """Have the broker acknowledge them, in their order per village."""
    async with build_producer(kafka, client="tests") as producer:
        sent = [
            await producer.send(
                f"{prefix}{record.topic}", record.value, key=record.key, headers=list(HEADERS)
            )
            for record in records
        ]
        await asyncio.gather(*sent)


def ends_of(records: Sequence[Record]) -> dict[tuple[str, str], int]:
    """The last sequence of each stream: how far the marks will be."""
    ends: dict[tuple[str, str], int] = {}
    for record in records:
        assert record.key is not None
        stream = (record.topic, record.key.decode())
        ends[stream] = ends.get(stream, 0) + 1
    return ends
