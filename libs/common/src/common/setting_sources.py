"""Where settings come from besides a service's own variables."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, get_args

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsError,
)

SHARED = frozenset(
    {
        "mode",
        "kafka",
        "topic_prefix",
        "topic_partitions",
        "issuer",
        "jwks",
        "secrets_dir",
        "log_level",
        "movable_clock",
    }
)
"""Settings that are the same for all services: `KAFKA` does for `REGISTRY_KAFKA`."""


class SharedVariables(EnvSettingsSource):
    """The variables that all services share, without a service's prefix."""

    def __init__(self, settings_cls: type[BaseSettings]) -> None:
        super().__init__(settings_cls, env_prefix="")

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        if field_name not in SHARED:
            return None, field_name, False
        return super().get_field_value(field, field_name)


class SecretFiles(PydanticBaseSettingsSource):
    """`REGISTRY_APP_URL_FILE` names a file that holds the secret `REGISTRY_APP_URL`."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        if not _is_secret(field):
            return None, field_name, False
        prefix = self.config.get("env_prefix", "")
        variable = f"{prefix}{field_name}_file".upper()
        path = os.environ.get(variable)
        if not path:
            return None, field_name, False
        try:
            return Path(path).read_text(encoding="utf-8").strip(), field_name, False
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"{variable}: cannot read {path} ({error})") from error

    def __call__(self) -> dict[str, Any]:
        found = {
            name: self.get_field_value(field, name)[0]
            for name, field in self.settings_cls.model_fields.items()
        }
        return {name: value for name, value in found.items() if value is not None}


def _is_secret(field: FieldInfo) -> bool:
    return field.annotation is SecretStr or SecretStr in get_args(field.annotation)
