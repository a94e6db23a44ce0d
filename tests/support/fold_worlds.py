"""Generated villages with every kind of fact, and a judge that takes each day by itself."""

from __future__ import annotations

import calendar
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from math import ceil
from typing import Any
from uuid import UUID

from common.events.words import (
    CoverageStatus,
    PostKind,
    Programme,
    Stage,
    TimeZone,
    Title,
    VillageKind,
)
from eligibility.domain.criteria import (
    CoverageAsked,
    Group,
    Parameters,
    PostsCovered,
    SosialisasiAsked,
    SosialisasiWithin,
)
from eligibility.domain.facts import (
    Acted,
    ActKind,
    Appointed,
    CoverageChanged,
    CoverageFrom,
    Enrolled,
    Fact,
    Known,
    Left,
    Post,
    PostsDecreed,
    SosialisasiHeld,
)
from eligibility.domain.rules import RuleSet
from hypothesis import strategies as st

BASE = date(2026, 1, 1)
SPAN = 100
UNTIL = BASE + timedelta(days=SPAN + 10)
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
KINDS = (PostKind.KEPALA_DESA, PostKind.KAUR, PostKind.KAUR, PostKind.RT_HEAD, PostKind.RW_HEAD)
POSTS = tuple(Post(UUID(int=place + 1), kind, place + 1) for place, kind in enumerate(KINDS))
SETS = [
    frozenset(programmes)
    for programmes in (
        (),
        (Programme.JKK,),
        *[(Programme.JKK, Programme.JKM)] * 5,
        (Programme.JKK, Programme.JKM, Programme.JHT),
    )
]


@dataclass(frozen=True)
class World:
    """A village's facts and rule sets, made of a seed; `size` is how much happens."""

    facts: tuple[Fact, ...]
    rule_sets: tuple[RuleSet, ...]


def world(seed: int, size: int) -> World:
    maker = _Maker(random.Random(seed))
    return World(maker.facts(size), maker.rule_sets())


worlds = st.builds(world, st.integers(0, 2**32 - 1), st.integers(1, 8))


class _Maker:
    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.made = 0

    def day(self, spread: int = SPAN) -> date:
        return BASE + timedelta(days=self.rng.randrange(spread))

    def when(self, on: date) -> dict[str, Any]:
        self.made += 1
        number = self.rng.randrange(1, 2**40) * 1000 + self.made
        recorded_at = NOON + timedelta(hours=self.rng.randrange(200))
        return {"effective_on": on, "recorded_at": recorded_at, "id": UUID(int=number)}

    def facts(self, size: int) -> tuple[Fact, ...]:
        rng = self.rng
        facts: list[Fact] = [self.known() for _ in range(rng.choice((0, *[1] * 8, 2)))]
        facts += [self.decree() for _ in range(rng.choice((0, *[1] * 6, 2, 2, 3)))]
        for place, post in enumerate(POSTS * 2):
            if place < len(POSTS) or rng.random() < 0.3:
                facts += self.term(post, size)
        facts += [SosialisasiHeld(**self.when(self.day())) for _ in range(rng.randrange(3))]
        facts += [Enrolled(**self.when(self.day())) for _ in range(rng.randrange(2))]
        facts += [self.act(rng.choice(list(ActKind))) for _ in range(rng.randrange(size))]
        facts += [self.act(ActKind.PENETAPAN) for _ in range(rng.choice((0, 1, 1)))]
        return tuple(facts)

    def decree(self) -> PostsDecreed:
        posts = tuple(post for post in POSTS if self.rng.random() < 0.85)
        return PostsDecreed(posts=posts, **self.when(self.day(self.rng.choice((1, 40)))))

    def act(self, act: ActKind) -> Acted:
        return Acted(act=act, **self.when(self.day(40 if act is ActKind.PENETAPAN else SPAN)))

    def known(self) -> Known:
        return Known(
            kind=self.rng.choice((*[VillageKind.DESA] * 4, VillageKind.KELURAHAN)),
            regency_code=self.rng.choice(("33.26", "33.18")),
            time_zone=TimeZone.WIB,
            **self.when(self.day(20)),
        )

    def term(self, post: Post, size: int) -> list[Fact]:
        rng = self.rng
        term = {
            "term_id": UUID(int=rng.randrange(1, 2**60)),
            "post_id": post.post_id,
            "post_kind": post.kind,
        }
        start = self.day(rng.choice((1, 10, 10, SPAN)))
        told: list[Fact] = [Appointed(coverage=self.coverage(start), **term, **self.when(start))]
        for _ in range(rng.randrange(1 + size // 2)):
            on = self.day()
            told.append(CoverageChanged(coverage=self.coverage(on), **term, **self.when(on)))
        if rng.random() < 0.3:
            told.append(Left(**term, **self.when(self.day())))
        if rng.random() < 0.05:
            again = self.day(20)
            told.append(Appointed(coverage=self.coverage(again), **term, **self.when(again)))
        return told

    def coverage(self, on: date) -> tuple[CoverageFrom, ...]:
        days = {on, *(on + timedelta(days=self.rng.randrange(40)) for _ in range(2))}
        return tuple(
            CoverageFrom(day, CoverageStatus.AKTIF, self.rng.choice(SETS), self.rng.choice(SETS))
            for day in sorted(days)[: self.rng.randrange(1, 4)]
        )

    def rule_sets(self) -> tuple[RuleSet, ...]:
        return tuple(self.rule_set(number) for number in range(self.rng.randrange(1, 4)))

    def rule_set(self, number: int) -> RuleSet:
        rng = self.rng
        posts = [self.posts_covered(f"posts_{place}") for place in range(rng.randrange(1, 3))]
        informed = SosialisasiWithin(
            "sosialisasi_within", "informed", SosialisasiAsked(1), SosialisasiAsked(2)
        )
        members = (*posts, *([informed] if rng.random() < 0.5 else []))
        group = Group(rng.choice(("all", "any")), members)
        if len(members) > 1 and rng.random() < 0.4:
            inner = Group(rng.choice(("all", "any")), members[1:])
            group = Group("at_least", (members[0], inner), n=rng.randrange(1, 3))
        return RuleSet(
            rule_set_id=f"rules_{number}",
            version=1,
            regency_code=rng.choice((None, None, "33.26")) if number else None,
            village_kind=rng.choice((*[VillageKind.DESA] * 4, VillageKind.KELURAHAN)),
            valid_from=self.day(60) if number else date(2025, 1, 1),
            recorded_at=NOON + timedelta(hours=rng.randrange(200)),
            group=group,
            parameters=Parameters(
                vacancy_days=rng.choice((0, 5, 12)),
                head_vacancy_days=rng.choice((0, 0, 3)),
                min_filled=rng.choice((20, 60, 60)),
                confirm_days=rng.choice((0, 3)),
                confirm_days_after_head_change=rng.choice((0, 8)),
                grace_days=rng.choice((10, 20)),
            ),
        )

    def posts_covered(self, name: str) -> PostsCovered:
        kinds = frozenset(self.rng.sample(sorted(set(KINDS)), self.rng.randrange(1, 5)))
        programmes = self.rng.choice(SETS[1:])
        share = self.rng.choice((50, 80, 100, 100))
        return PostsCovered(
            "posts_covered",
            name,
            kinds,
            enter=CoverageAsked(programmes, min_share=share),
            keep=CoverageAsked(programmes, keep_in_grace=self.rng.random() < 0.7, min_share=share),
        )


def judged_by_day(world: World, until: date) -> dict[date, dict[str, Any]]:
    """The status of every day, each looked at by itself, straight from the facts."""
    facts = sorted(world.facts, key=lambda fact: (fact.effective_on, fact.recorded_at, fact.id))
    memory: dict[str, Any] = {"vacant": {}, "runs": {}, "failing": None, "undecidable": None}
    memory |= {"title": Title.NONE, "standing": "NONE", "nominated": False, "flagged": False}
    days: dict[date, dict[str, Any]] = {}
    day = facts[0].effective_on
    while day <= until:
        days[day] = _judge_day(facts, world.rule_sets, day, memory)
        day += timedelta(days=1)
    return days


def _judge_day(
    facts: Sequence[Fact], rule_sets: Sequence[RuleSet], day: date, memory: dict[str, Any]
) -> dict[str, Any]:
    so_far = [fact for fact in facts if fact.effective_on <= day]
    rules = _rules(facts, so_far, rule_sets, day)
    named = _take_acts([fact for fact in so_far if fact.effective_on == day], memory)
    titled = memory["title"] in (Title.DITETAPKAN, Title.DIRESMIKAN)
    kept = titled and memory["standing"] == "NONE"
    seats = _seats(facts, so_far, day, memory)
    met, criteria = _met(rules, seats, so_far, day, "keep" if kept else "enter")
    if named:
        memory["flagged"] = _met(rules, seats, so_far, day, "enter")[0] is not True
    memory["flagged"] = memory["flagged"] and titled
    for name in [name for name in memory["runs"] if name not in criteria]:
        del memory["runs"][name]
    for name, (outcome, _, _) in criteria.items():
        if memory["runs"].get(name, (..., None))[0] is not outcome:
            memory["runs"][name] = (outcome, day)
    at_risk = _clocks(facts, rules, day, memory, met=met, kept=kept)
    failing = memory["failing"] if met is False else None
    standing = memory["standing"]
    if kept:
        standing = "TERANCAM" if at_risk else "BAIK"
    return {
        "eligibility": {True: "ELIGIBLE", False: "NOT_ELIGIBLE", None: "CANNOT_DECIDE"}[met],
        "stage": _stage(so_far, met=met, nominated=memory["nominated"]),
        "title": memory["title"],
        "standing": standing,
        "failing_since": failing["since"] if failing else None,
        "grace_ends": _grace_ends(failing) if failing else None,
        "undecidable_since": memory["undecidable"],
        "flagged": memory["flagged"],
        "rule_set": rules.rule_set_id if rules else None,
        "criteria": {name: (*criteria[name], memory["runs"][name][1]) for name in criteria},
    }


def _rules(
    facts: Sequence[Fact], so_far: Sequence[Fact], rule_sets: Sequence[RuleSet], day: date
) -> RuleSet | None:
    areas = [fact for fact in facts if isinstance(fact, Known)]
    if not areas:
        return None
    present = [fact for fact in so_far if isinstance(fact, Known)]
    area = (
        present
        or [one for one in areas if one.effective_on == min(two.effective_on for two in areas)]
    )[-1]
    fitting = [
        rules for rules in rule_sets if rules.village_kind is area.kind and rules.valid_from <= day
    ]
    own = [rules for rules in fitting if rules.regency_code == area.regency_code]
    fitting = own or [rules for rules in fitting if rules.regency_code is None]
    fitting.sort(key=lambda rules: (rules.valid_from, rules.recorded_at, rules.rule_set_id))
    return fitting[-1] if fitting else None


def _take_acts(today: Sequence[Fact], memory: dict[str, Any]) -> bool:
    named = False
    for fact in today:
        if not isinstance(fact, Acted):
            continue
        title, standing = memory["title"], memory["standing"]
        titled = title in (Title.DITETAPKAN, Title.DIRESMIKAN)
        act = fact.act.value
        if act == "CALON" and not titled:
            memory["nominated"] = True
        elif act == "PENCANANGAN" and title is Title.NONE and standing == "NONE":
            memory["title"] = Title.DICANANGKAN
        elif act == "PENETAPAN" and not titled:
            memory["title"], memory["standing"], named = Title.DITETAPKAN, "NONE", True
        elif act == "PERESMIAN" and title is Title.DITETAPKAN and standing == "NONE":
            memory["title"] = Title.DIRESMIKAN
        elif act == "PENANGGUHAN" and titled and standing == "NONE":
            memory["standing"] = "DITANGGUHKAN"
        elif act == "PEMULIHAN" and standing == "DITANGGUHKAN":
            memory["standing"] = "NONE"
        elif act == "PENCABUTAN" and title is not Title.NONE:
            memory["title"], memory["standing"], named = Title.NONE, "DICABUT", False
    return named


def _seats(
    facts: Sequence[Fact], so_far: Sequence[Fact], day: date, memory: dict[str, Any]
) -> list[tuple[Post, Any]] | None:
    """Every decreed post with its holder's programmes, or the day since which it is vacant."""
    decrees = [fact for fact in so_far if isinstance(fact, PostsDecreed)]
    if not decrees:
        return None
    seats: list[tuple[Post, Any]] = []
    for post in decrees[-1].posts:
        holders = _holders(facts, post, day)
        if holders:
            memory["vacant"].pop(post.post_id, None)
            seats.append((post, _programmes(facts, holders[-1], day)))
        else:
            seats.append((post, memory["vacant"].setdefault(post.post_id, day)))
    listed = {post.post_id for post in decrees[-1].posts}
    for post_id in [post_id for post_id in memory["vacant"] if post_id not in listed]:
        del memory["vacant"][post_id]
    return seats


def _holders(facts: Sequence[Fact], post: Post, day: date) -> list[Appointed]:
    return [
        term
        for term in facts
        if isinstance(term, Appointed)
        and term.post_id == post.post_id
        and term == _last_recorded(facts, term.term_id, Appointed)
        and term.effective_on <= day
        and not ((left := _last_recorded(facts, term.term_id, Left)) and left.effective_on <= day)
    ]


def _last_recorded(facts: Sequence[Fact], term_id: UUID, kind: Any) -> Any:
    told = [fact for fact in facts if isinstance(fact, kind) and fact.term_id == term_id]
    return max(told, key=lambda fact: (fact.recorded_at, fact.id), default=None)


def _programmes(facts: Sequence[Fact], term: Appointed, day: date) -> Any:
    begun = [fact for fact in facts if fact.effective_on <= day]
    told = _last_recorded(begun, term.term_id, Appointed | CoverageChanged)
    entries = [entry for entry in told.coverage if entry.effective_on <= day]
    return (entries[-1].active, entries[-1].in_grace) if entries else (frozenset(), frozenset())


def _met(
    rules: RuleSet | None,
    seats: list[tuple[Post, Any]] | None,
    so_far: Sequence[Fact],
    day: date,
    standard: str,
) -> tuple[bool | None, dict[str, tuple[bool | None, int, int]]]:
    if rules is None:
        return None, {}
    criteria: dict[str, tuple[bool | None, int, int]] = {}

    def vote(group: Group) -> bool | None:
        votes = []
        for member in group.members:
            if isinstance(member, Group):
                votes.append(vote(member))
                continue
            asked = getattr(member, standard)
            if isinstance(member, SosialisasiWithin):
                met = any(
                    isinstance(fact, SosialisasiHeld)
                    and day < _months_later(fact.effective_on, asked.months)
                    for fact in so_far
                )
                criteria[member.name] = (met, 1, int(met))
            else:
                criteria[member.name] = _posts_met(member, asked, rules.parameters, seats, day)
            votes.append(criteria[member.name][0])
        enough = {"all": len(votes), "any": 1, "at_least": group.n or 0}[group.mode]
        if sum(one is True for one in votes) >= enough:
            return True
        return None if any(one is None for one in votes) else False

    return vote(rules.group), criteria


def _posts_met(
    criterion: PostsCovered,
    asked: CoverageAsked,
    parameters: Parameters,
    seats: list[tuple[Post, Any]] | None,
    day: date,
) -> tuple[bool | None, int, int]:
    if seats is None:
        return None, 0, 0
    mine = [(post, held) for post, held in seats if post.kind in criterion.post_kinds]
    held = [held for _, held in mine if isinstance(held, tuple)]
    covered = sum(
        asked.programmes <= (active | in_grace if asked.keep_in_grace else active)
        for active, in_grace in held
    )
    unmissed = sum(
        (day - since).days
        < (
            parameters.head_vacancy_days
            if post.kind is PostKind.KEPALA_DESA
            else parameters.vacancy_days
        )
        for post, since in mine
        if not isinstance(since, tuple)
    )
    required = ceil(asked.min_share * (len(mine) - unmissed) / 100)
    if not mine or len(held) / len(mine) < parameters.min_filled / 100:
        return None, required, covered
    return covered >= required, required, covered


def _months_later(day: date, months: int) -> date:
    month = day.month + months
    year, month = day.year + (month - 1) // 12, (month - 1) % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def _clocks(
    facts: Sequence[Fact],
    rules: RuleSet | None,
    day: date,
    memory: dict[str, Any],
    *,
    met: bool | None,
    kept: bool,
) -> bool:
    """Whether the village is at risk; one failing or undecided day more is remembered."""
    if not kept or met is not None:
        memory["undecidable"] = None
    elif memory["undecidable"] is None:
        memory["undecidable"] = day
    if not kept or met is True:
        memory["failing"] = None
        return False
    if met is None:
        if memory["failing"]:
            memory["failing"]["undecided"] += 1
        return False
    if memory["failing"] is None and rules is not None:
        memory["failing"] = {
            "since": day,
            "days": 0,
            "undecided": 0,
            "patience": _patience(facts, rules.parameters, day),
            "grace": rules.parameters.grace_days,
        }
    at_risk = memory["failing"]["days"] >= memory["failing"]["patience"]
    memory["failing"]["days"] += 1
    return bool(at_risk)


def _patience(facts: Sequence[Fact], parameters: Parameters, day: date) -> int:
    after_change = parameters.confirm_days_after_head_change
    changes = [
        fact.effective_on
        for fact in facts
        if isinstance(fact, Appointed | Left)
        and fact.post_kind is PostKind.KEPALA_DESA
        and fact == _last_recorded(facts, fact.term_id, type(fact))
    ]
    recent = any(0 <= (day - change).days < after_change for change in changes)
    return after_change if recent else parameters.confirm_days


def _grace_ends(failing: dict[str, Any]) -> date:
    since: date = failing["since"]
    return since + timedelta(days=failing["grace"] + failing["undecided"])


def _stage(so_far: Sequence[Fact], *, met: bool | None, nominated: bool) -> Stage:
    holds = [
        (Stage.MEMENUHI_SYARAT, met is True),
        (Stage.CALON, nominated),
        (Stage.SOSIALISASI, any(isinstance(fact, SosialisasiHeld) for fact in so_far)),
        (Stage.TERDAFTAR, any(not isinstance(fact, Known) for fact in so_far)),
    ]
    return next((stage for stage, so in holds if so), Stage.NONE)
