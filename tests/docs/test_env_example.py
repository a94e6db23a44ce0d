"""`.env.example` names every setting, and no secret."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from common.settings import ServiceSettings
from eligibility.settings import Settings as Eligibility
from notifications.settings import Settings as Notifications
from pydantic import SecretStr
from pydantic_core import PydanticUndefined
from registry.settings import Settings as Registry

ROOT = Path(__file__).parents[2]
SERVICES = (Registry, Eligibility, Notifications)
LINE = re.compile(r"([A-Z0-9_]+)=(.*)")
LOCAL = re.compile(r"(localhost|127\.0\.0\.1)(:\d+)?")


def example() -> dict[str, str]:
    lines = (ROOT / ".env.example").read_text().splitlines()
    named = [LINE.fullmatch(line) for line in lines if line and not line.startswith("#")]
    assert None not in named
    found = [(match[1], match[2]) for match in named if match]
    assert len(found) == len(dict(found)), "a variable stands there twice"
    return dict(found)


def settings() -> Iterator[tuple[str, type[ServiceSettings], str]]:
    for service in SERVICES:
        for field in service.model_fields:
            yield service.variable(field), service, field


def test_every_variable_is_there_and_no_other() -> None:
    """Whoever reads the file knows all that a service can be told."""
    assert {variable for variable, _, _ in settings()} == example().keys()


def test_no_value_is_a_secret_or_a_foreign_host() -> None:
    """The file is committed: secrets are empty, addresses are this machine's."""
    told = example()
    for variable, service, field in settings():
        kind = str(service.model_fields[field].annotation)
        if SecretStr.__name__ in kind:
            assert told[variable] == "", f"{variable} is a secret"
    addresses = [value for value in told.values() if re.search(r"://|:\d+$", value)]
    assert [] == [value for value in addresses if not LOCAL.fullmatch(value)]


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.__module__)
def test_what_is_filled_in_is_the_default(
    service: type[ServiceSettings], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file tells the defaults; only Kafka's address and the parts are examples."""
    told = example()
    for variable in told:
        monkeypatch.delenv(variable, raising=False)
    for name, field in service.model_fields.items():
        variable = service.variable(name)
        default = field.default
        if not told[variable] or name in {"kafka", "parts"} or default is PydanticUndefined:
            continue
        shown = str(getattr(default, "value", default))
        assert shown.removesuffix(".0") == told[variable], variable
