"""Where people log in is set up rightly, or the service says what is wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest
from common.doctor import Ailment
from common.settings import Mode
from common.web import PagesSettings
from common.web.checking import login_check
from common.web.issuer import Issuer
from demo.issuer import create_app
from demo.issuer_grants import DemoIssuer
from pydantic import ValidationError
from support.databases import ServiceUrls
from support.login_stage import ISSUER, PAGES, client_at
from support.service_settings import service_settings

NOWHERE = ServiceUrls("postgresql://o@h/d", "postgresql://a@h/d", "postgresql://w@h/d")


def test_production_starts_no_demo_issuer(tmp_path: Path) -> None:
    """It asks for no password, so it says no and ends."""
    environment = {**os.environ, "MODE": "production", "SECRETS_DIR": str(tmp_path)}

    ended = subprocess.run(
        [sys.executable, "-m", "demo.issuer"],
        env=environment,
        capture_output=True,
        timeout=30,
        check=False,
    )

    assert (1, True) == (ended.returncode, b"MODE must be demo or test" in ended.stderr)


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"oidc_discovery": "http://issuer.example/d"}, "OIDC_DISCOVERY"),
        ({"pages_url": "http://desa.example"}, "PAGES_URL"),
        ({"pages_url": ""}, "PAGES_URL"),
    ],
)
def test_production_logs_in_over_https_only(changed: dict[str, str], named: str) -> None:
    """Where people log in, both the issuer and the pages have https."""
    given = service_settings(NOWHERE).model_dump() | {
        "oidc_client_id": "desa",
        "pages_url": PAGES,
    }

    good = PagesSettings.model_validate(given)
    with pytest.raises(ValidationError, match=f"{named}: set an https address"):
        PagesSettings.model_validate(given | changed)

    client = good.oidc_client()
    assert client is not None
    assert (Mode.PRODUCTION, False) == (good.mode, client.allow_http)
    assert "https://issuer.example/.well-known/openid-configuration" == client.discovery


async def test_doctor_says_where_people_log_in(tmp_path: Path) -> None:
    """The address, that nobody can, or what to look at."""
    given = service_settings(NOWHERE).model_dump() | {"pages_url": PAGES}
    closed = PagesSettings.model_validate(given)
    settings = PagesSettings.model_validate(given | {"oidc_client_id": "desa"})
    up = httpx2.ASGITransport(create_app(DemoIssuer(tmp_path), url=ISSUER))
    down = httpx2.MockTransport(lambda _: httpx2.Response(404, json={}))

    well = await login_check(settings, Issuer(client_at(), transport=up))()
    with pytest.raises(Ailment, match="answered 404: is the issuer up, is OIDC_DISCOVERY right"):
        await login_check(settings, Issuer(client_at(), transport=down))()

    assert f"at {ISSUER}/authorize" == well
    assert "OIDC_CLIENT_ID is not set: nobody can log in" == await login_check(closed)()
