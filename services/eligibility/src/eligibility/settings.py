"""What eligibility is told from outside; read once, in `main`."""

from __future__ import annotations

from common.settings import ServiceSettings
from pydantic_settings import SettingsConfigDict


class Settings(ServiceSettings):
    """Variables begin with ELIGIBILITY_."""

    model_config = SettingsConfigDict(
        env_prefix="ELIGIBILITY_",
        extra="ignore",
        frozen=True,
        env_ignore_empty=True,
        hide_input_in_errors=True,
    )

    audience: str = "eligibility"
