"""An act of a person before it is a fact: what is entered, and whether it fits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from eligibility.domain.acts import ActRefused, may_act
from eligibility.domain.days import indonesian
from eligibility.domain.facts import Acted, ActKind, Fact, Merged
from eligibility.domain.fold import fold
from eligibility.domain.rules import RuleSet, acts_not_before
from eligibility.domain.status import Face


@dataclass(frozen=True, slots=True)
class Act:
    """What a person enters: the deed, its letter's number and date, and who signed."""

    act: ActKind
    number: str
    effective_on: date
    signing_office: str
    reason: str | None = None

    def fact(self, recorded_at: datetime, id: UUID) -> Acted:  # noqa: A002 -- the fact's own word
        return Acted(effective_on=self.effective_on, recorded_at=recorded_at, id=id, act=self.act)


@dataclass(frozen=True, slots=True)
class Preview:
    """What an act would make of a village: its four fields of today, without and with it."""

    before: Face
    after: Face


def check_act(act: Act, facts: Sequence[Fact], rule_sets: Sequence[RuleSet], today: date) -> None:
    """Raise ActRefused unless the act fits the village's status on the act's day."""
    if any(isinstance(fact, Merged) and fact.effective_on <= today for fact in facts):
        raise ActRefused("VILLAGE_CLOSED", "Desa ini sudah bergabung dengan desa lain.")
    if act.effective_on > today:
        raise ActRefused(
            "ACT_IN_FUTURE",
            f"Tanggal {indonesian(act.effective_on)} belum tiba; catat pada harinya.",
        )
    earliest = acts_not_before()
    if act.effective_on < earliest:
        raise ActRefused(
            "ACT_TOO_EARLY",
            f"Tanggal {indonesian(act.effective_on)} mendahului {indonesian(earliest)}, hari "
            "lahir jaminan sosial ketenagakerjaan. Periksa tanggal suratnya.",
        )
    history = fold(facts, rule_sets, until=act.effective_on)
    may_act(history.on(act.effective_on), act.act, reason=act.reason)


def preview(
    act: Acted, facts: Sequence[Fact], rule_sets: Sequence[RuleSet], today: date
) -> Preview:
    """The village's four fields of today without and with the act."""
    before = fold(facts, rule_sets, until=today).on(today).face
    return Preview(before, fold([*facts, act], rule_sets, until=today).on(today).face)
