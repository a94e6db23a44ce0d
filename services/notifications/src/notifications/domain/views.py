"""A village after a decision, as far as alerts depend on it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from common.events.eligibility import Face, Reason
from common.events.words import Eligibility, Standing, Title


@dataclass(frozen=True, slots=True)
class View:
    """The four fields, and which criteria were met or lack a holder's protection."""

    eligible: bool
    title: Title
    standing: Standing
    met: frozenset[str] = frozenset()
    uncovered: frozenset[str] = frozenset()
    """Criteria that are not met, among others because a holder of a post lacks protection."""

    @classmethod
    def of(cls, face: Face, reasons: Iterable[Reason] = ()) -> View:
        criteria = tuple(reasons)
        return cls(
            eligible=face.eligibility is Eligibility.ELIGIBLE,
            title=face.title,
            standing=face.standing,
            met=frozenset(reason.criterion for reason in criteria if reason.met),
            uncovered=frozenset(
                reason.criterion
                for reason in criteria
                if reason.met is False and any(post.not_covered for post in reason.missing)
            ),
        )
