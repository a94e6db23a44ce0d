"""A village's state and what would help it, said in whole sentences."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from common.events.words import Eligibility, Programme, Stage, Standing, Title

from eligibility.domain.assess import Verdict
from eligibility.domain.cheapest import Step, StepKind
from eligibility.domain.criteria import Criterion, PostsCovered
from eligibility.domain.explain import PostMissing
from eligibility.domain.facts import (
    Acted,
    Appointed,
    CoverageChanged,
    Fact,
    Known,
    Left,
    PostsDecreed,
    SosialisasiHeld,
)
from eligibility.domain.status import Face, Status
from eligibility.web import words
from eligibility.web.formats import day

SOURCES: Mapping[type[Fact], str] = {
    Known: "Data wilayah",
    PostsDecreed: "Susunan jabatan",
    Appointed: "Pengangkatan pejabat",
    CoverageChanged: "Perubahan perlindungan",
    Left: "Akhir masa jabatan",
    SosialisasiHeld: "Sosialisasi",
}


MET = {
    Standing.DITANGGUHKAN: "Semua syarat terpenuhi; gelar pulih bila pejabat memutuskannya.",
    Standing.DICABUT: "Semua syarat terpenuhi; jalan kembali adalah penetapan baru.",
}


def standing_of(name: str, face: Face, since: date | None) -> str:
    """What the village is and since when: the page's first sentence."""
    when = f" sejak {day(since)}" if since else ""
    title = words.TITLE[face.title].text.lower()
    said = {
        Standing.DICABUT: f"Gelar {name} dicabut{when}.",
        Standing.DITANGGUHKAN: f"Gelar {name} ditangguhkan{when}.",
        Standing.TERANCAM: f"Gelar {name} ({title}) terancam{when}.",
        Standing.BAIK: f"{name} {title} sebagai Desa Sadar; kedudukannya baik{when}.",
    }
    if face.standing in said:
        return said[face.standing]
    if face.stage is Stage.NONE:
        return f"{name} belum mengikuti program Desa Sadar."
    announced = "telah dicanangkan dan " if face.title is Title.DICANANGKAN else ""
    eligibility = words.ELIGIBILITY[face.eligibility].text.lower()
    and_so = " dan dapat ditetapkan" if face.eligibility is Eligibility.ELIGIBLE else ""
    return f"{name} {announced}{eligibility}{when}{and_so}."


def next_of(status: Status, steps: tuple[Step, ...], today: date) -> str:
    """The nearest step with its post, or how many there are; nothing is missing: says so."""
    if not steps:
        return MET.get(status.face.standing, "Semua syarat terpenuhi.") if status.reasons else ""
    until, over = "", ""
    if status.grace_ends and status.grace_ends > today:
        until = f" sebelum {day(status.grace_ends)}"
    elif status.grace_ends:
        over = f" Masa perbaikannya (sebelum {day(status.grace_ends)}) telah lewat."
    if len(steps) == 1:
        return f"Langkah terdekat: {step_of(steps[0])}{until}.{over}"
    return f"Tinggal {len(steps)} langkah{until}; yang pertama: {step_of(steps[0])}.{over}"


def step_of(step: Step) -> str:
    """What would have to be so; it tells nobody to do it."""
    with_programmes = programmes_of(step.programmes)
    post = words.post(step.post.kind, step.post.ordinal) if step.post else "jabatan"
    match step.kind:
        case StepKind.COVER_HOLDER:
            return f"{post} terlindungi {with_programmes}".rstrip()
        case StepKind.APPOINT_COVERED_HOLDER:
            return f"jabatan {post} terisi dan terlindungi {with_programmes}".rstrip()
        case StepKind.HOLD_SOSIALISASI:
            return "sosialisasi bagi pekerja desa"
        case StepKind.DECREE_POSTS:
            return "susunan jabatan desa tercatat"


def missing_of(missing: PostMissing, facts: Mapping[UUID, Fact]) -> str:
    """A post that a criterion lacks: what is wanting, since when, and by which fact."""
    post = words.post(missing.post.kind, missing.post.ordinal)
    state = {
        Verdict.NOT_COVERED: f"belum terlindungi {programmes_of(missing.lacking)}",
        Verdict.OPEN: "kosong, masih dalam tenggang",
    }.get(missing.verdict, "kosong")
    return f"{post}: {state} sejak {day(missing.since)} ({source_of(missing.because, facts)})"


def criterion_of(criterion: Criterion, *, keep: bool) -> str:
    """What a criterion asks, read from the rule itself."""
    if not isinstance(criterion, PostsCovered):
        months = (criterion.keep if keep else criterion.enter).months
        return f"Sosialisasi bagi pekerja dalam {months} bulan terakhir"
    asked = criterion.keep if keep else criterion.enter
    posts = listed([words.POSTS[kind] for kind in words.POSTS if kind in criterion.post_kinds])
    share = "" if asked.min_share == FULL else f" (sedikitnya {asked.min_share}%)"
    return f"{posts} terlindungi {programmes_of(asked.programmes)}{share}"


FULL = 100


def source_of(because: UUID | None, facts: Mapping[UUID, Fact]) -> str:
    """The fact that made it so, by its kind and date; without one it was time or a rule."""
    fact = facts.get(because) if because else None
    if fact is None:
        return "Berlalunya waktu atau aturan"
    kind = words.ACTS[fact.act] if isinstance(fact, Acted) else SOURCES.get(type(fact), "Fakta")
    return f"{kind}, {day(fact.effective_on)}"


def programmes_of(programmes: frozenset[Programme] | tuple[Programme, ...]) -> str:
    return listed([programme.value for programme in Programme if programme in programmes])


def listed(parts: list[str]) -> str:
    """`A`, `A dan B`, `A, B, dan C`."""
    if len(parts) < 3:  # noqa: PLR2004
        return " dan ".join(parts)
    return f"{', '.join(parts[:-1])}, dan {parts[-1]}"
