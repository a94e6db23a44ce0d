"""Effects and coverage against a count by hand, for any life of a person."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID, uuid4

from common.events.registry import EnrollmentFact
from common.events.words import (
    CoverageStatus,
    EnrollmentStatus,
    Programme,
    RegencyKind,
    Segment,
    TimeZone,
    VillageKind,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from registry.domain.areas import Village
from registry.domain.enrollment import Enrollment, Outcome, activate, end, move
from registry.domain.posts import Post, PostKind, Term, coverage_changes
from registry.domain.refusals import Refusal
from registry.domain.spans import Spans, coverage_from

START = date(2019, 1, 1)
DAYS = 12
KEYS = ("33.26.10.2001", "33.26.10.2013", "33.26.12.2008")
BASIC = (Programme.JKK, Programme.JKM)

Counts = dict[tuple[str, date], Counter[str]]


def village(key: str) -> Village:
    return Village(
        village_key=key,
        village_code=key,
        name="Ketanonageng",
        kind=VillageKind.DESA,
        kecamatan_code=key[:8],
        kecamatan_name="Sragi",
        regency_code=key[:5],
        regency_name="Pekalongan",
        regency_kind=RegencyKind.KABUPATEN,
        province_code=key[:2],
        province_name="Jawa Tengah",
        time_zone=TimeZone.WIB,
    )


VILLAGES = {key: village(key) for key in KEYS}


class Life:
    """One participant, told what happens; refusals leave everything as it was."""

    def __init__(self) -> None:
        self.spans: Spans = ()
        self.enrollments: dict[UUID, Enrollment] = {}
        self.facts: list[tuple[str, EnrollmentFact]] = []
        self.outcomes: list[Outcome] = []

    def record(self, key: str, segment: Segment, programmes: tuple[Programme, ...]) -> UUID:
        enrollment = Enrollment(
            enrollment_id=uuid4(),
            participant_id=UUID(int=1),
            village_key=key,
            segment=segment,
            programmes=programmes,
            status=EnrollmentStatus.PENDING_PAYMENT,
            version=1,
            last_change_on=START,
        )
        self.enrollments[enrollment.enrollment_id] = enrollment
        return enrollment.enrollment_id

    def act(self, name: str, enrollment_id: UUID, day: date, target: str) -> None:
        enrollment = self.enrollments[enrollment_id]
        here = VILLAGES[enrollment.village_key]
        try:
            if name == "activate":
                outcome = activate(here, enrollment, self.spans, day)
            elif name == "end":
                outcome = end(here, enrollment, self.spans, day)
            else:
                there = VILLAGES[target]
                outcome = move(here, there, enrollment, self.spans, on=day, move_id=uuid4())
        except Refusal:
            return
        self.enrollments[enrollment_id] = outcome.enrollment
        self.spans = outcome.spans
        self.facts += outcome.facts
        self.outcomes.append(outcome)

    def told(self) -> Counts:
        """Each village's counts on each day, as a consumer adds them up."""
        counts: Counts = defaultdict(Counter)
        for key, fact in self.facts:
            for effect in fact.effect:
                for day in days():
                    if effect.effective_on <= day:
                        counts[key, day].update(effect.deltas.model_dump())
        return counts

    def true(self) -> Counts:
        """The same, counted by hand from the spans."""
        counts: Counts = defaultdict(Counter)
        for key in KEYS:
            for day in days():
                held = [s for s in self.spans if s.village_key == key and s.holds_on(day)]
                words = {"persons"} if held else set()
                words |= {span.segment.lower() for span in held}
                words |= {one.lower() for span in held for one in span.programmes}
                counts[key, day].update(words)
        return counts


def days() -> list[date]:
    return [START + timedelta(days=number) for number in range(-1, DAYS + 2)]


def same(one: Counts, other: Counts) -> bool:
    keys = one.keys() | other.keys()
    return all(+one[key] == +other[key] and not -one[key] for key in keys)


ACTS = st.lists(
    st.tuples(
        st.sampled_from(["activate", "move", "end"]),
        st.integers(0, 3),
        st.integers(0, DAYS),
        st.sampled_from(KEYS),
    ),
    max_size=14,
)
MEMBERSHIPS = st.lists(
    st.tuples(
        st.sampled_from(KEYS),
        st.sampled_from([(Segment.BPU, BASIC), (Segment.PU, (*BASIC, Programme.JP))]),
    ),
    min_size=1,
    max_size=4,
)


@given(MEMBERSHIPS, ACTS)
@settings(max_examples=400, deadline=None)
def test_effects_add_up_to_the_counts(
    memberships: list[tuple[str, tuple[Segment, tuple[Programme, ...]]]],
    acts: list[tuple[str, int, int, str]],
) -> None:
    """However a life goes, adding the effects gives each village's counts of each day."""
    life = Life()
    ids = [life.record(key, *segment) for key, segment in memberships]

    for name, number, day, target in acts:
        life.act(name, ids[number % len(ids)], START + timedelta(days=day), target)

    assert same(life.told(), life.true())


@given(MEMBERSHIPS, st.lists(st.sampled_from(KEYS), max_size=6), st.data())
@settings(max_examples=200, deadline=None)
def test_what_is_undone_leaves_no_trace(
    memberships: list[tuple[str, tuple[Segment, tuple[Programme, ...]]]],
    moves: list[str],
    data: st.DataObject,
) -> None:
    """Every membership ended on the day of its activation, moved or not: zero on every day."""
    life = Life()
    ids = [life.record(key, *segment) for key, segment in memberships]
    day = {one: START + timedelta(days=data.draw(st.integers(0, DAYS))) for one in ids}
    for one in ids:
        life.act("activate", one, day[one], KEYS[0])
        for target in moves:
            life.act("move", one, day[one], target)
    for one in data.draw(st.permutations(ids)):
        life.act("end", one, day[one], KEYS[0])

    assert not any(+counts or -counts for counts in life.told().values())


@given(MEMBERSHIPS, ACTS, st.integers(0, DAYS))
@settings(max_examples=200, deadline=None)
def test_coverage_events_add_up_to_the_coverage(
    memberships: list[tuple[str, tuple[Segment, tuple[Programme, ...]]]],
    acts: list[tuple[str, int, int, str]],
    begins: int,
) -> None:
    """Replacing a post's coverage from each event's day on gives the holder's true coverage."""
    life = Life()
    ids = [life.record(key, *segment) for key, segment in memberships]
    post = Post(uuid4(), 1, KEYS[0], PostKind.KEPALA_DESA, 1)
    term = Term(uuid4(), post, UUID(int=1), acting=False, starts_on=START + timedelta(days=begins))
    told = dict.fromkeys(days(), CoverageStatus.NONE)

    for name, number, day, target in acts:
        done = len(life.outcomes)
        life.act(name, ids[number % len(ids)], START + timedelta(days=day), target)
        for outcome in life.outcomes[done:]:
            facts = coverage_changes(VILLAGES, [term], before=outcome.before, after=outcome.spans)
            assert len(facts) <= 1
            for fact in facts:
                for entry in fact.data.coverage:
                    told.update({one: entry.status for one in days() if one >= entry.effective_on})

    for one in days():
        if one >= term.starts_on:
            assert told[one] == coverage_from(one, life.spans)[0].status


def test_in_grace_is_counted_apart() -> None:
    """Who has nothing active but something in grace counts as a person and as in grace."""
    life = Life()
    one = life.record(KEYS[0], Segment.BPU, BASIC)
    life.act("activate", one, START, KEYS[0])
    lapsed = [replace(span, status=EnrollmentStatus.MENUNGGAK) for span in life.spans]

    [entry] = coverage_from(START, lapsed)

    assert (entry.status, entry.active, entry.in_grace) == (CoverageStatus.IN_GRACE, (), BASIC)
