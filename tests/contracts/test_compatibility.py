"""What a release has published holds: only additions that a reader may pass over are allowed."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from importlib.metadata import version
from typing import Any, Literal

import jsoncompat
import pytest
from common.events import topics

from contracts.generator.compatibility import broken_promises
from contracts.generator.paths import CONTRACTS, RELEASE

ROLE: Literal["both", "serializer"] = "both" if version("jsoncompat") >= "0.5" else "serializer"
"""Before 0.5 (Python 3.11 has no later one) a new optional field counts as unreadable."""

RELEASES = sorted(path for path in (CONTRACTS / "released").iterdir() if path.is_dir())
SCHEMAS = [path for release in RELEASES for path in sorted(release.glob("schemas/*.json"))]
ASYNCAPI = [path for release in RELEASES for path in sorted(release.glob("asyncapi/*.json"))]

NEW_TYPE = "a released contract changed; keep it and publish a new type (….v2) beside it:\n"


def compatible(released: dict[str, Any], today: dict[str, Any]) -> bool:
    """A second opinion; `$id` is left out, which jsoncompat takes for a place to fetch."""
    old, new = (
        json.dumps({key: value for key, value in schema.items() if key != "$id"})
        for schema in (released, today)
    )
    return jsoncompat.check_compat(old, new, ROLE)


def published(path: Any) -> str:
    return str(path.relative_to(CONTRACTS))


def test_there_is_a_released_contract() -> None:
    """The promises below are about something."""
    assert SCHEMAS
    assert ASYNCAPI


@pytest.mark.parametrize("path", SCHEMAS, ids=published)
def test_a_released_schema_is_kept(path: Any) -> None:
    """Released readers read today's events, and today's readers released events."""
    now = CONTRACTS / "schemas" / path.name
    assert now.exists(), f"{path.stem} was released and must stay"
    released, today = json.loads(path.read_bytes()), json.loads(now.read_bytes())

    broken = broken_promises(released, today)

    assert not broken, NEW_TYPE + "\n".join(broken)
    assert compatible(released, today), NEW_TYPE


@pytest.mark.parametrize("path", ASYNCAPI, ids=published)
def test_a_released_channel_is_kept(path: Any) -> None:
    """No topic is renamed, moved to another service, keyed or kept otherwise, or loses a type."""
    released = json.loads(path.read_bytes())
    now = json.loads((CONTRACTS / "asyncapi" / path.name).read_bytes())
    sent = {name: op for name, op in released["operations"].items() if op["action"] == "send"}

    assert sent.items() <= now["operations"].items()
    for operation in sent.values():
        name = operation["channel"]["$ref"].removeprefix("#/channels/")
        before, after = released["channels"][name], now["channels"][name]
        assert before["address"] == after["address"]
        assert before["bindings"] == after["bindings"]
        assert before["messages"].items() <= after["messages"].items()
        for message in before["messages"]:
            assert (
                released["components"]["messages"][message]["bindings"]
                == now["components"]["messages"][message]["bindings"]
            )


def test_this_release_is_not_behind_its_snapshots() -> None:
    """The version under development is the latest released one or a later one."""

    def number(text: str) -> tuple[int, ...]:
        return tuple(int(part) for part in text.split("."))

    assert number(RELEASE) >= max(number(release.name) for release in RELEASES)


SCHEMA: dict[str, Any] = json.loads(
    (CONTRACTS / "schemas/registry.enrollment.moved_out.v1.json").read_bytes()
)


def data_of(schema: dict[str, Any]) -> Any:
    return schema["$defs"]["EnrollmentMovedOut"]


def add_optional(schema: dict[str, Any]) -> None:
    data_of(schema)["properties"]["reason"] = {"enum": ["WORK", "FAMILY"]}


def add_optional_inside(schema: dict[str, Any]) -> None:
    schema["$defs"]["Effect"]["properties"]["until"] = {"type": "string", "format": "date"}


def reword(schema: dict[str, Any]) -> None:
    data_of(schema)["description"] = "Said better."
    schema["$defs"]["Words"] = {"type": "string"}


def rename_a_definition(schema: dict[str, Any]) -> None:
    schema["$defs"]["Course"] = schema["$defs"].pop("Segment")
    data_of(schema)["properties"]["segment"]["$ref"] = "#/$defs/Course"


def add_required(schema: dict[str, Any]) -> None:
    add_optional(schema)
    data_of(schema)["required"].append("reason")


def require(schema: dict[str, Any]) -> None:
    schema["required"].append("traceparent")


def no_longer_require(schema: dict[str, Any]) -> None:
    data_of(schema)["required"].remove("move_id")


def drop(schema: dict[str, Any]) -> None:
    del data_of(schema)["properties"]["version"]


def widen_enum(schema: dict[str, Any]) -> None:
    schema["$defs"]["Programme"]["enum"].append("JKX")


def narrow_enum(schema: dict[str, Any]) -> None:
    schema["$defs"]["Programme"]["enum"].pop()


def change_pattern(schema: dict[str, Any]) -> None:
    data_of(schema)["properties"]["village_code"]["pattern"] = "^[0-9]{10}$"


def change_type(schema: dict[str, Any]) -> None:
    data_of(schema)["properties"]["version"]["type"] = "string"


def change_format(schema: dict[str, Any]) -> None:
    data_of(schema)["properties"]["effective_on"]["format"] = "date-time"


def allow_null(schema: dict[str, Any]) -> None:
    data_of(schema)["properties"]["status"] = {
        "anyOf": [data_of(schema)["properties"]["status"], {"type": "null"}]
    }


def forbid_null(schema: dict[str, Any]) -> None:
    data_of(schema)["properties"]["previous_status"]["anyOf"].pop()


def widen_bounds(schema: dict[str, Any]) -> None:
    schema["$defs"]["Deltas"]["properties"]["persons"]["maximum"] *= 10


def close(schema: dict[str, Any]) -> None:
    data_of(schema)["additionalProperties"] = False


def change_const(schema: dict[str, Any]) -> None:
    schema["properties"]["type"]["const"] = "registry.enrollment.moved_out.v2"


ALLOWED = (add_optional, add_optional_inside, reword, rename_a_definition)
BREAKING = (
    add_required,
    require,
    no_longer_require,
    drop,
    widen_enum,
    narrow_enum,
    change_pattern,
    change_type,
    change_format,
    allow_null,
    forbid_null,
    widen_bounds,
    close,
    change_const,
)
Change = Callable[[dict[str, Any]], None]


def changed(change: Change) -> dict[str, Any]:
    schema = copy.deepcopy(SCHEMA)
    change(schema)
    return schema


@pytest.mark.parametrize("change", ALLOWED)
def test_what_a_reader_may_pass_over_is_allowed(change: Change) -> None:
    """Optional fields and other words may be added in the same version."""
    assert broken_promises(SCHEMA, changed(change)) == []
    assert compatible(SCHEMA, changed(change))


@pytest.mark.parametrize("change", BREAKING)
def test_what_a_reader_could_feel_is_refused(change: Change) -> None:
    """Each breaking change is found, and the message says where."""
    broken = broken_promises(SCHEMA, changed(change))

    assert broken
    assert all(promise.startswith("/") for promise in broken)


def test_restricted_topics_stay_restricted() -> None:
    """A topic that points at persons is marked in the contract of everyone who touches it."""
    marked = {
        channel["address"]: "x-restricted" in channel
        for path in (CONTRACTS / "asyncapi").glob("*.json")
        for channel in json.loads(path.read_bytes())["channels"].values()
    }

    assert {name for name, is_marked in marked.items() if is_marked} == topics.RESTRICTED
