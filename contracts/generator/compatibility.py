"""What a change of a published schema breaks, place by place.

Events of today must be readable by the readers of the release, and the release's events by
today's readers: so nothing may change but that an optional field is added.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

WORDS_ONLY = frozenset({"$id", "$schema", "$defs", "title", "description", "default", "examples"})
"""Keywords that admit and refuse nothing."""

Schema = dict[str, Any]


def broken_promises(released: Schema, today: Schema) -> list[str]:
    """Every difference that a reader of the released schema could feel."""
    before = _inlined(released, released.get("$defs", {}))
    after = _inlined(today, today.get("$defs", {}))
    return list(_compare(before, after, ""))


def _inlined(schema: Any, definitions: Schema) -> Any:
    """The schema with what it refers to in place: a definition's name is no promise."""
    if isinstance(schema, list):
        return [_inlined(part, definitions) for part in schema]
    if not isinstance(schema, dict):
        return schema
    parts = {key: part for key, part in schema.items() if key != "$defs"}
    if "$ref" in parts:
        parts = definitions[parts.pop("$ref").removeprefix("#/$defs/")] | parts
    return {key: _inlined(part, definitions) for key, part in parts.items()}


def _compare(before: Schema, after: Schema, where: str) -> Iterator[str]:
    for keyword in sorted((before.keys() | after.keys()) - WORDS_ONLY):
        place = f"{where}/{keyword}"
        match keyword:
            case "properties":
                yield from _properties(before, after, place)
            case "required":
                yield from _required(before, after, place)
            case "anyOf" | "items" if keyword in before and keyword in after:
                yield from _parts(_listed(before[keyword]), _listed(after[keyword]), place)
            case _:
                yield from _same(before.get(keyword), after.get(keyword), place)


def _properties(before: Schema, after: Schema, place: str) -> Iterator[str]:
    remaining = after.get("properties", {})
    for name, schema in before.get("properties", {}).items():
        if name in remaining:
            yield from _compare(schema, remaining[name], f"{place}/{name}")
        else:
            yield f"{place}/{name}: the field was dropped"


def _required(before: Schema, after: Schema, place: str) -> Iterator[str]:
    old, new = set(before.get("required", ())), set(after.get("required", ()))
    for name in sorted(old - new):
        yield f"{place}/{name}: the field is no longer always there"
    for name in sorted(new - old):
        yield f"{place}/{name}: the field is required now, and events of the release lack it"


def _parts(before: list[Schema], after: list[Schema], place: str) -> Iterator[str]:
    if len(before) != len(after):
        yield f"{place}: {len(before)} alternatives became {len(after)}"
        return
    for position, (old, new) in enumerate(zip(before, after, strict=True)):
        yield from _compare(old, new, f"{place}/{position}")


def _listed(part: Any) -> list[Schema]:
    return part if isinstance(part, list) else [part]


def _same(before: Any, after: Any, place: str) -> Iterator[str]:
    if isinstance(before, list) and isinstance(after, list):
        before, after = sorted(before), sorted(after)
    if before != after:
        yield f"{place}: {_said(before)} became {_said(after)}"


def _said(value: Any) -> str:
    return "nothing" if value is None else repr(value)
