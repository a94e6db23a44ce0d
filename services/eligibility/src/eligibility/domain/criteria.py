"""What a rule set may ask of a village: criteria, groups of them, and its parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeAlias

from common.events.words import PostKind, Programme
from pydantic import ConfigDict, Discriminator, Field, PlainSerializer, Tag, with_config

MAX_CRITERIA = 50
MAX_DEPTH = 5

STRICT = ConfigDict(extra="forbid")
SORTED = PlainSerializer(sorted)  # frozensets have no order of their own, a checksum needs one

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Days = Annotated[int, Field(ge=0, le=3650)]
Percent = Annotated[int, Field(ge=1, le=100)]
Posts = Annotated[frozenset[PostKind], Field(min_length=1), SORTED]
Programmes = Annotated[frozenset[Programme], Field(min_length=1), SORTED]


@with_config(STRICT)
@dataclass(frozen=True, slots=True)
class CoverageAsked:
    """What makes a post covered, and what share of the posts must be."""

    programmes: Programmes
    keep_in_grace: bool = False
    """Programmes in grace count as active ones."""
    min_share: Percent = 100


@with_config(STRICT)
@dataclass(frozen=True, slots=True)
class PostsCovered:
    """Holders of the decreed posts of these kinds are covered."""

    kind: Literal["posts_covered"]
    name: Name
    post_kinds: Posts
    enter: CoverageAsked
    keep: CoverageAsked


@with_config(STRICT)
@dataclass(frozen=True, slots=True)
class SosialisasiAsked:
    months: Annotated[int, Field(ge=1, le=120)]


@with_config(STRICT)
@dataclass(frozen=True, slots=True)
class SosialisasiWithin:
    """A sosialisasi was held within so many months."""

    kind: Literal["sosialisasi_within"]
    name: Name
    enter: SosialisasiAsked
    keep: SosialisasiAsked


Criterion: TypeAlias = PostsCovered | SosialisasiWithin


def _tag(member: Any) -> str:
    kind = member.get("kind") if isinstance(member, Mapping) else getattr(member, "kind", None)
    return kind or "group"


@with_config(STRICT)
@dataclass(frozen=True, slots=True)
class Group:
    """All, any or at least `n` of its members must be met."""

    mode: Literal["all", "any", "at_least"]
    members: Annotated[
        tuple[
            Annotated[
                Annotated[PostsCovered, Tag("posts_covered")]
                | Annotated[SosialisasiWithin, Tag("sosialisasi_within")]
                | Annotated[Group, Tag("group")],
                Discriminator(_tag),
            ],
            ...,
        ],
        Field(min_length=1, max_length=MAX_CRITERIA),
    ]
    n: Annotated[int, Field(ge=1)] | None = None
    """Only for `at_least`."""


@with_config(STRICT)
@dataclass(frozen=True, slots=True)
class Parameters:
    vacancy_days: Days = 90
    """A vacancy is neither covered nor missing for so long."""
    head_vacancy_days: Days = 0
    """The same for the head of village; an acting holder fills the post."""
    min_filled: Percent = 60
    """With a smaller share of the posts filled nothing can be decided."""
    confirm_days: Days = 7
    confirm_days_after_head_change: Days = 30
    grace_days: Days = 90
