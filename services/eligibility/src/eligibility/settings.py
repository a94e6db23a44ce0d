"""What eligibility is told from outside; read once, in `main`."""

from __future__ import annotations

from datetime import timedelta

from common.security.demo import demo_token
from common.settings import Mode
from common.stored_events import StoredEvents, StoredEventsUnavailable
from common.stream_counters import Producer
from common.web import PagesSettings
from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict


class Settings(PagesSettings):
    """Variables begin with ELIGIBILITY_."""

    model_config = SettingsConfigDict(
        env_prefix="ELIGIBILITY_",
        extra="ignore",
        frozen=True,
        env_ignore_empty=True,
        hide_input_in_errors=True,
    )

    audience: str = "eligibility"
    registry_url: str = Field(
        default="",
        pattern=r"^(https?://.+[^/])?$",
        description="the registry's API: stored events take the place of broken records",
    )
    registry_token: SecretStr | None = None
    """With the scope registry:streams; outside production a demo token stands in."""

    def stored_events(self) -> StoredEvents | None:
        """Where `parked retry` finds the bytes of records that are broken on the topic."""
        return StoredEvents(self.registry_url, self._token) if self.registry_url else None

    def producers(self) -> dict[str, Producer]:
        """Whose counters `reconcile` compares with the marks, by name."""
        if not self.registry_url:
            return {}
        return {"registry": Producer(self.registry_url, self._token)}

    def _token(self) -> str:
        if self.registry_token is not None:
            return self.registry_token.get_secret_value()
        if self.mode is Mode.PRODUCTION:
            raise StoredEventsUnavailable(f"{self.variable('registry_token')} is not set")
        return demo_token(
            self.secrets_dir,
            audience="registry",
            scopes=("registry:streams",),
            subject="eligibility",
            lifetime=timedelta(minutes=10),
        )
