"""Posts of a village government, terms on them, and what their holders are covered by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final
from uuid import UUID

from common.events.registry import (
    DecreedPost,
    OfficialAppointed,
    OfficialCoverageChanged,
    OfficialLeft,
    PostsDecreed,
)
from common.events.words import PostKind, VillageKind

from registry.domain.areas import Village
from registry.domain.days import check_not_before, indonesian
from registry.domain.facts import Fact
from registry.domain.nik import Warned
from registry.domain.refusals import PostElsewhere, PostHeld, PostsImpossible, TermEnded
from registry.domain.spans import Spans, coverage_from, coverage_turns_on

_DESA_KINDS = frozenset(PostKind) - {PostKind.LURAH}
KINDS_OF: Final = {
    VillageKind.DESA: _DESA_KINDS,
    VillageKind.DESA_ADAT: _DESA_KINDS,
    VillageKind.KELURAHAN: frozenset(
        {PostKind.LURAH, PostKind.RT_HEAD, PostKind.RW_HEAD, PostKind.LKD}
    ),
}
"""A kelurahan has a lurah and civil servants; a desa its head, staff and BPD (UU 6/2014)."""

SINGLE = frozenset({PostKind.KEPALA_DESA, PostKind.LURAH, PostKind.SEKRETARIS_DESA})
MAX_POSTS = 500

_USUAL = {
    PostKind.KAUR: (range(2, 4), "2-3 (Permendagri 84/2015)"),
    PostKind.KASI: (range(2, 4), "2-3 (Permendagri 84/2015)"),
    PostKind.BPD_MEMBER: (range(5, 10, 2), "5, 7 atau 9 (Permendagri 110/2016)"),
}


@dataclass(frozen=True, slots=True, order=True)
class PostName:
    """A post within its village: RT 3, Kaur 2."""

    kind: PostKind
    ordinal: int


@dataclass(frozen=True, slots=True)
class Post:
    post_id: UUID
    post_no: int
    village_key: str
    kind: PostKind
    ordinal: int


@dataclass(frozen=True, slots=True)
class Term:
    """One participant's time on one post; `ends_on` is the first day without this holder."""

    term_id: UUID
    post: Post
    participant_id: UUID
    acting: bool
    starts_on: date
    ends_on: date | None = None

    def lasts_beyond(self, day: date) -> bool:
        """Whether it holds on that day or on a later one."""
        return self.ends_on is None or max(day, self.starts_on) < self.ends_on


@dataclass(frozen=True, slots=True)
class Appointed:
    """What an appointment leaves: its facts, and the term that it ended, if it replaced one."""

    facts: tuple[Fact, ...]
    ended: Term | None = None


def check_posts(village: Village, names: Sequence[PostName]) -> tuple[Warned, ...]:
    """Posts that such a village can have; odd numbers are warned of; raises PostsImpossible."""
    if len(names) > MAX_POSTS:
        raise PostsImpossible(f"Paling banyak {MAX_POSTS} jabatan dalam satu keputusan.")
    if len(set(names)) < len(names):
        twice = next(name for name, times in Counter(names).items() if times > 1)
        raise PostsImpossible(f"Jabatan {twice.kind} {twice.ordinal} disebut lebih dari sekali.")
    counts = Counter(name.kind for name in names)
    for kind in counts:
        if kind not in KINDS_OF[village.kind]:
            raise PostsImpossible(f"{village.kind} tidak mempunyai jabatan {kind}.")
        if kind in SINGLE and counts[kind] > 1:
            raise PostsImpossible(f"Hanya ada satu {kind} dalam satu desa atau kelurahan.")
    return tuple(
        Warned("posts-unusual", "posts", f"{counts[kind]} {kind}; biasanya {words}.")
        for kind, (usual, words) in _USUAL.items()
        if kind in counts and counts[kind] not in usual
    )


def decree(village: Village, decree_id: UUID, posts: Iterable[Post], on: date) -> Fact:
    """The whole list of posts from `on`; it replaces the list before."""
    listed = sorted(posts, key=lambda post: (list(PostKind).index(post.kind), post.ordinal))
    return Fact(
        village.village_key,
        PostsDecreed(
            effective_on=on,
            village_code=village.village_code,
            decree_id=decree_id,
            posts=tuple(
                DecreedPost(post_id=post.post_id, kind=post.kind, ordinal=post.ordinal)
                for post in listed
            ),
        ),
    )


def appoint(
    village: Village,
    term: Term,
    *,
    others: Iterable[Term],
    spans: Spans,
    replaces_holder: bool = False,
) -> Appointed:
    """A term that is still open; `replaces_holder` ends the one in office when it begins.

    Raises PostElsewhere, PostHeld.
    """
    if term.post.village_key != village.village_key:
        raise PostElsewhere("Jabatan itu bukan milik desa ini; lihat GET /villages/{code}/posts.")
    ended, facts = None, []
    for other in others:
        if not other.lasts_beyond(term.starts_on):
            continue
        if not replaces_holder or other.starts_on >= term.starts_on:
            raise PostHeld(_held(other, term.starts_on))
        ended, left = _ended(village, other, term.starts_on)
        facts.append(left)
    begun = Fact(
        village.village_key,
        OfficialAppointed(
            effective_on=term.starts_on,
            village_code=village.village_code,
            term_id=term.term_id,
            post_id=term.post.post_id,
            post_kind=term.post.kind,
            acting=term.acting,
            coverage=coverage_from(term.starts_on, spans),
        ),
    )
    return Appointed((*facts, begun), ended)


def _held(other: Term, on: date) -> str:
    """Why nobody can be appointed from `on`, and what to do about it."""
    until = f"sampai {indonesian(other.ends_on)}" if other.ends_on else "belum berakhir"
    held = (
        f"Jabatan itu dipegang sejak {indonesian(other.starts_on)} ({until}) dalam masa jabatan "
        f"{other.term_id}; "
    )
    if other.starts_on < on:
        return held + (
            "kirim replaces_holder: true bila pemegang baru menggantikannya pada "
            f"{indonesian(on)}, atau catat pemberhentiannya lebih dahulu."
        )
    return held + (
        "replaces_holder hanya mengakhiri masa jabatan yang mulai sebelum "
        f"{indonesian(on)}; periksa tanggalnya atau catat pemberhentiannya lebih dahulu."
    )


def dismiss(village: Village, term: Term, on: date) -> tuple[Term, Fact]:
    """`on` is the first day without this holder; raises TermEnded, BeforeLastChange."""
    if term.ends_on is not None:
        raise TermEnded(f"Masa jabatan itu sudah berakhir pada {indonesian(term.ends_on)}.")
    check_not_before(on, term.starts_on)
    return _ended(village, term, on)


def _ended(village: Village, term: Term, on: date) -> tuple[Term, Fact]:
    left = OfficialLeft(
        effective_on=on,
        village_code=village.village_code,
        term_id=term.term_id,
        post_id=term.post.post_id,
        post_kind=term.post.kind,
    )
    return replace(term, ends_on=on), Fact(village.village_key, left)


def coverage_changes(
    villages: Mapping[str, Village], terms: Iterable[Term], *, before: Spans, after: Spans
) -> tuple[Fact, ...]:
    """What changed enrollments mean for the posts that their participant holds."""
    facts = []
    for term in terms:
        day = coverage_turns_on(
            before=before, after=after, since=term.starts_on, until=term.ends_on
        )
        if day is None:
            continue
        village = villages[term.post.village_key]
        changed = OfficialCoverageChanged(
            effective_on=day,
            village_code=village.village_code,
            term_id=term.term_id,
            post_id=term.post.post_id,
            post_kind=term.post.kind,
            coverage=coverage_from(day, after),
        )
        facts.append(Fact(village.village_key, changed))
    return tuple(facts)
