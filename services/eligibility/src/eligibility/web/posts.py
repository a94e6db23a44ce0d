"""The posts of a village's page and of its CSV: what each is worth, never who holds it."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from common.events.words import Programme

from eligibility.domain.assess import Verdict
from eligibility.domain.roll import PostOnDay
from eligibility.dossier import Dossier
from eligibility.web import words
from eligibility.web.words import Tone, Word

BASIC = frozenset({Programme.JKK, Programme.JKM})


def post_word(post: PostOnDay) -> Word:
    """What a post is worth to the rule, and what is so where no rule asks."""
    match post.verdict:
        case Verdict.COVERED:
            return Word("Terlindungi", Tone.GOOD)
        case Verdict.NOT_COVERED:
            return Word("Belum terlindungi", Tone.WARN)
        case Verdict.VACANT:
            return Word("Kosong", Tone.WARN)
        case Verdict.OPEN:
            return Word("Kosong, masih dalam tenggang", Tone.UNKNOWN)
    if post.vacant:
        return Word("Kosong, tidak disyaratkan")
    return Word("Terisi, tidak disyaratkan")


def needs_something(post: PostOnDay) -> bool:
    return post.verdict in {Verdict.NOT_COVERED, Verdict.VACANT, Verdict.OPEN}


def covered(post: PostOnDay) -> bool:
    """As the rule asks; where none asks, by JKK and JKM."""
    return post.verdict is Verdict.COVERED if post.verdict else not BASIC.difference(post.active)


def kinds_of(posts: Sequence[PostOnDay]) -> list[tuple[str, int, int, int, bool]]:
    """Of each kind: how many there are, are filled, are covered, and whether a rule asks."""
    of_kind: dict[str, list[PostOnDay]] = {}
    for post in posts:
        of_kind.setdefault(words.POSTS[post.post.kind], []).append(post)
    return [
        (
            kind,
            len(some),
            sum(not post.vacant for post in some),
            sum(covered(post) for post in some),
            any(post.verdict for post in some),
        )
        for kind, some in of_kind.items()
    ]


def posts_csv(dossier: Dossier) -> str:
    """One row a post; only words and dates of ours, so no cell can be a formula."""
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(["kode_desa", "jabatan", "keadaan", "program_aktif", "dalam_tenggang", "sejak"])
    for post in dossier.posts:
        rows.writerow(
            [
                dossier.view.place["village_code"],
                words.post(post.post.kind, post.post.ordinal),
                post_word(post).text,
                " ".join(post.active),
                " ".join(post.in_grace),
                post.since.isoformat(),
            ]
        )
    return text.getvalue()
