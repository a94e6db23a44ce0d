"""Settings as a service would read them, without an environment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from common.settings import ServiceSettings
from pydantic import SecretStr

from support.databases import ServiceUrls

KEY = "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="


def service_settings(
    urls: ServiceUrls, *, mode: str = "production", **changes: Any
) -> ServiceSettings:
    given = {
        "mode": mode,
        "owner_url": urls.owner,
        "app_url": urls.app,
        "work_url": urls.work,
        "kafka": "127.0.0.1:1",
        "port": 1,
        "issuer": "https://issuer.example",
        "jwks": "https://issuer.example/jwks",
        "audience": "registry",
        "secrets_dir": Path("none"),
        "parking_key": SecretStr(KEY),
    }
    return ServiceSettings.model_validate(given | changes)
