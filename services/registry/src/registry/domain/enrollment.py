"""A membership's life: recorded, activated, moved, ended; and what each act tells the villages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from common.events.registry import (
    EnrollmentActivated,
    EnrollmentEnded,
    EnrollmentMovedIn,
    EnrollmentMovedOut,
    EnrollmentRecorded,
)
from common.events.words import EnrollmentStatus, Programme, Segment

from registry.domain.areas import Village
from registry.domain.days import check_not_before, indonesian
from registry.domain.facts import Fact
from registry.domain.refusals import MembershipOpen, SameVillage, TransitionForbidden
from registry.domain.spans import Span, Spans, check_room, effect_on


class Act(StrEnum):
    RECORD = "RECORD"
    ACTIVATE = "ACTIVATE"
    MOVE = "MOVE"
    END = "END"


TRANSITIONS: Final[Mapping[tuple[Act, EnrollmentStatus | None], EnrollmentStatus]] = {
    (Act.RECORD, None): EnrollmentStatus.PENDING_PAYMENT,
    (Act.ACTIVATE, EnrollmentStatus.PENDING_PAYMENT): EnrollmentStatus.AKTIF,
    (Act.MOVE, EnrollmentStatus.AKTIF): EnrollmentStatus.AKTIF,
    (Act.END, EnrollmentStatus.PENDING_PAYMENT): EnrollmentStatus.KELUAR,
    (Act.END, EnrollmentStatus.AKTIF): EnrollmentStatus.KELUAR,
}
"""Every allowed pair of act and status, and the status after it; all others are refused."""

_ACTS_IN_WORDS = {
    Act.RECORD: "dicatat",
    Act.ACTIVATE: "diaktifkan",
    Act.MOVE: "dipindahkan",
    Act.END: "diakhiri",
}


@dataclass(frozen=True, slots=True)
class Enrollment:
    """A membership period of one participant in a segment, as it stands after its last act."""

    enrollment_id: UUID
    participant_id: UUID
    village_key: str
    segment: Segment
    programmes: tuple[Programme, ...]
    status: EnrollmentStatus
    version: int
    last_change_on: date


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an act leaves: the enrollment, its participant's spans before and after, the facts."""

    enrollment: Enrollment
    before: Spans
    spans: Spans
    facts: tuple[Fact, ...]


def next_status(act: Act, status: EnrollmentStatus | None) -> EnrollmentStatus:
    """The status that the act leads to; raises TransitionForbidden."""
    after = TRANSITIONS.get((act, status))
    if after is None:
        allowed = ", ".join(before for (some, before) in TRANSITIONS if some == act and before)
        raise TransitionForbidden(
            f"Kepesertaan berstatus {status} tidak dapat {_ACTS_IN_WORDS[act]}; "
            f"status harus {allowed}."
        )
    return after


def record(village: Village, enrollment: Enrollment, unended: Sequence[Enrollment]) -> Outcome:
    """A membership that counts once it is activated; raises MembershipOpen."""
    for other in unended:
        if other.segment == enrollment.segment:
            raise MembershipOpen(
                f"Peserta masih mempunyai kepesertaan {other.segment} {other.enrollment_id} "
                f"berstatus {other.status}; akhiri atau pindahkan yang itu lebih dahulu."
            )
    data = EnrollmentRecorded(
        **_fact(village, enrollment, None, enrollment.last_change_on), effect=()
    )
    return Outcome(enrollment, (), (), (Fact(village.village_key, data),))


def activate(village: Village, enrollment: Enrollment, spans: Spans, on: date) -> Outcome:
    """Protection begins with the first contribution."""
    after = _after(Act.ACTIVATE, enrollment, on)
    for span in spans:
        if span.segment == after.segment and (span.ends_on is None or span.ends_on > on):
            raise MembershipOpen(
                f"Kepesertaan {span.segment} {span.enrollment_id} masih berlaku sesudah "
                f"{indonesian(on)}; pakai tanggal sesudah kepesertaan itu berakhir.",
                field="effective_on",
            )
    now = (*spans, _new_span(after, spans, on))
    check_room(now)
    data = EnrollmentActivated(
        **_fact(village, after, enrollment, on),
        effect=effect_on(village.village_key, before=spans, after=now),
    )
    return Outcome(after, spans, now, (Fact(village.village_key, data),))


def end(village: Village, enrollment: Enrollment, spans: Spans, on: date) -> Outcome:
    """`on` is the first day without the membership; one never activated leaves no trace."""
    after = _after(Act.END, enrollment, on)
    now = _closed(enrollment.enrollment_id, spans, on)
    data = EnrollmentEnded(
        **_fact(village, after, enrollment, on),
        effect=effect_on(village.village_key, before=spans, after=now),
    )
    return Outcome(after, spans, now, (Fact(village.village_key, data),))


def move(
    origin: Village,
    target: Village,
    enrollment: Enrollment,
    spans: Spans,
    *,
    on: date,
    move_id: UUID,
) -> Outcome:
    """The same membership goes on in another village; each village hears its own half."""
    if origin.village_key == target.village_key:
        raise SameVillage("Desa tujuan sama dengan desa sekarang; pilih desa lain.")
    after = replace(_after(Act.MOVE, enrollment, on), village_key=target.village_key)
    closed = _closed(enrollment.enrollment_id, spans, on)
    now = (*closed, _new_span(after, spans, on))
    check_room(now)
    out = EnrollmentMovedOut(
        **_fact(origin, after, enrollment, on),
        effect=effect_on(origin.village_key, before=spans, after=now),
        move_id=move_id,
    )
    into = EnrollmentMovedIn(
        **_fact(target, after, enrollment, on),
        effect=effect_on(target.village_key, before=spans, after=now),
        move_id=move_id,
    )
    facts = (Fact(origin.village_key, out), Fact(target.village_key, into))
    return Outcome(after, spans, now, facts)


def _after(act: Act, enrollment: Enrollment, on: date) -> Enrollment:
    status = next_status(act, enrollment.status)
    check_not_before(on, enrollment.last_change_on)
    return replace(enrollment, status=status, version=enrollment.version + 1, last_change_on=on)


def _new_span(enrollment: Enrollment, spans: Spans, on: date) -> Span:
    own = sum(span.enrollment_id == enrollment.enrollment_id for span in spans)
    return Span(
        enrollment_id=enrollment.enrollment_id,
        number=own + 1,
        village_key=enrollment.village_key,
        segment=enrollment.segment,
        status=enrollment.status,
        programmes=enrollment.programmes,
        starts_on=on,
    )


def _closed(enrollment_id: UUID, spans: Spans, on: date) -> tuple[Span, ...]:
    return tuple(
        replace(span, ends_on=on)
        if span.enrollment_id == enrollment_id and span.ends_on is None
        else span
        for span in spans
    )


def _fact(
    village: Village, after: Enrollment, before: Enrollment | None, on: date
) -> dict[str, Any]:
    return {
        "effective_on": on,
        "village_code": village.village_code,
        "enrollment_id": after.enrollment_id,
        "participant_id": after.participant_id,
        "previous_status": before.status if before else None,
        "status": after.status,
        "version": after.version,
        "segment": after.segment,
        "programmes": after.programmes,
    }
