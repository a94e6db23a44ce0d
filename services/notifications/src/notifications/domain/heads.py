"""Who leads a village, as far as offices are told: a term and its protection, never a person."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from common.events.registry import (
    Coverage,
    OfficialAppointed,
    OfficialCoverageChanged,
    OfficialLeft,
)
from common.events.words import PostKind, Programme

HEADS = frozenset({PostKind.KEPALA_DESA, PostKind.LURAH})
PROTECTION = frozenset({Programme.JKK, Programme.JKM})
"""What every official has to have at least."""

HeadEvent = OfficialAppointed | OfficialCoverageChanged | OfficialLeft


@dataclass(frozen=True, slots=True)
class Head:
    """The latest term of a village's head."""

    term_id: UUID
    post_kind: PostKind
    acting: bool
    begins: date
    ends: date | None
    """First day without this holder."""
    coverage: tuple[Coverage, ...]
    """By day, the earliest first."""

    def protected_on(self, day: date) -> bool:
        """Whether JKK and JKM are active."""
        now = [entry for entry in self.coverage if entry.effective_on <= day]
        return bool(now) and frozenset(now[-1].active) >= PROTECTION

    def in_office_on(self, day: date) -> bool:
        """A head appointed ahead counts as coming: protection can be prepared."""
        return self.ends is None or day < self.ends


def followed_by(before: Head | None, event: HeadEvent) -> Head | None:
    """The latest term after an event; what is told of earlier terms changes nothing."""
    match event:
        case OfficialAppointed():
            if before is not None and event.effective_on < before.begins:
                return before
            return Head(
                term_id=event.term_id,
                post_kind=event.post_kind,
                acting=event.acting,
                begins=event.effective_on,
                ends=None,
                coverage=_in_order(event.coverage),
            )
        case OfficialCoverageChanged() if before is not None and before.term_id == event.term_id:
            kept = [c for c in before.coverage if c.effective_on < event.effective_on]
            return replace(before, coverage=_in_order([*kept, *event.coverage]))
        case OfficialLeft() if before is not None and before.term_id == event.term_id:
            return replace(before, ends=event.effective_on)
        case _:
            return before


def changed(before: Head | None, after: Head | None) -> bool:
    """Whether another one leads the village; the first head that is heard of is no change."""
    return before is not None and after is not None and before.term_id != after.term_id


def _in_order(coverage: Iterable[Coverage]) -> tuple[Coverage, ...]:
    return tuple(sorted(coverage, key=lambda entry: entry.effective_on))
