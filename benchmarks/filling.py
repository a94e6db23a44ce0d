"""Synthetic events by the hundred thousand: the same for ours and for the bare loops."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import msgspec
from common.events.envelope import schema_of, sequence_text
from common.events.registry import Deltas, Effect, EnrollmentActivated
from common.events.words import EnrollmentStatus, Programme, Segment

START = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)


def village(number: int) -> str:
    """A village code of the benchmark's own, one of up to 99 x 999."""
    return f"33.26.{1 + number // 999:02}.{2001 + number % 999 - 1:04}"


def enrollment(key: str, number: int) -> EnrollmentActivated:
    return EnrollmentActivated(
        effective_on=date(2026, 1, 5),
        village_code=key,
        enrollment_id=UUID(int=number),
        participant_id=UUID(int=number),
        previous_status=EnrollmentStatus.PENDING_PAYMENT,
        status=EnrollmentStatus.AKTIF,
        version=2,
        segment=Segment.BPU,
        programmes=(Programme.JKK, Programme.JKM),
        effect=(
            Effect(effective_on=date(2026, 1, 5), deltas=Deltas(persons=1, bpu=1, jkk=1, jkm=1)),
        ),
    )


def events(count: int, villages: int) -> Iterator[tuple[str, int, UUID, datetime, bytes]]:
    """(village_key, sequence, id, time, bytes), round robin over the villages."""
    keys = [village(n) for n in range(villages)]
    bodies = {
        key: msgspec.Raw(enrollment(key, n).model_dump_json().encode())
        for n, key in enumerate(keys)
    }
    for number in range(count):
        key = keys[number % villages]
        sequence = number // villages + 1
        identity = UUID(int=(7 << 76) + (2 << 62) + number)
        time = START + timedelta(milliseconds=number)
        envelope = {
            "specversion": "1.0",
            "id": identity,
            "type": EnrollmentActivated.type,
            "source": f"/registry/enrollments/{key}",
            "subject": key,
            "time": time,
            "datacontenttype": "application/json",
            "dataschema": schema_of(EnrollmentActivated.type),
            "sequence": sequence_text(sequence),
            "partitionkey": key,
            "origin": "LIVE",
            "data": bodies[key],
        }
        yield key, sequence, identity, time, msgspec.json.encode(envelope)


def pages(
    count: int, villages: int, size: int
) -> Iterator[list[tuple[str, int, UUID, datetime, bytes]]]:
    stream = events(count, villages)
    while page := list(itertools.islice(stream, size)):
        yield page
