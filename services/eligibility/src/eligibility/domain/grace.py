"""The run of days on which a titled village fails to keep, and the clocks that it starts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from eligibility.domain.criteria import Parameters


@dataclass(frozen=True, slots=True)
class Failing:
    """An unbroken run of failing days; `undecided` days within it do not count."""

    since: date
    confirm_days: int
    grace_days: int
    undecided: int = 0

    @property
    def confirmed_on(self) -> date:
        """First day on which the standing is TERANCAM."""
        return self.since + timedelta(days=self.confirm_days + self.undecided)

    @property
    def grace_ends(self) -> date:
        return self.since + timedelta(days=self.grace_days + self.undecided)


def failing_from(day: date, parameters: Parameters, head_changes: Sequence[date]) -> Failing:
    """The run that begins on `day`, with the clocks of the rules valid on it."""
    patience = parameters.confirm_days_after_head_change
    window = day - timedelta(days=patience)
    new_head = any(window < change <= day for change in head_changes)
    confirm_days = patience if new_head else parameters.confirm_days
    return Failing(day, confirm_days, parameters.grace_days)
