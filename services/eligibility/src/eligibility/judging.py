"""From facts to an entry of the decision log: pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache, lru_cache
from uuid import UUID

from common.clock import midnight
from common.events import eligibility as contract
from common.events.envelope import Origin
from common.events.words import TimeZone

from eligibility.domain.facts import Fact
from eligibility.domain.fold import fold
from eligibility.domain.proposals import Warned
from eligibility.domain.rules import RuleSet
from eligibility.domain.status import Face, RuleSetRef, Status
from eligibility.told import effective_on, since, told

MAX_INPUTS = 1000


@dataclass(frozen=True, slots=True)
class Working:
    """A village's working row, as far as deciding needs it."""

    village_key: str
    village_code: str
    time_zone: TimeZone
    next_count_on: date | None
    """The next day that changes the counts."""
    next_judge_on: date | None
    """The next day on which time may change the status."""
    next_review_at: datetime | None
    status: Status
    """What the log says of it, with the reasons of its last entry."""
    since: date | None
    last_decision_id: UUID | None
    warned: Warned
    closed_on: date | None = None
    """The day on which it became part of another village."""

    def decided(self, decision_id: UUID) -> Working:
        return replace(self, last_decision_id=decision_id)

    def warning(self, warned: Warned) -> Working:
        return replace(self, warned=warned)

    def not_before(self, today: Mapping[TimeZone, date]) -> date:
        """Today, or the later day for which another process, whose clock is ahead, has judged."""
        day = today[self.time_zone]
        return day if self.since is None else max(day, self.since)

    def wakes_at(self, next_judge_on: date | None) -> datetime | None:
        """The local midnight of the first day on which time may change anything."""
        due = (next_judge_on, self.next_count_on, self.warned.propose_on)
        days = [day for day in due if day is not None]
        return midnight(min(days), self.time_zone) if days else None


@dataclass(frozen=True, slots=True)
class Judged:
    status: Status
    since: date
    """First day of the unbroken run with these four fields."""
    effective_on: date
    """First day of the unbroken run of what an entry in the log would change."""
    next_judge_on: date | None


@dataclass(frozen=True, slots=True)
class Foreseen:
    """A village judged ahead, for its next day and with the rule sets that there were."""

    judge_on: date
    rule_sets: int
    judged: Judged | None
    """None when judging failed; its review will say why."""

    def holds(self, village: Working, today: date, rule_sets: int) -> bool:
        """Whether a fold of today would find the same.

        Facts need no look: whoever adds one judges the village and deletes what was foreseen.
        """
        if self.judged is None:
            return False
        later = self.judged.next_judge_on
        return (
            self.judge_on == village.next_judge_on
            and self.judge_on <= today
            and self.rule_sets == rule_sets
            and (later is None or today < later)
        )


@dataclass(frozen=True, slots=True)
class Input:
    """What a decision is made of: an event or an act, or for a review the day that began."""

    id: UUID | None
    time: datetime
    origin: Origin = Origin.LIVE
    batch_id: UUID | None = None


def judge(
    village: Working, facts: Iterable[Fact], rule_sets: Sequence[RuleSet], today: date
) -> Judged:
    """The village's status today, and when to look again."""
    history = fold(facts, rule_sets, until=today)
    return Judged(
        history.on(today),
        since(history, today),
        effective_on(history, today, village.status),
        history.next_review_on,
    )


def by_what_is_due(
    villages: Iterable[Working], today: Mapping[TimeZone, date]
) -> tuple[list[str], list[Working]]:
    """Villages of which the log may have more to say, and those of which only counts changed."""
    judged, only_counted = [], []
    for village in villages:
        days = (village.next_judge_on, village.warned.propose_on)
        if any(day is not None and day <= today[village.time_zone] for day in days):
            judged.append(village.village_key)
        else:
            only_counted.append(village)
    return judged, only_counted


def decision_of(
    village: Working, judged: Judged, inputs: Sequence[Input], decision_id: UUID
) -> contract.CertificationChanged | None:
    """The log's next entry, or None when it would say the same as the last one."""
    status = judged.status
    if told(status) == told(village.status):
        return None
    newest_first = sorted(inputs, key=lambda cause: cause.time, reverse=True)
    ids = [cause.id for cause in newest_first if cause.id is not None]
    if not ids:
        # Time alone: the events that explain what is so now.
        ids = list(dict.fromkeys(r.because for r in status.reasons if r.because is not None))
    return contract.CertificationChanged(
        effective_on=judged.effective_on,
        village_code=village.village_code,
        decision_id=decision_id,
        previous_decision_id=village.last_decision_id,
        previous=face_of(village.status),
        current=face_of(status),
        reasons=reasons_of(status),
        rule_set=rule_set_of(status),
        failing_since=status.failing_since,
        grace_ends=status.grace_ends,
        undecidable_since=status.undecidable_since,
        flagged=status.flagged,
        inputs=tuple(ids[:MAX_INPUTS]),
        newest_input_time=newest_first[0].time,
    )


def origin_of(inputs: Iterable[Input]) -> Origin:
    """LIVE if any input is, else that of the newest."""
    newest_first = sorted(inputs, key=lambda cause: cause.time, reverse=True)
    live = any(cause.origin is Origin.LIVE for cause in newest_first)
    return Origin.LIVE if live else newest_first[0].origin


def batch_of(inputs: Iterable[Input]) -> UUID | None:
    """The import that the newest input with one belongs to."""
    newest_first = sorted(inputs, key=lambda cause: cause.time, reverse=True)
    return next((cause.batch_id for cause in newest_first if cause.batch_id), None)


def face_of(status: Status) -> contract.Face:
    return contract_face(status.face)


@cache
def contract_face(face: Face) -> contract.Face:
    return contract.Face(
        eligibility=face.eligibility, stage=face.stage, title=face.title, standing=face.standing
    )


def rule_set_of(status: Status) -> contract.RuleSetRef | None:
    return None if status.rule_set is None else _contract_ref(status.rule_set)


@lru_cache(maxsize=1000)
def _contract_ref(ref: RuleSetRef) -> contract.RuleSetRef:
    return contract.RuleSetRef(
        rule_set_id=ref.rule_set_id, version=ref.version, checksum=ref.checksum
    )


def reasons_of(status: Status) -> tuple[contract.Reason, ...]:
    return tuple(
        contract.Reason(
            criterion=reason.criterion,
            met=reason.met,
            required=reason.required,
            actual=reason.actual,
            missing=tuple(
                contract.Missing(
                    post_kind=missing.post_kind,
                    vacant=missing.vacant,
                    not_covered=missing.not_covered,
                )
                for missing in reason.missing
            ),
            since=reason.since,
            because=reason.because,
        )
        for reason in status.reasons
    )
