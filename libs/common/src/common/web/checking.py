"""What `doctor` looks at where people log in."""

from __future__ import annotations

from common.doctor import Ailment, Check
from common.security import IssuerUnreachable
from common.web.issuer import Issuer
from common.web.settings import PagesSettings


def login_check(settings: PagesSettings, issuer: Issuer | None = None) -> Check:
    """Whether the issuer says where people log in."""

    async def check() -> str:
        client = settings.oidc_client()
        if client is None:
            return f"{settings.variable('oidc_client_id')} is not set: nobody can log in"
        try:
            described = await (issuer or Issuer(client)).description()
        except IssuerUnreachable as error:
            variable = settings.variable("oidc_discovery")
            raise Ailment(f"{error}: is the issuer up, is {variable} right?") from None
        return f"at {described.authorization_endpoint}"

    return check
