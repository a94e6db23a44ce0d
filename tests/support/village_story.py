"""A village's story in the programme's words, told day by day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from common.events.words import CoverageStatus, PostKind, Programme, TimeZone, VillageKind
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
from eligibility.domain.fold import fold
from eligibility.domain.rules import RuleSet, default_rule_sets
from eligibility.domain.status import History, Status

JKK_JKM = frozenset({Programme.JKK, Programme.JKM})
STAFF_OF_NINE = (
    PostKind.KEPALA_DESA,
    PostKind.SEKRETARIS_DESA,
    PostKind.KAUR,
    PostKind.KAUR,
    PostKind.KASI,
    PostKind.KASI,
    PostKind.KASI,
    PostKind.KEPALA_DUSUN,
    PostKind.KEPALA_DUSUN,
)
FOUNDED = date(2026, 1, 1)


def day(text: str) -> date:
    return date.fromisoformat(text)


def after(start: date, days: int) -> date:
    return start + timedelta(days=days)


class Story:
    """Collects facts; each is recorded one minute after the one before, unless told otherwise."""

    def __init__(self, kind: VillageKind = VillageKind.DESA, regency_code: str = "35.05") -> None:
        self.facts: list[Fact] = []
        self.posts: tuple[Post, ...] = ()
        self.terms: dict[UUID, Appointed] = {}
        self.clock = datetime(2026, 1, 1, tzinfo=UTC)
        self.known(kind, regency_code)

    def known(self, kind: VillageKind, regency_code: str = "35.05", on: date = FOUNDED) -> Known:
        zone = TimeZone.WIB
        return self.tell(
            Known(kind=kind, regency_code=regency_code, time_zone=zone, **self.when(on))
        )

    def decree(self, kinds: tuple[PostKind, ...] = STAFF_OF_NINE, on: date = FOUNDED) -> Fact:
        self.posts = tuple(
            Post(UUID(int=1000 + place), kind, kinds[:place].count(kind) + 1)
            for place, kind in enumerate(kinds)
        )
        return self.tell(PostsDecreed(posts=self.posts, **self.when(on)))

    def appoint(
        self,
        place: int,
        on: date = FOUNDED,
        *,
        programmes: frozenset[Programme] = JKK_JKM,
        acting: bool = False,
    ) -> Appointed:
        post = self.posts[place]
        coverage = (CoverageFrom(on, CoverageStatus.AKTIF, programmes),)
        term = Appointed(
            term_id=UUID(int=2000 + len(self.facts)),
            post_id=post.post_id,
            post_kind=post.kind,
            acting=acting,
            coverage=coverage,
            **self.when(on),
        )
        self.terms[post.post_id] = term
        return self.tell(term)

    def appoint_all(self, on: date = FOUNDED) -> None:
        for place in range(len(self.posts)):
            self.appoint(place, on)

    def leave(self, place: int, on: date) -> Left:
        return self.tell(Left(**self.term(place), **self.when(on)))

    def cover(
        self,
        place: int,
        on: date,
        *entries: CoverageFrom,
    ) -> CoverageChanged:
        """The holder's coverage from `on` is `entries`; none at all means nothing."""
        coverage = entries or (CoverageFrom(on, CoverageStatus.NONE),)
        return self.tell(CoverageChanged(coverage=coverage, **self.term(place), **self.when(on)))

    def sosialisasi(self, on: date) -> SosialisasiHeld:
        return self.tell(SosialisasiHeld(**self.when(on)))

    def enrolled(self, on: date) -> Enrolled:
        return self.tell(Enrolled(**self.when(on)))

    def act(self, act: ActKind, on: date) -> Acted:
        return self.tell(Acted(act=act, **self.when(on)))

    def term(self, place: int) -> dict[str, object]:
        term = self.terms[self.posts[place].post_id]
        return {"term_id": term.term_id, "post_id": term.post_id, "post_kind": term.post_kind}

    def when(self, on: date) -> dict[str, object]:
        self.clock += timedelta(minutes=1)
        return {
            "effective_on": on,
            "recorded_at": self.clock,
            "id": UUID(int=5000 + self.clock.hour * 60 + self.clock.minute),
        }

    def tell(self, fact):
        self.facts.append(fact)
        return fact

    def history(
        self,
        until: date,
        *,
        rules: tuple[RuleSet, ...] | None = None,
        known_at: datetime | None = None,
    ) -> History:
        return fold(
            self.facts,
            default_rule_sets() if rules is None else rules,
            until=until,
            known_at=known_at,
        )

    def on(self, until: date, **how) -> Status:
        return self.history(until, **how).on(until)


def sukosewu() -> Story:
    """Nine posts, all held and covered since the decree."""
    story = Story()
    story.decree()
    story.appoint_all()
    return story


def titled(on: date = FOUNDED) -> Story:
    story = sukosewu()
    story.act(ActKind.PENETAPAN, on)
    return story


def in_grace(on: date) -> CoverageFrom:
    return CoverageFrom(on, CoverageStatus.IN_GRACE, in_grace=JKK_JKM)


def active(on: date) -> CoverageFrom:
    return CoverageFrom(on, CoverageStatus.AKTIF, JKK_JKM)


def nothing(on: date) -> CoverageFrom:
    return CoverageFrom(on, CoverageStatus.NONE)
