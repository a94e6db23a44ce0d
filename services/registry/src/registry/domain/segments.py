"""What a segment asks of a membership: dated rows of data, chosen by the day of registration."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from common.events.words import Programme, Segment

from registry.domain.refusals import AgeOutsideLimits, ProgrammesNotAllowed, SegmentWithoutRule


@dataclass(frozen=True, slots=True)
class SegmentRule:
    """One row: valid from a day until the segment's next row."""

    segment: Segment
    valid_from: date
    required: frozenset[Programme]
    allowed: frozenset[Programme]
    min_age: int | None
    max_age: int | None
    """Completed years at registration; a member who passes it later continues."""
    source: str


def rule_on(rules: Iterable[SegmentRule], segment: Segment, day: date) -> SegmentRule:
    """The segment's row that is valid on `day`; raises SegmentWithoutRule."""
    valid = [rule for rule in rules if rule.segment == segment and rule.valid_from <= day]
    if not valid:
        raise SegmentWithoutRule(f"Belum ada aturan segmen {segment} untuk tanggal itu.")
    return max(valid, key=lambda rule: rule.valid_from)


def check_programmes(rule: SegmentRule, programmes: Sequence[Programme]) -> tuple[Programme, ...]:
    """The programmes in the programme's own order; raises ProgrammesNotAllowed."""
    chosen = set(programmes)
    if missing := rule.required - chosen:
        raise ProgrammesNotAllowed(
            f"Segmen {rule.segment} wajib memuat {_listed(rule.required)}; "
            f"tambahkan {_listed(missing)}."
        )
    if extra := chosen - rule.allowed:
        raise ProgrammesNotAllowed(
            f"{_listed(extra)} tidak tersedia untuk segmen {rule.segment}; "
            f"pilih dari {_listed(rule.allowed)}."
        )
    return in_order(chosen)


def check_age(rule: SegmentRule, born: date | None, on: date) -> None:
    """Between the rule's ages on the day of registration; raises AgeOutsideLimits."""
    if born is None or (rule.min_age is None and rule.max_age is None):
        return
    age = on.year - born.year - ((on.month, on.day) < (born.month, born.day))
    if not (rule.min_age or 0) <= age <= (rule.max_age if rule.max_age is not None else age):
        raise AgeOutsideLimits(
            f"Usia pada tanggal pendaftaran harus {rule.min_age}-{rule.max_age} tahun "
            f"({rule.source}). Bila tanggal lahir dalam NIK keliru, isi birth_date sesuai akta."
        )


def in_order(programmes: Iterable[Programme]) -> tuple[Programme, ...]:
    """Each programme once, as JHT, JKK, JKM, JP, JKP."""
    chosen = set(programmes)
    return tuple(programme for programme in Programme if programme in chosen)


def _listed(programmes: Iterable[Programme]) -> str:
    return ", ".join(in_order(programmes))
