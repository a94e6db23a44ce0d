"""A village as its changes are taken, day after day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID

from eligibility.domain.acts import TITLED, Recorded, after
from eligibility.domain.assess import VillageOn
from eligibility.domain.facts import (
    Acted,
    ActKind,
    Fact,
    Known,
    Merged,
    PostsDecreed,
    SosialisasiHeld,
)
from eligibility.domain.posts import Seat
from eligibility.domain.rules import RuleSet, rule_set_for
from eligibility.domain.timeline import Change


class Village:
    """What holds after the days taken so far."""

    def __init__(self, facts: Sequence[Fact]) -> None:
        """`facts` in their order: before the first area data the village is what that says."""
        self.area = _first_area(facts)
        self.recorded = Recorded()
        self.named = False
        """The last day taken gave the title."""
        self.nominated = False
        self.takes_part = False
        self.last_sosialisasi: date | None = None
        self.seats: dict[UUID, Seat] = {}
        self._posts_known = False
        self._tally: Counter[Seat] = Counter()

    def take(self, changes: Iterable[Change]) -> None:
        """Take the changes of the next day, in the order of their facts."""
        self.named = False
        for change in changes:
            if change.post is not None:
                self._seat(change.post.post_id, change.seat)
            elif change.day == change.fact.effective_on:
                self._fact(change.fact)

    def on(self) -> VillageOn:
        """The village as the criteria see it."""
        return VillageOn(self._tally if self._posts_known else None, self.last_sosialisasi)

    def rules(self, rule_sets: Sequence[RuleSet], day: date) -> RuleSet | None:
        """The rule set that judges the village on `day`; none for a village of unknown kind."""
        if self.area is None:
            return None
        return rule_set_for(rule_sets, self.area.regency_code, self.area.kind, day)

    def _seat(self, post_id: UUID, seat: Seat | None) -> None:
        before = self.seats.pop(post_id, None)
        if before is not None:
            self._tally[before] -= 1
            if not self._tally[before]:
                del self._tally[before]
        if seat is not None:
            self.seats[post_id] = seat
            self._tally[seat] += 1

    def _fact(self, fact: Fact) -> None:
        match fact:
            case Known():
                self.area = fact
                return
            case Merged():
                return
            case PostsDecreed():
                self._posts_known = True
            case SosialisasiHeld():
                self.last_sosialisasi = fact.effective_on
            case Acted():
                self._act(fact.act)
        self.takes_part = True

    def _act(self, act: ActKind) -> None:
        made = after(self.recorded, act)
        if made is None:
            return
        self.nominated = self.nominated or act is ActKind.CALON
        self.named = made.title in TITLED and (self.named or self.recorded.title not in TITLED)
        self.recorded = made


def _first_area(facts: Sequence[Fact]) -> Known | None:
    areas = [fact for fact in facts if isinstance(fact, Known)]
    first_day = [area for area in areas if area.effective_on == areas[0].effective_on]
    return first_day[-1] if first_day else None
