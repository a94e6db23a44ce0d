"""What the registry is told from outside; read once, in `main`."""

from __future__ import annotations

from typing import Any, ClassVar

from common.settings import Mode, ServiceSettings
from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict


def _not_production(known: dict[str, Any]) -> bool:
    return known.get("mode", Mode.PRODUCTION) is not Mode.PRODUCTION


class Settings(ServiceSettings):
    """Variables begin with REGISTRY_."""

    model_config = SettingsConfigDict(
        env_prefix="REGISTRY_",
        extra="ignore",
        frozen=True,
        env_ignore_empty=True,
        hide_input_in_errors=True,
    )
    keys: ClassVar[tuple[str, ...]] = ("master_key", "hmac_key")

    audience: str = "registry"
    master_key: SecretStr | None = None
    """Wraps every participant's own key."""
    hmac_key: SecretStr | None = None
    """Finds a participant by NIK; changed, nobody is found any more."""
    nik_99: bool = Field(
        default_factory=_not_production, description="accept NIK of the invented province 99"
    )
    database_connections: int = Field(default=10, ge=1, le=200)
