"""Golden examples of ceremonies."""

from __future__ import annotations

from datetime import date

from common.events.eligibility import CeremonyMoved, CeremonyPlanned
from common.events.words import CeremonyKind, OfficeKind, Venue

from contracts.generator.example import Example, some_id
from contracts.generator.village_examples import KETANONAGENG

CEREMONY_EXAMPLES = (
    Example(
        name="at_the_pendopo",
        sequence=8,
        data=CeremonyPlanned(
            effective_on=date(2026, 3, 2),
            village_code=KETANONAGENG,
            ceremony_id=some_id("ceremony"),
            kind=CeremonyKind.PERESMIAN,
            planned_for=date(2026, 3, 24),
            begins_at=None,
            venue=Venue.PENDOPO,
            host=OfficeKind.BUPATI,
        ),
    ),
    Example(
        name="a_day_later",
        sequence=9,
        data=CeremonyMoved(
            effective_on=date(2026, 3, 10),
            village_code=KETANONAGENG,
            ceremony_id=some_id("ceremony"),
            kind=CeremonyKind.PERESMIAN,
            planned_for=date(2026, 3, 25),
            begins_at="09:00",
            venue=Venue.PENDOPO,
            host=OfficeKind.BUPATI,
            previously_for=date(2026, 3, 24),
            previously_at=None,
        ),
    ),
)
