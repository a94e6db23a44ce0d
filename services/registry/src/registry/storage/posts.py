"""Posts, the decrees that list them, and the terms of their holders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from asyncpg import Record
from common.database import Connection
from common.events.words import PostKind
from common.ids import Ids

from registry.domain.posts import Post, PostName, Term
from registry.domain.refusals import PostUnknown, TermUnknown
from registry.storage.participants import Participant
from registry.storage.queries import SQL


@dataclass(frozen=True, slots=True)
class Decree:
    """A list of posts in force."""

    decree_id: UUID
    number: str | None
    effective_on: date


@dataclass(frozen=True, slots=True)
class FilledPost:
    """A post of the list in force, and the term on it, if somebody holds it."""

    post_id: UUID
    kind: PostKind
    ordinal: int
    term_id: UUID | None
    participant_id: UUID | None
    acting: bool | None
    starts_on: date | None
    ends_on: date | None


def term_unknown() -> TermUnknown:
    return TermUnknown("Masa jabatan itu tidak dikenal; periksa term_id.")


async def ensure(
    connection: Connection, village_key: str, names: Sequence[PostName], ids: Ids
) -> list[Post]:
    """The village's posts of these names, made where they are new; a name keeps its id."""
    await connection.execute(
        SQL["add_posts"],
        village_key,
        [ids.random() for _ in names],
        [name.kind for name in names],
        [name.ordinal for name in names],
    )
    wanted = set(names)
    posts = map(_post, await connection.fetch(SQL["posts_of_village"], village_key))
    return [post for post in posts if PostName(post.kind, post.ordinal) in wanted]


async def get(connection: Connection, post_id: UUID) -> Post:
    """A post; raises PostUnknown."""
    row = await connection.fetchrow(SQL["post"], post_id)
    if row is None:
        raise PostUnknown("Jabatan itu tidak dikenal; lihat GET /villages/{code}/posts.")
    return _post(row)


async def add_decree(
    connection: Connection,
    village_key: str,
    decree: Decree,
    posts: Sequence[Post],
    now: datetime,
) -> None:
    """A decree and its list."""
    await connection.execute(
        SQL["add_decree"],
        decree.decree_id,
        village_key,
        decree.number,
        decree.effective_on,
        now,
        [post.post_id for post in posts],
    )


async def in_force(
    connection: Connection, village_key: str, on: date
) -> tuple[Decree, list[FilledPost]] | None:
    """The list of posts on a day with its holders; None if no list is known."""
    row = await connection.fetchrow(SQL["decree_on"], village_key, on)
    if row is None:
        return None
    posts = [
        FilledPost(
            post_id=post["post_id"],
            kind=PostKind(post["kind"]),
            ordinal=post["ordinal"],
            term_id=post["term_id"],
            participant_id=post["participant_id"],
            acting=post["acting"],
            starts_on=post["starts_on"],
            ends_on=post["ends_on"],
        )
        for post in await connection.fetch(SQL["posts_on"], row["decree_id"], on)
    ]
    kinds = list(PostKind)
    posts.sort(key=lambda post: (kinds.index(post.kind), post.ordinal))
    return Decree(row["decree_id"], row["number"], row["effective_on"]), posts


async def term(connection: Connection, term_id: UUID) -> Term:
    """A term; raises TermUnknown."""
    row = await connection.fetchrow(SQL["term"], term_id)
    if row is None:
        raise term_unknown()
    return _term(row)


async def terms_of_post(connection: Connection, post: Post) -> list[Term]:
    return [_term(row) for row in await connection.fetch(SQL["terms_of_post"], post.post_no)]


async def terms_of(connection: Connection, participant: Participant) -> list[Term]:
    """All terms of a participant, in every village."""
    rows = await connection.fetch(SQL["terms_of_participant"], participant.participant_id)
    return [_term(row) for row in rows]


async def add_term(connection: Connection, term: Term, now: datetime) -> None:
    await connection.execute(
        SQL["add_term"],
        term.term_id,
        term.post.post_no,
        term.participant_id,
        term.acting,
        term.starts_on,
        now,
    )


async def end_term(connection: Connection, term: Term) -> None:
    await connection.execute(SQL["end_term"], term.term_id, term.ends_on)


def _post(row: Record) -> Post:
    return Post(
        post_id=row["post_id"],
        post_no=row["post_no"],
        village_key=row["village_key"],
        kind=PostKind(row["kind"]),
        ordinal=row["ordinal"],
    )


def _term(row: Record) -> Term:
    return Term(
        term_id=row["term_id"],
        post=_post(row),
        participant_id=row["participant_id"],
        acting=row["acting"],
        starts_on=row["starts_on"],
        ends_on=row["ends_on"],
    )
