"""A village's history as a pure function of its facts and the rule sets.

What the fold decides where the design leaves room:

- *Rivals.* Of facts that say what holds (area data, decrees) the last by (effective_on,
  recorded_at, id) with effective_on <= X holds on X. A coverage statement tells the whole future
  of its term, so of those effective on X the one recorded last holds, even if another is effective
  later. A term's start and end are those recorded last; of two holders the one begun last counts.
- *Before the first area data* the village is what the first says: we learnt late, it was so before.
- *Spans are half-open.* Vacant since V: missing from V + 90 on. A sosialisasi of day H counts up to
  the day before H + 24 months. Failing since F: TERANCAM from F + 7 on.
- *Vacancies* run from the first day on which the post is decreed and has no holder. The share of
  filled posts is taken of the posts that the criterion asks for; if none of them is decreed, the
  list is as good as unknown.
- *Undecidable criteria*: a group is met once enough members are met; otherwise one undecided member
  makes it undecided, even beside a failing one.
- *Titled* means DITETAPKAN or DIRESMIKAN. DICANANGKAN has the standing NONE. Acts that do not fit
  (`acts.after`) change nothing; a nomination stays.
- *A suspension ends the run of failing days*; after the restoration a new one begins.
- *Failing days are counted*: days that cannot be decided move TERANCAM and `grace_ends` back by
  their number, and on such a day no clock is shown.
- *After a change of head*: a term on the head's post began or ended on `failing_since` or within
  the `confirm_days_after_head_change` days that end there.
- *Flagged*: on the day of the penetapan the village did not meet `enter`, as known.
- *A merged village* has a history up to the day of its merger; later days are as that one.
- *Grace ends* change nothing by themselves, but wake: `next_review_on` may be such a day.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import pairwise

from common.events.words import Eligibility, Stage, Standing

from eligibility.domain.acts import TITLED
from eligibility.domain.assess import judge
from eligibility.domain.facts import Fact, Known, Merged
from eligibility.domain.grace import Failing, failing_from
from eligibility.domain.reasons import reasons_of
from eligibility.domain.rules import RuleSet
from eligibility.domain.status import Face, History, Interval, Judgement, Reason, Status
from eligibility.domain.timeline import Change, changes_of, head_change_days
from eligibility.domain.village import Village


def fold(
    facts: Iterable[Fact],
    rule_sets: Sequence[RuleSet],
    *,
    until: date,
    known_at: datetime | None = None,
) -> History:
    """The status on every day up to `until`, as known at `known_at` (None: as known now)."""
    known = known_facts(facts, known_at)
    if not known:
        return History((), None)
    rules = rules_over(known, rule_sets, known_at)
    changes = changes_of(known, rules)
    days = sorted(
        {*changes, *(r.valid_from for r in rules if r.valid_from > known[0].effective_on)}
    )
    closed_on = merged_on(known)
    until = min(until, closed_on)
    course = _Course(Village(known), rules, head_change_days(known))
    past = [day for day in days if day <= until]
    for day, end in pairwise([*past, until + timedelta(days=1)]):
        course.run(day, end, changes.get(day, []))
    if until == closed_on:
        return History(tuple(course.intervals), None)
    wakes = [*days[len(past) : len(past) + 1], *course.wakes()]
    return History(
        tuple(course.intervals), min((day for day in wakes if day > until), default=None)
    )


def known_facts(facts: Iterable[Fact], known_at: datetime | None = None) -> list[Fact]:
    """Each fact recorded up to `known_at` once, in the order of the facts."""
    once = {fact.id: fact for fact in facts if known_at is None or fact.recorded_at <= known_at}
    return sorted(once.values(), key=lambda fact: fact.order)


def merged_on(facts: Iterable[Fact]) -> date:
    """The day on which the village became part of another; the last of all days if it did not."""
    days = (fact.effective_on for fact in facts if isinstance(fact, Merged))
    return min(days, default=date.max)


def rules_over(
    facts: Iterable[Fact], rule_sets: Iterable[RuleSet], known_at: datetime | None
) -> list[RuleSet]:
    """The rule sets that may ever judge this village."""
    areas = {(fact.kind, fact.regency_code) for fact in facts if isinstance(fact, Known)}
    return [
        rules
        for rules in rule_sets
        if (known_at is None or rules.recorded_at <= known_at)
        and any(
            rules.village_kind == kind and rules.regency_code in (None, regency_code)
            for kind, regency_code in areas
        )
    ]


@dataclass(slots=True)
class _Course:
    """The village's way through the days; what one segment hands to the next."""

    village: Village
    rule_sets: Sequence[RuleSet]
    head_changes: Sequence[date]
    intervals: list[Interval] = field(default_factory=list)
    reasons: dict[str, Reason] = field(default_factory=dict)
    failing: Failing | None = None
    undecidable_since: date | None = None
    flagged: bool = False

    def run(self, day: date, end: date, changes: Sequence[Change]) -> None:
        """Judge the days from `day` to before `end`, in which only the clocks run."""
        self.village.take(changes)
        kept = self.village.recorded.kept
        rules = self.village.rules(self.rule_sets, day)
        village = self.village.on()
        judgement = judge(village, rules, day, keep=kept)
        if self.village.named:
            self.flagged = judge(village, rules, day, keep=False).met is not True
        elif self.village.recorded.title not in TITLED:
            self.flagged = False
        self.reasons = (
            reasons_of(judgement, rules, self.reasons, changes, day, keep=kept) if rules else {}
        )
        self._clocks(judgement, rules, day, end, kept=kept)
        self._enter(day, end, judgement, rules)

    def wakes(self) -> list[date]:
        """Days on which a clock that runs at the end of the history runs out."""
        if self.failing is None or self.undecidable_since is not None:
            return []
        return [self.failing.confirmed_on, self.failing.grace_ends]

    def _clocks(
        self, judgement: Judgement, rules: RuleSet | None, day: date, end: date, *, kept: bool
    ) -> None:
        """Start, stop or hold the clocks of a village that is to keep its title."""
        if not kept or judgement.met is not None:
            self.undecidable_since = None
        elif self.undecidable_since is None:
            self.undecidable_since = day
        if not kept or judgement.met is True:
            self.failing = None
        elif judgement.met is None:
            if self.failing is not None:
                undecided = self.failing.undecided + (end - day).days
                self.failing = replace(self.failing, undecided=undecided)
        elif self.failing is None and rules is not None:
            self.failing = failing_from(day, rules.parameters, self.head_changes)

    def _enter(self, day: date, end: date, judgement: Judgement, rules: RuleSet | None) -> None:
        """Write the intervals of the segment; a confirmation may fall within it."""
        failing = self.failing if judgement.met is False else None
        starts = [day]
        if failing is not None and day < failing.confirmed_on < end:
            starts.append(failing.confirmed_on)
        for start in starts:
            at_risk = failing is not None and failing.confirmed_on <= start
            status = Status(
                self._face(judgement, at_risk=at_risk),
                tuple(self.reasons.values()),
                rules.ref if rules else None,
                failing.since if failing else None,
                failing.grace_ends if failing else None,
                self.undecidable_since,
                self.flagged,
            )
            if not self.intervals or self.intervals[-1].status != status:
                self.intervals.append(Interval(start, status))

    def _face(self, judgement: Judgement, *, at_risk: bool) -> Face:
        recorded = self.village.recorded
        standing = recorded.standing
        if recorded.kept:
            standing = Standing.TERANCAM if at_risk else Standing.BAIK
        return Face(ELIGIBILITY[judgement.met], self._stage(judgement), recorded.title, standing)

    def _stage(self, judgement: Judgement) -> Stage:
        if judgement.met is True:
            return Stage.MEMENUHI_SYARAT
        if self.village.nominated:
            return Stage.CALON
        if self.village.last_sosialisasi is not None:
            return Stage.SOSIALISASI
        return Stage.TERDAFTAR if self.village.takes_part else Stage.NONE


ELIGIBILITY = {
    True: Eligibility.ELIGIBLE,
    False: Eligibility.NOT_ELIGIBLE,
    None: Eligibility.CANNOT_DECIDE,
}
