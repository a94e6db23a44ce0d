"""What a service with pages is told about logging in."""

from __future__ import annotations

from typing import Any

from pydantic import Field, SecretStr

from common.database import Database
from common.security import Authenticator
from common.security.demo import DEMO_ISSUER
from common.settings import Mode, ServiceSettings
from common.web.issuer import Client
from common.web.login import Login
from common.web.oidc import OidcClient

DEMO_CLIENT = "desa-sadar"
DEMO_DISCOVERY = "http://127.0.0.1:18004/.well-known/openid-configuration"
SCOPES = (
    "openid profile eligibility:read eligibility:act eligibility:operate "
    "registry:read registry:write registry:people"
)


def _demo_client(known: dict[str, Any]) -> str:
    return "" if known.get("mode", Mode.PRODUCTION) is Mode.PRODUCTION else DEMO_CLIENT


def _discovery(known: dict[str, Any]) -> str:
    issuer = known.get("issuer", "")
    if issuer == DEMO_ISSUER:
        return DEMO_DISCOVERY
    if not issuer.startswith(("https://", "http://")):
        return ""
    return f"{issuer.rstrip('/')}/.well-known/openid-configuration"


def _here(known: dict[str, Any]) -> str:
    if known.get("mode", Mode.PRODUCTION) is Mode.PRODUCTION:
        return ""
    return f"http://127.0.0.1:{known.get('port')}"


class PagesSettings(ServiceSettings):
    """Without a client id the service has no login; its API does not need one."""

    oidc_client_id: str = Field(default_factory=_demo_client)
    oidc_client_secret: SecretStr | None = None
    oidc_discovery: str = Field(
        default_factory=_discovery,
        pattern=r"^(https?://.+)?$",
        description="the address of the issuer's OpenID configuration",
    )
    oidc_scopes: str = Field(default=SCOPES, pattern=r"\bopenid\b")
    pages_url: str = Field(
        default_factory=_here,
        pattern=r"^(https?://[^/]+)?$",
        description="the address that browsers know the pages by, without a path",
    )

    def _refusals(self) -> list[str]:
        found = super()._refusals()
        if not self.oidc_client_id:
            return found
        for field in ("oidc_discovery", "pages_url"):
            if not getattr(self, field).startswith("https://"):
                found.append(f"{self.variable(field)}: set an https address")
        return found

    def oidc_client(self) -> Client | None:
        """What the service is at the issuer, or None when nobody can log in."""
        if not self.oidc_client_id:
            return None
        return Client(
            issuer=self.issuer,
            discovery=self.oidc_discovery,
            client_id=self.oidc_client_id,
            client_secret=self.oidc_client_secret,
            pages_url=self.pages_url,
            scopes=self.oidc_scopes,
            allow_http=self.mode is not Mode.PRODUCTION,
        )

    def login(self, database: Database, authenticator: Authenticator, key: bytes) -> Login | None:
        """The login of the pages; sessions are sealed with a key made of `key`."""
        client = self.oidc_client()
        if client is None:
            return None
        return Login(database, OidcClient(client, authenticator), authenticator, key=key)
