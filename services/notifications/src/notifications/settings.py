"""What notifications is told from outside; read once, in `main`."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any, ClassVar, Literal

from common.parking import Stored
from common.security.demo import KEY_BYTES, demo_token
from common.settings import Mode, ServiceSettings
from common.stored_events import StoredEvents, StoredEventsUnavailable
from common.stream_counters import Producer
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import Field, SecretStr, model_validator
from pydantic_settings import SettingsConfigDict

from notifications.channels.connections import SmtpServer, Tls

ADDRESS = r"^(https?://.+[^/])?$"
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
    pages_url: str = Field(default="", pattern=ADDRESS)
    """Where the pages are: a message then says where to look (https://host, without a path)."""
    settle_times: Literal["usual", "none"] = Field(default_factory=_none_but_in_production)
    at_once: int = Field(default=8, ge=1, le=100)
    """Messages on their way at once, per courier."""
    registry_url: str = Field(default="", pattern=ADDRESS)
    """The registry's API: its stored events take the place of broken records."""
    registry_token: SecretStr | None = None
    """With the scope registry:streams; outside production a demo token stands in."""
    eligibility_url: str = Field(default="", pattern=ADDRESS)
    """The same of eligibility's API."""
    eligibility_token: SecretStr | None = None
    """With the scope eligibility:streams; outside production a demo token stands in."""
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

    def stored_events(self) -> Stored | None:
        """Where `parked retry` finds the bytes of records that are broken on a topic.

        A topic's first word is the service that publishes it; None if no address is given.
        """
        producers = {
            service: StoredEvents(address, partial(self._token, service))
            for service, address in self._addresses().items()
        }

        async def stored(topic: str, village_key: str, sequence: int) -> bytes | None:
            service = topic.split(".", maxsplit=1)[0]
            if service not in producers:
                raise StoredEventsUnavailable(f"{self.variable(f'{service}_url')} is not set")
            return await producers[service](topic, village_key, sequence)

        return stored if producers else None

    def producers(self) -> dict[str, Producer]:
        """Whose counters `reconcile` compares with the marks, by name."""
        return {
            service: Producer(address, partial(self._token, service))
            for service, address in self._addresses().items()
        }

    def _addresses(self) -> dict[str, str]:
        given = {"registry": self.registry_url, "eligibility": self.eligibility_url}
        return {service: address for service, address in given.items() if address}

    def _token(self, service: str) -> str:
        given: SecretStr | None = getattr(self, f"{service}_token")
        if given is not None:
            return given.get_secret_value()
        if self.mode is Mode.PRODUCTION:
            raise StoredEventsUnavailable(f"{self.variable(f'{service}_token')} is not set")
        return demo_token(
            self.secrets_dir,
            audience=service,
            scopes=(f"{service}:streams",),
            subject="notifications",
            lifetime=timedelta(minutes=10),
        )
