"""Enrollments as they stand, and the spans of days on which they hold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from asyncpg import Record
from common.database import Connection
from common.events.words import EnrollmentStatus, Programme, Segment

from registry.domain.enrollment import Enrollment, Outcome
from registry.domain.refusals import EnrollmentUnknown
from registry.domain.segments import SegmentRule
from registry.domain.spans import Span
from registry.storage.participants import Participant
from registry.storage.queries import SQL


def unknown() -> EnrollmentUnknown:
    return EnrollmentUnknown("Kepesertaan itu tidak dikenal; periksa enrollment_id.")


async def get(connection: Connection, enrollment_id: UUID) -> Enrollment:
    """An enrollment; raises EnrollmentUnknown."""
    row = await connection.fetchrow(SQL["enrollment"], enrollment_id)
    if row is None:
        raise unknown()
    return _enrollment(row)


async def unended_of(connection: Connection, participant: Participant) -> list[Enrollment]:
    """The participant's enrollments that have not ended."""
    rows = await connection.fetch(SQL["unended_enrollments"], participant.participant_id)
    return [_enrollment(row) for row in rows]


async def page(
    connection: Connection, village_key: str, after: UUID, limit: int
) -> list[Enrollment]:
    """Enrollments of a village behind a key."""
    rows = await connection.fetch(SQL["enrollments_of_village"], village_key, after, limit)
    return [_enrollment(row) for row in rows]


async def spans_of(connection: Connection, participant: Participant) -> list[Span]:
    """All spans of a participant, in every village."""
    rows = await connection.fetch(SQL["spans"], participant.participant_id)
    return [_span(row) for row in rows]


async def spans_of_all(
    connection: Connection, participant_ids: Iterable[UUID]
) -> dict[UUID, list[Span]]:
    """All spans of several participants."""
    rows = await connection.fetch(SQL["spans_of_participants"], list(participant_ids))
    spans: defaultdict[UUID, list[Span]] = defaultdict(list)
    for row in rows:
        spans[row["participant_id"]].append(_span(row))
    return spans


async def add(
    connection: Connection, enrollment: Enrollment, kpj_sealed: bytes | None, now: datetime
) -> None:
    """A recorded enrollment."""
    await connection.execute(
        SQL["add_enrollment"],
        enrollment.enrollment_id,
        enrollment.participant_id,
        enrollment.village_key,
        enrollment.segment,
        list(enrollment.programmes),
        enrollment.status,
        enrollment.version,
        enrollment.last_change_on,
        kpj_sealed,
        now,
    )


async def save(connection: Connection, participant: Participant, outcome: Outcome) -> None:
    """An enrollment after an act, with the spans that the act closed and opened."""
    enrollment = outcome.enrollment
    await connection.execute(
        SQL["change_enrollment"],
        enrollment.enrollment_id,
        enrollment.village_key,
        enrollment.status,
        enrollment.version,
        enrollment.last_change_on,
    )
    known = {(span.enrollment_id, span.number): span for span in outcome.before}
    for span in outcome.spans:
        was = known.get((span.enrollment_id, span.number))
        if was is None:
            await _open(connection, participant, span)
        elif was != span:
            await connection.execute(
                SQL["close_span"], span.enrollment_id, span.number, span.ends_on
            )


async def rules(connection: Connection) -> list[SegmentRule]:
    """What the segments ask of a membership, all dates."""
    return [
        SegmentRule(
            segment=Segment(row["segment"]),
            valid_from=row["valid_from"],
            required=frozenset(map(Programme, row["required"])),
            allowed=frozenset(map(Programme, row["allowed"])),
            min_age=row["min_age"],
            max_age=row["max_age"],
            source=row["source"],
        )
        for row in await connection.fetch(SQL["segment_rules"])
    ]


async def _open(connection: Connection, participant: Participant, span: Span) -> None:
    await connection.execute(
        SQL["add_span"],
        span.enrollment_id,
        span.number,
        participant.participant_no,
        span.village_key,
        span.segment,
        span.status,
        list(span.programmes),
        span.starts_on,
        span.ends_on,
    )


def _enrollment(row: Record) -> Enrollment:
    return Enrollment(
        enrollment_id=row["enrollment_id"],
        participant_id=row["participant_id"],
        village_key=row["village_key"],
        segment=Segment(row["segment"]),
        programmes=tuple(map(Programme, row["programmes"])),
        status=EnrollmentStatus(row["status"]),
        version=row["version"],
        last_change_on=row["last_change_on"],
    )


def _span(row: Record) -> Span:
    return Span(
        enrollment_id=row["enrollment_id"],
        number=row["number"],
        village_key=row["village_key"],
        segment=Segment(row["segment"]),
        status=EnrollmentStatus(row["status"]),
        programmes=tuple(map(Programme, row["programmes"])),
        starts_on=row["starts_on"],
        ends_on=row["ends_on"],
    )
