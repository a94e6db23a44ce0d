"""`make token` knows every scope that the services ask for, and refuses all others."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from demo.__main__ import app
from demo.tokens import SCOPES
from typer.testing import CliRunner

SOURCES = Path(__file__).parents[2] / "services"


def test_every_scope_of_a_service_is_known() -> None:
    """What stands in a service's code as `<service>:<word>` can be had."""
    for service, scopes in SCOPES.items():
        code = "".join(path.read_text() for path in (SOURCES / service / "src").rglob("*.py"))
        asked = set(re.findall(rf'"{service}:([a-z]+)"', code))
        assert asked | {"clock"} == set(scopes)


@pytest.mark.parametrize(
    ("service", "scope", "says"),
    [
        ("registri", "registri:read", "Layanan registri tidak ada"),
        ("registry", "registry:reed", "Scope registry:reed tidak ada pada registry"),
        ("registry", "eligibility:read", "Scope eligibility:read tidak ada pada registry"),
    ],
)
def test_what_is_not_there_is_refused(
    service: str, scope: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No token is made for a service or scope that does not exist; what exists is said."""
    monkeypatch.setenv("DEMO_HOME", str(tmp_path))
    done = CliRunner().invoke(app, ["token", "--service", service, "--scope", scope])
    assert (2, True) == (done.exit_code, says in done.output)
    assert "registry:write" in done.output or "notifications" in done.output
