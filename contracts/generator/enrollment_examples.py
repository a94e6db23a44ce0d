"""Golden examples of enrollments: recorded, imported, activated, moved and ended."""

from __future__ import annotations

from datetime import date

from common.events.envelope import Origin
from common.events.registry import (
    Deltas,
    Effect,
    EnrollmentActivated,
    EnrollmentEnded,
    EnrollmentMovedIn,
    EnrollmentMovedOut,
    EnrollmentRecorded,
)
from common.events.words import EnrollmentStatus, Programme, Segment

from contracts.generator.example import Example, some_id
from contracts.generator.village_examples import JKK_JKM, KETANONAGENG, TRACEPARENT, WONOPRINGGO

IMPORT = some_id("import of a branch")

OWN_ACCOUNT = {
    "village_code": KETANONAGENG,
    "enrollment_id": some_id("enrollment on own account"),
    "participant_id": some_id("participant on own account"),
    "segment": Segment.BPU,
    "programmes": JKK_JKM,
}
WAGE_EARNER = {
    "village_code": WONOPRINGGO,
    "enrollment_id": some_id("enrollment of a wage earner"),
    "participant_id": some_id("participant with a wage"),
    "segment": Segment.PU,
    "programmes": (Programme.JHT, *JKK_JKM, Programme.JP, Programme.JKP),
}
MOVED_ON = date(2026, 2, 15)
MOVE = {
    "effective_on": MOVED_ON,
    "previous_status": EnrollmentStatus.AKTIF,
    "status": EnrollmentStatus.AKTIF,
    "version": 3,
    "move_id": some_id("move"),
}
IN, OUT = (Deltas(persons=n, bpu=n, jkk=n, jkm=n) for n in (1, -1))

ENROLLMENT_EXAMPLES = (
    Example(
        name="own_account",
        traceparent=TRACEPARENT,
        data=EnrollmentRecorded(
            **OWN_ACCOUNT,
            effective_on=date(2026, 1, 5),
            previous_status=None,
            status=EnrollmentStatus.PENDING_PAYMENT,
            version=1,
            effect=(),
        ),
    ),
    Example(
        name="imported",
        origin=Origin.IMPORT,
        batch_id=IMPORT,
        data=EnrollmentRecorded(
            **WAGE_EARNER,
            effective_on=date(2025, 11, 1),
            previous_status=None,
            status=EnrollmentStatus.PENDING_PAYMENT,
            version=1,
            effect=(),
        ),
    ),
    Example(
        name="own_account",
        sequence=2,
        data=EnrollmentActivated(
            **OWN_ACCOUNT,
            effective_on=date(2026, 1, 6),
            previous_status=EnrollmentStatus.PENDING_PAYMENT,
            status=EnrollmentStatus.AKTIF,
            version=2,
            effect=(Effect(effective_on=date(2026, 1, 6), deltas=IN),),
        ),
    ),
    Example(
        name="wage_earner_imported",
        sequence=2,
        origin=Origin.IMPORT,
        batch_id=IMPORT,
        data=EnrollmentActivated(
            **WAGE_EARNER,
            effective_on=date(2025, 11, 1),
            previous_status=EnrollmentStatus.PENDING_PAYMENT,
            status=EnrollmentStatus.AKTIF,
            version=2,
            effect=(
                Effect(
                    effective_on=date(2025, 11, 1),
                    deltas=Deltas(persons=1, pu=1, jht=1, jkk=1, jkm=1, jp=1, jkp=1),
                ),
            ),
        ),
    ),
    Example(
        name="moved_away",
        sequence=3,
        data=EnrollmentMovedOut(
            **OWN_ACCOUNT | MOVE, effect=(Effect(effective_on=MOVED_ON, deltas=OUT),)
        ),
    ),
    Example(
        name="moved_here",
        sequence=3,
        data=EnrollmentMovedIn(
            **OWN_ACCOUNT | MOVE | {"village_code": WONOPRINGGO},
            effect=(Effect(effective_on=MOVED_ON, deltas=IN),),
        ),
    ),
    Example(
        name="ended_with_a_later_day_undone",
        sequence=4,
        data=EnrollmentEnded(
            **OWN_ACCOUNT | {"village_code": WONOPRINGGO},
            effective_on=date(2026, 3, 1),
            previous_status=EnrollmentStatus.MENUNGGAK,
            status=EnrollmentStatus.KELUAR,
            version=4,
            effect=(
                Effect(effective_on=date(2026, 3, 1), deltas=OUT),
                Effect(effective_on=date(2026, 4, 1), deltas=IN),
            ),
        ),
    ),
)
