"""What notifications is told from outside; read once, in `main`."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from common.security.demo import KEY_BYTES
from common.settings import Mode, ServiceSettings
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import Field, SecretStr, model_validator
from pydantic_settings import SettingsConfigDict

from notifications.channels.email import SmtpServer, Tls

EMAIL = r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$"


def _none_but_in_production(known: dict[str, Any]) -> Literal["usual", "none"]:
    return "usual" if known.get("mode", Mode.PRODUCTION) is Mode.PRODUCTION else "none"


def _starttls_in_production(known: dict[str, Any]) -> Tls:
    return "starttls" if known.get("mode", Mode.PRODUCTION) is Mode.PRODUCTION else "none"


class Settings(ServiceSettings):
    """Variables begin with NOTIFICATIONS_."""

    model_config = SettingsConfigDict(
        env_prefix="NOTIFICATIONS_",
        extra="ignore",
        frozen=True,
        env_ignore_empty=True,
        hide_input_in_errors=True,
    )
    keys: ClassVar[tuple[str, ...]] = ("parking_key", "directory_key")

    audience: str = "notifications"
    directory_key: SecretStr | None = None
    """Seals the names and addresses of office holders."""
    smtp_host: str = Field(description="the host of the SMTP server", min_length=1)
    smtp_port: int = Field(default=25, ge=1, le=65535)
    smtp_tls: Tls = Field(default_factory=_starttls_in_production)
    smtp_username: str | None = None
    smtp_password: SecretStr | None = None
    smtp_connect_seconds: float = Field(default=10.0, gt=0, le=60)
    smtp_command_seconds: float = Field(default=30.0, gt=0, le=600)
    smtp_total_seconds: float = Field(default=90.0, gt=0, le=900)
    mail_from: str = Field(description="the sender's address", pattern=EMAIL, max_length=254)
    settle_times: Literal["usual", "none"] = Field(default_factory=_none_but_in_production)
    at_once: int = Field(default=8, ge=1, le=100)
    """Messages on their way at once, per courier."""
    lease_spare_seconds: float = Field(default=30.0, gt=0, le=600)

    @model_validator(mode="after")
    def _no_password_in_the_clear(self) -> Settings:
        if self.smtp_username is not None and self.smtp_tls == "none":
            raise ValueError(
                f"{self.variable('smtp_tls')}: a user name needs tls or starttls; "
                "the password would travel in the clear"
            )
        return self

    def key(self, name: str) -> bytes:
        """One of `keys`; outside production the directory's is made of the demo's parking key."""
        if name == "directory_key" and self.directory_key is None:
            derive = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=name.encode())
            return derive.derive(super().key("parking_key"))
        return super().key(name)

    def smtp_server(self) -> SmtpServer:
        return SmtpServer(
            host=self.smtp_host,
            port=self.smtp_port,
            sender=self.mail_from,
            tls=self.smtp_tls,
            username=self.smtp_username,
            password=self.smtp_password.get_secret_value() if self.smtp_password else None,
            connect_timeout=self.smtp_connect_seconds,
            command_timeout=self.smtp_command_seconds,
            total_timeout=self.smtp_total_seconds,
        )
