"""What the demo's issuer has granted: codes for one use, PKCE checked, rotating refresh tokens."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from common.security.demo import demo_token, ensure_demo_secrets, sign
from common.web.settings import DEMO_CLIENT

from demo.issuer_page import Person

AUDIENCES = ("eligibility", "registry")
CODE_SECONDS = 60.0
ID_TOKEN_LIFETIME = timedelta(minutes=5)
MAX_KEPT = 1_000
"""Codes and refresh tokens that wait to be used; the oldest go first."""


class Refused(Exception):
    """An error of RFC 6749 §5.2."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


@dataclass(frozen=True, slots=True)
class Grant:
    """What a code or a refresh token stands for."""

    person: Person
    scopes: frozenset[str]
    redirect_uri: str = ""
    challenge: str = ""
    nonce: str | None = None
    until: float = 0.0


class DemoIssuer:
    """What has been granted, in memory: a restart forgets it, and people log in again."""

    def __init__(
        self,
        directory: Path,
        *,
        lifetime: timedelta = timedelta(hours=1),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        ensure_demo_secrets(directory)
        self.directory = directory
        self.lifetime = lifetime
        self._monotonic = monotonic
        self._codes: dict[str, Grant] = {}
        self._refresh: dict[str, Grant] = {}

    def code(self, person: Person, query: Mapping[str, str]) -> str:
        """A code for one use within a minute, bound to who asked and to its PKCE challenge."""
        grant = Grant(
            person,
            person.scopes & frozenset(query["scope"].split()),
            query["redirect_uri"],
            query["code_challenge"],
            query.get("nonce"),
            self._monotonic() + CODE_SECONDS,
        )
        return _keep(self._codes, grant)

    def forget(self) -> None:
        """Take back what was granted, as a restart does; tokens that are out stay good."""
        self._codes.clear()
        self._refresh.clear()

    def tokens(self, form: Mapping[str, str]) -> dict[str, Any]:
        """The answer of the token endpoint; raises Refused."""
        if form.get("client_id") != DEMO_CLIENT:
            raise Refused("invalid_client")
        match form.get("grant_type"):
            case "authorization_code":
                return self._of_code(form)
            case "refresh_token":
                grant = self._refresh.pop(form.get("refresh_token", ""), None)
                if grant is None:
                    raise Refused("invalid_grant")
                return self._answer(grant)
        raise Refused("unsupported_grant_type")

    def _of_code(self, form: Mapping[str, str]) -> dict[str, Any]:
        grant = self._codes.pop(form.get("code", ""), None)
        if (
            grant is None
            or grant.until < self._monotonic()
            or grant.redirect_uri != form.get("redirect_uri")
            or not hmac.compare_digest(grant.challenge, challenge_of(form.get("code_verifier", "")))
        ):
            raise Refused("invalid_grant")
        claims = {
            "aud": DEMO_CLIENT,
            "sub": grant.person.subject,
            "name": grant.person.name,
            "nonce": grant.nonce,
        }
        return self._answer(grant) | {"id_token": sign(self.directory, claims, ID_TOKEN_LIFETIME)}

    def _answer(self, grant: Grant) -> dict[str, Any]:
        person = grant.person
        access = demo_token(
            self.directory,
            audience=AUDIENCES,
            scopes=grant.scopes,
            subject=person.subject,
            areas=person.areas,
            lifetime=self.lifetime,
        )
        return {
            "token_type": "Bearer",
            "access_token": access,
            "expires_in": int(self.lifetime.total_seconds()),
            "refresh_token": _keep(self._refresh, Grant(person, grant.scopes)),
            "scope": " ".join(sorted(grant.scopes)),
        }


def challenge_of(verifier: str) -> str:
    """PKCE's S256 (RFC 7636 §4.2)."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _keep(kept: dict[str, Grant], grant: Grant) -> str:
    while len(kept) >= MAX_KEPT:
        kept.pop(next(iter(kept)))
    name = secrets.token_urlsafe(32)
    kept[name] = grant
    return name
