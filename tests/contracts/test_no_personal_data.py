"""No event can carry who somebody is: neither a field for it, nor free text to write it into."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from common.events import EVENT_TYPES

from contracts.generator.paths import CONTRACTS
from contracts.generator.schemas import event_schema

AREA_NAMES = frozenset({"name", "kecamatan_name", "regency_name", "province_name"})
AREA_EVENTS = frozenset({"registry.village.known.v1", "registry.village.attributes_changed.v1"})
"""They name areas; nothing and nobody else is named."""

WORDS = """
nik npwp kpj kk ktp passport paspor name nama nickname person holder signatory organizer
email mail surel phone telp telepon hp mobile whatsapp wa address alamat street jalan rt rw
birth born dob lahir umur age gender sex kelamin religion agama account rekening bank
note notes remark remarks comment text message free description catatan keterangan photo foto
latitude longitude ip user username
"""
FORBIDDEN = frozenset(WORDS.split())
SPECIFIC = frozenset({"pattern", "enum", "const"})
SAFE_FORMATS = frozenset({"uuid", "date", "date-time"})

SCHEMAS = {name: event_schema(data) for name, data in sorted(EVENT_TYPES.items())}
EXAMPLES = sorted(CONTRACTS.glob("examples/*/*.json"))


def fields(schema: Any, where: str = "") -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every field of a schema: its place, its name and what it may hold."""
    if isinstance(schema, dict):
        for name, field in schema.get("properties", {}).items():
            yield f"{where}/{name}", name, field
        for key, part in schema.items():
            yield from fields(part, f"{where}/{key}")
    elif isinstance(schema, list):
        for part in schema:
            yield from fields(part, where)


def strings(schema: Any) -> Iterator[dict[str, Any]]:
    """The kinds of string that a field may hold, through its alternatives and items."""
    if schema.get("type") == "string":
        yield schema
    for part in (*schema.get("anyOf", ()), *filter(None, [schema.get("items")])):
        yield from strings(part)


def findings(event_type: str, schema: dict[str, Any]) -> list[str]:
    """What in a schema could tell who somebody is."""
    found = []
    for place, name, field in fields(schema):
        is_area = event_type in AREA_EVENTS and name in AREA_NAMES
        if not is_area and ({name} | set(name.split("_"))) & FORBIDDEN:
            found.append(f"{place}: a field of this name has no place on a topic")
        for text in strings(field):
            if SPECIFIC & text.keys() or text.get("format") in SAFE_FORMATS:
                continue
            if not (is_area and text.get("maxLength", 101) <= 100):
                found.append(f"{place}: free text; give it a pattern or an enum")
        if "type" not in field and not {"$ref", "anyOf", "enum", "const"} & field.keys():
            found.append(f"{place}: anything may stand there")
    return found


@pytest.mark.parametrize("event_type", SCHEMAS)
def test_no_schema_has_room_for_a_person(event_type: str) -> None:
    """Names, numbers, addresses and free text have no field; area names are the only text."""
    assert findings(event_type, SCHEMAS[event_type]) == []


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_no_example_shows_a_person(path: Path) -> None:
    """No NIK, telephone number or e-mail address stands in what we publish."""
    value = re.sub(r"[0-9a-f-]{32,}", "", path.read_text())

    assert not re.findall(r"[0-9]{11,}|\+62[0-9]+|\b08[0-9]{7,}|[^\s\"]+@[^\s\"]+", value)


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("nik", {"type": "string", "pattern": "^[0-9]{16}$"}),
        ("holder_name", {"type": "string", "pattern": "^[A-Z]+$"}),
        ("name", {"type": "string", "maxLength": 100}),
        ("phone", {"anyOf": [{"type": "string", "pattern": "^08"}, {"type": "null"}]}),
        ("birth_date", {"type": "string", "format": "date"}),
        ("decree_number", {"type": "string", "maxLength": 50}),
        ("why", {"anyOf": [{"type": "string"}, {"type": "null"}]}),
        ("remarks", {"type": "array", "items": {"type": "string"}}),
        ("labels", {"type": "array", "items": {"type": "string"}}),
        ("extra", {}),
    ],
)
def test_the_lint_finds_it(name: str, field: dict[str, Any]) -> None:
    """Each way to let a person in is found, at any depth."""
    inside = {"type": "object", "properties": {name: field}}

    assert findings("x.y.v1", {"$defs": {"Inner": inside}})


@pytest.mark.parametrize("name", ["village_name", "name"])
def test_area_names_are_for_villages_only(name: str) -> None:
    """The exception holds for one type and its four fields."""
    schema = {"properties": {name: {"type": "string", "maxLength": 100}}}

    assert bool(findings("registry.village.known.v1", schema)) == (name not in AREA_NAMES)
    assert findings("registry.official.appointed.v1", schema)
