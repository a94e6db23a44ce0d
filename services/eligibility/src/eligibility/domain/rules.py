"""Rule sets: immutable, versioned, dated data that say what a village must have."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache, cached_property
from importlib.resources import files
from typing import Annotated, Any

from common.events.words import VillageKind
from pydantic import AwareDatetime, Field, TypeAdapter, ValidationError, with_config

from eligibility.domain.criteria import (
    MAX_CRITERIA,
    MAX_DEPTH,
    STRICT,
    Criterion,
    Group,
    Name,
    Parameters,
)
from eligibility.domain.status import RuleSetRef

MAX_PLACE = 12
"""Steps of the place that a refusal names; deeper groups are refused anyway."""


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
    parameters: Parameters = field(default_factory=Parameters)
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
        where = ".".join(str(step) for step in first["loc"][:MAX_PLACE]) or "the rule set"
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
    content = _defaults()
    recorded_at = datetime.fromisoformat(content["recorded_at"])
    return tuple(parse_rule_set(data, recorded_at=recorded_at) for data in content["rule_sets"])


@cache
def acts_not_before() -> date:
    """The first day an act may bear: on it workers' social insurance began (PP 33/1977)."""
    return date.fromisoformat(_defaults()["acts_not_before"])


def _defaults() -> dict[str, Any]:
    text = files("eligibility.domain").joinpath("default_rules.json").read_text("utf-8")
    content: dict[str, Any] = json.loads(text)
    return content


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
