"""OpenID Connect's code flow with PKCE, as one client of one issuer.

OpenID Connect Core 1.0 §3.1, RFC 6749, RFC 7636 (S256).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus, urlencode

import httpx2

from common.security import Authenticator, IssuerUnreachable, Rejected
from common.web.issuer import Client, Issuer

MAX_LABEL = 80


class LoginRefused(Exception):
    """The issuer, or our check of what it said, does not let the person in; says why."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One login that has begun: what its answer must fit (`state`, `nonce`, PKCE `verifier`)."""

    state: str
    nonce: str
    verifier: str

    @property
    def challenge(self) -> str:
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the issuer gave, checked: for whom, and until when (seconds since 1970)."""

    access_token: str
    refresh_token: str | None
    expires_at: float
    subject: str
    label: str


class OidcClient:
    """Sends the browser to the issuer and makes tokens of the code that it brings back."""

    def __init__(self, client: Client, tokens: Authenticator, issuer: Issuer | None = None) -> None:
        self.client = client
        self._issuer = issuer or Issuer(client)
        self._access = tokens
        self._id = tokens.for_audience(client.client_id)

    async def authorization_url(self, attempt: Attempt, *, again: bool = False) -> str:
        """Where the browser goes; `again` asks the person anew. Raises IssuerUnreachable."""
        query = {
            "response_type": "code",
            "client_id": self.client.client_id,
            "redirect_uri": self.client.redirect_uri,
            "scope": self.client.scopes,
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": attempt.challenge,
            "code_challenge_method": "S256",
        }
        if again:
            query["prompt"] = "login"
        return _with_query((await self._issuer.description()).authorization_endpoint, query)

    async def end_session_url(self, come_back: str) -> str | None:
        """Where the issuer's own session is ended, or None if it has no such page."""
        end = (await self._issuer.description()).end_session_endpoint
        query = {"client_id": self.client.client_id, "post_logout_redirect_uri": come_back}
        return _with_query(end, query) if end else None

    async def exchange(self, code: str, attempt: Attempt) -> Tokens:
        """The tokens of a code; raises LoginRefused and IssuerUnreachable."""
        answer = await self._token(
            grant_type="authorization_code",
            code=code,
            redirect_uri=self.client.redirect_uri,
            code_verifier=attempt.verifier,
        )
        person = await self._person(answer)
        if person.get("nonce") != attempt.nonce:
            raise LoginRefused("the ID token was made for another login (nonce)")
        return await self._checked(answer, person["sub"], _label(person))

    async def refresh(self, tokens: Tokens) -> Tokens:
        """New tokens for the same person; raises LoginRefused and IssuerUnreachable."""
        if tokens.refresh_token is None:
            raise LoginRefused("the issuer gave no refresh token")
        answer = await self._token(grant_type="refresh_token", refresh_token=tokens.refresh_token)
        answer.setdefault("refresh_token", tokens.refresh_token)
        return await self._checked(answer, tokens.subject, tokens.label)

    async def _person(self, answer: Mapping[str, Any]) -> dict[str, Any]:
        try:
            claims = await self._id.claims(_text(answer, "id_token"))
        except Rejected as error:
            raise LoginRefused(f"ID token: {error}") from None
        if claims.get("azp", self.client.client_id) != self.client.client_id:
            raise LoginRefused("the ID token was made for another client (azp)")
        return claims

    async def _checked(self, answer: Mapping[str, Any], subject: str, label: str) -> Tokens:
        """The access token must be one that our own API would take, and the same person's."""
        access = _text(answer, "access_token")
        try:
            claims = await self._access.claims(access)
        except Rejected as error:
            raise LoginRefused(f"access token: {error}") from None
        if claims["sub"] != subject:
            raise LoginRefused("access token and ID token are not the same person's")
        refresh = answer.get("refresh_token")
        return Tokens(
            access, refresh if isinstance(refresh, str) else None, claims["exp"], subject, label
        )

    async def _token(self, **form: str) -> dict[str, Any]:
        described = await self._issuer.description()
        secret = self.client.client_secret
        headers = {}
        if secret is None:
            form["client_id"] = self.client.client_id
        elif "client_secret_basic" in described.token_endpoint_auth_methods_supported:
            # RFC 6749 §2.3.1: both are form-encoded before they are joined.
            pair = f"{quote_plus(self.client.client_id)}:{quote_plus(secret.get_secret_value())}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        else:
            form |= {
                "client_id": self.client.client_id,
                "client_secret": secret.get_secret_value(),
            }
        status, answer = await self._issuer.ask("POST", described.token_endpoint, headers, form)
        if status >= httpx2.codes.INTERNAL_SERVER_ERROR:
            raise IssuerUnreachable(f"{described.token_endpoint} answered {status}")
        if status != httpx2.codes.OK:
            raise LoginRefused(f"the issuer gave no tokens: {str(answer.get('error'))[:80]}")
        return answer


def _with_query(url: str, query: Mapping[str, str]) -> str:
    return f"{url}{'&' if '?' in url else '?'}{urlencode(query)}"


def _text(answer: Mapping[str, Any], name: str) -> str:
    value = answer.get(name)
    if not isinstance(value, str):
        raise LoginRefused(f"the issuer's answer has no {name}")
    return value


def _label(person: Mapping[str, Any]) -> str:
    """What the page calls the person."""
    for name in ("name", "preferred_username", "sub"):
        value = person.get(name)
        if isinstance(value, str) and value.strip():
            return value.strip()[:MAX_LABEL]
    raise LoginRefused("the ID token names nobody")
