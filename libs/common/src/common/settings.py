"""What a process is told from outside; read once, in `main.py`."""

from __future__ import annotations

import base64
import binascii
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from common.security import Authenticator, JwksFile, JwksUrl
from common.security.demo import (
    DEMO_ISSUER,
    JWKS,
    KEY_BYTES,
    demo_key,
    ensure_demo_secrets,
)
from common.setting_sources import SHARED, SecretFiles, SharedVariables


class Mode(StrEnum):
    PRODUCTION = "production"
    DEMO = "demo"
    TEST = "test"


class PartName(StrEnum):
    """The parts that a process can run apart."""

    API = "api"
    RELAY = "relay"
    SCHEDULER = "scheduler"
    CONSUMER = "consumer"
    COURIER = "courier"


def _not_production(known: dict[str, Any]) -> bool:
    return known.get("mode", Mode.PRODUCTION) is not Mode.PRODUCTION


def _demo_issuer(known: dict[str, Any]) -> str:
    return DEMO_ISSUER if _not_production(known) else ""


class ServiceSettings(BaseSettings):
    """The settings that every service has; a service subclasses it with its `env_prefix`."""

    model_config = SettingsConfigDict(
        extra="ignore", frozen=True, env_ignore_empty=True, hide_input_in_errors=True
    )

    keys: ClassVar[tuple[str, ...]] = ("parking_key",)
    """Settings that hold 32 bytes in base64; outside production the demo's keys stand in."""

    mode: Mode = Mode.PRODUCTION
    owner_url: SecretStr = Field(description="the URL of the owner role (migrations)")
    app_url: SecretStr = Field(description="the URL of the login role of the API and pages")
    work_url: SecretStr = Field(description="the URL of the login role of relay and consumers")
    kafka: str = Field(description="Kafka's bootstrap servers, such as kafka:9092", min_length=1)
    topic_prefix: str = Field(default="", pattern=r"^[a-zA-Z0-9._-]{0,60}$")
    topic_partitions: int = Field(default=12, ge=1, le=1000)
    host: str = "127.0.0.1"
    port: int = Field(description="the port of the API", ge=1, le=65535)
    parts: Annotated[frozenset[PartName], NoDecode] = frozenset(PartName)
    issuer: str = Field(default_factory=_demo_issuer)
    audience: str = Field(description="the audience of this service's tokens", min_length=1)
    secrets_dir: Path = Path("var/secrets")
    jwks: str = ""
    log_level: str = Field(default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$")
    movable_clock: bool = Field(default_factory=_not_production)
    nik_99: bool = Field(default=False, description="accept NIK of the invented province 99")
    parking_key: SecretStr | None = None

    @classmethod
    def variable(cls, field: str) -> str:
        """The environment variable of a field, as a message names it."""
        if field in SHARED:
            return field.upper()
        return f"{cls.model_config.get('env_prefix', '')}{field}".upper()

    @field_validator("parts", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return frozenset(part.strip() for part in value.split(",") if part.strip())

    @model_validator(mode="after")
    def _refuse_unsafe(self) -> Self:
        refusals = list(self._refusals()) if self.mode is Mode.PRODUCTION else []
        refusals += self._unusable_keys()
        if refusals:
            raise ValueError("\n".join(refusals))
        return self

    def _refusals(self) -> list[str]:
        """What production does not start with, each with the variable and what to do."""
        name = self.variable
        found = []
        if self.issuer == DEMO_ISSUER:
            found.append(f"{name('issuer')}: the demo issuer is for demo and test; set your own")
        elif not self.issuer.startswith("https://"):
            found.append(f"{name('issuer')}: set the https address of the token issuer")
        if not self.jwks.startswith("https://"):
            found.append(f"{name('jwks')}: set the https address of the issuer's key set")
        if self.nik_99:
            found.append(f"{name('nik_99')}: invented NIK are for demo and test; remove it")
        if self.movable_clock:
            found.append(f"{name('movable_clock')}: the clock moves in demo and test; remove it")
        found += [
            f"{name(key)}: set {KEY_BYTES} random bytes in base64, or {name(key)}_FILE"
            for key in self.keys
            if getattr(self, key) is None
        ]
        return found

    def _unusable_keys(self) -> list[str]:
        return [
            f"{self.variable(key)}: must be {KEY_BYTES} bytes in base64"
            for key in self.keys
            if getattr(self, key) is not None and _decoded(getattr(self, key)) is None
        ]

    def key(self, name: str) -> bytes:
        """One of `keys`, 32 bytes; outside production made at first use when it is not set."""
        if name not in self.keys:
            raise KeyError(name)
        given = _decoded(getattr(self, name)) if getattr(self, name) is not None else None
        if given is not None:
            return given
        return demo_key(self.secrets_dir, name)

    def jwks_file(self) -> Path | None:
        """The file of the issuer's keys (demo and test), or None when `jwks` is an address."""
        if self.jwks.startswith(("https://", "http://")):
            return None
        if self.jwks:
            return Path(self.jwks)
        ensure_demo_secrets(self.secrets_dir)
        return self.secrets_dir / JWKS

    def authenticator(self) -> Authenticator:
        """What checks the tokens of this service; makes the demo's keys when it needs them."""
        file = self.jwks_file()
        allow_demo = self.mode is not Mode.PRODUCTION
        keys = JwksFile(file) if file else JwksUrl(self.jwks, allow_demo=allow_demo)
        return Authenticator(issuer=self.issuer, audience=self.audience, jwks=keys)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the signature is theirs
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - same
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (
            init_settings,
            env_settings,
            SharedVariables(settings_cls),
            SecretFiles(settings_cls),
        )

    @classmethod
    def load(cls) -> Self:
        """Read the environment, or print what is wrong with it and exit with 2."""
        try:
            return cls()
        except ValidationError as error:
            lines = _lines(cls, error)
        except SettingsError as error:
            lines = [str(error)]
        many = "1 setting needs" if len(lines) == 1 else f"{len(lines)} settings need"
        sys.stderr.write(f"Cannot start, {many} attention:\n")
        sys.stderr.writelines(f"  {line}\n" for line in lines)
        raise SystemExit(2)


def _decoded(secret: SecretStr) -> bytes | None:
    try:
        decoded = base64.b64decode(secret.get_secret_value(), validate=True)
    except (ValueError, binascii.Error):
        return None
    return decoded if len(decoded) == KEY_BYTES else None


def _lines(settings: type[ServiceSettings], error: ValidationError) -> list[str]:
    """One line for each setting that is wrong; never its value."""
    lines: list[str] = []
    for item in error.errors(include_input=False, include_url=False):
        if not item["loc"]:
            lines += item["msg"].removeprefix("Value error, ").splitlines()
            continue
        if item["type"] == "default_factory_not_called":
            continue
        name = str(item["loc"][0])
        field = settings.model_fields.get(name)
        if item["type"] == "missing":
            what = f"is not set; give {(field and field.description) or 'a value'}"
        else:
            what = item["msg"][:1].lower() + item["msg"][1:]
        lines.append(f"{settings.variable(name)}: {what}")
    return lines
