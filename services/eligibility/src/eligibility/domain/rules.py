"""Rule sets: immutable, versioned, dated data that say what a village must have."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, cached_property
from importlib.resources import files
from typing import Annotated, Any, Literal, TypeAlias

from common.events.words import PostKind, Programme, VillageKind
from pydantic import (
    AwareDatetime,
    ConfigDict,
    Discriminator,
    Field,
    PlainSerializer,
    Tag,
    TypeAdapter,
    ValidationError,
    with_config,
)

from eligibility.domain.status import RuleSetRef

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


@with_config(STRICT)
@dataclass(frozen=True)
class RuleSet:
    """One version of the rules for a kind of village in a regency, or in the whole country."""

    rule_set_id: Name
    version: Annotated[int, Field(ge=1)]
    regency_code: Annotated[str, Field(pattern=r"^[1-9]\d\.\d{2}$")] | None
    village_kind: VillageKind
    valid_from: date
    recorded_at: AwareDatetime
    group: Group
    parameters: Parameters = Parameters()
    default: bool = False
    """Default, to be set by the branch."""

    @cached_property
    def ref(self) -> RuleSetRef:
        return RuleSetRef(self.rule_set_id, self.version, self.checksum)

    @cached_property
    def checksum(self) -> str:
        """SHA-256 of the canonical form, in hexadecimal."""
        return hashlib.sha256(canonical_rule_set(self)).hexdigest()

    @cached_property
    def criteria(self) -> tuple[Criterion, ...]:
        """Every criterion of the group, from left to right."""
        return tuple(_criteria(self.group))


_RULE_SET = TypeAdapter(RuleSet)


class ImpossibleRuleSet(ValueError):
    """A rule set is not one: the message says where, what was there and what to do."""


def parse_rule_set(data: Mapping[str, Any], *, recorded_at: datetime) -> RuleSet:
    """The rule set that JSON describes, or `ImpossibleRuleSet`."""
    try:
        rule_set = _RULE_SET.validate_python({**data, "recorded_at": recorded_at})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(step) for step in first["loc"]) or "the rule set"
        raise ImpossibleRuleSet(f"{where}: {first['msg']}; correct it there") from error
    _check_group(rule_set.group, "group", depth=1)
    names = [criterion.name for criterion in rule_set.criteria]
    if len(names) > MAX_CRITERIA:
        raise ImpossibleRuleSet(f"group: {len(names)} criteria, at most {MAX_CRITERIA}; use fewer")
    for name in names:
        if names.count(name) > 1:
            raise ImpossibleRuleSet(f"group: two criteria are named {name}; rename one")
    return rule_set


def canonical_rule_set(rule_set: RuleSet) -> bytes:
    """The JSON that is stored and checksummed: all but when it was recorded."""
    content = _RULE_SET.dump_python(rule_set, mode="json", exclude={"recorded_at"})
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()


def rule_set_for(
    rule_sets: Iterable[RuleSet],
    regency_code: str,
    kind: VillageKind,
    on: date,
    known_at: datetime | None = None,
) -> RuleSet | None:
    """The most specific rule set, then the latest valid on `on`, then the latest recorded."""
    candidates = (
        rule_set
        for rule_set in rule_sets
        if rule_set.village_kind == kind
        and rule_set.regency_code in (None, regency_code)
        and rule_set.valid_from <= on
        and (known_at is None or rule_set.recorded_at <= known_at)
    )
    return max(candidates, key=_precedence, default=None)


def _precedence(rule_set: RuleSet) -> tuple[bool, date, datetime, int, str]:
    return (
        rule_set.regency_code is not None,
        rule_set.valid_from,
        rule_set.recorded_at,
        rule_set.version,
        rule_set.rule_set_id,
    )


@cache
def default_rule_sets() -> tuple[RuleSet, ...]:
    """The rules that hold until a branch sets its own, dated so that history can be judged."""
    text = files("eligibility.domain").joinpath("default_rules.json").read_text("utf-8")
    content = json.loads(text)
    recorded_at = datetime.fromisoformat(content["recorded_at"])
    return tuple(parse_rule_set(data, recorded_at=recorded_at) for data in content["rule_sets"])


def _criteria(group: Group) -> Iterator[Criterion]:
    for member in group.members:
        if isinstance(member, Group):
            yield from _criteria(member)
        else:
            yield member


def _check_group(group: Group, where: str, *, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise ImpossibleRuleSet(f"{where}: groups {depth} deep, at most {MAX_DEPTH}; flatten them")
    if (group.mode == "at_least") != (group.n is not None):
        raise ImpossibleRuleSet(f"{where}.n: give it with mode at_least, and only then")
    if group.n is not None and group.n > len(group.members):
        raise ImpossibleRuleSet(
            f"{where}.n: {group.n} of {len(group.members)} members can never be met; lower it"
        )
    for position, member in enumerate(group.members):
        if isinstance(member, Group):
            _check_group(member, f"{where}.members.{position}", depth=depth + 1)
