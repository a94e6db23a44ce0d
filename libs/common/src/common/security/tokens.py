"""From a bearer token to the caller (RFC 7519, RFC 8725)."""

from __future__ import annotations

import base64
import binascii
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError, UnsupportedAlgorithmError
from joserfc.jwa import JWSAlgModel
from joserfc.jws import JWSRegistry
from joserfc.jwt import JWTClaimsRegistry

from common.security.jwks import Jwks

ALGORITHMS = ["RS256", "ES256", "EdDSA"]
LEEWAY = 30
"""Seconds by which the issuer's clock may differ from ours."""
MAX_TOKEN = 8 * 1024
MAX_SUBJECT = 255
MAX_KID = 200


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the subject at an issuer, what it may do, and in which areas."""

    issuer: str
    subject: str
    scopes: frozenset[str]
    areas: frozenset[str] = field(default_factory=frozenset)
    """Area codes whose villages the caller may see (`33.26`; `*` is the country); none is none."""

    @property
    def identity(self) -> str:
        """The same for every token of this caller."""
        return f"{self.issuer} {self.subject}"


class Rejected(Exception):
    """The token is not one that we accept; the text says why, without the token."""


class Authenticator:
    """Checks tokens of one issuer for one audience, against real time."""

    def __init__(
        self,
        *,
        issuer: str,
        audience: str,
        jwks: Jwks,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._jwks = jwks
        self._issuer = issuer
        self._now = now
        self._registry = _Algorithms(algorithms=ALGORITHMS)
        self._claims = JWTClaimsRegistry(
            now=lambda: int(now()),
            leeway=LEEWAY,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": audience},
            exp={"essential": True},
            sub={"essential": True},
        )

    def for_audience(self, audience: str) -> Authenticator:
        """The same issuer and the same keys, for another audience."""
        return Authenticator(issuer=self._issuer, audience=audience, jwks=self._jwks, now=self._now)

    async def authenticate(self, token: str) -> Caller:
        """The caller of a token; raises Rejected, or IssuerUnreachable when nobody can say."""
        return self.caller_of(await self.claims(token))

    async def claims(self, token: str) -> dict[str, Any]:
        """What a token says, checked; raises Rejected and IssuerUnreachable."""
        if len(token) > MAX_TOKEN:
            raise Rejected("the token is too long")
        key = await self._jwks.key(_kid(token))
        if key is None:
            raise Rejected("the token is signed with a key that the issuer does not publish")
        try:
            claims = jwt.decode(token, key, registry=self._registry).claims
            self._claims.validate(claims)
        except (JoseError, ValueError) as error:
            raise Rejected(_reason(error)) from None
        subject = claims["sub"]
        if not 0 < len(subject) <= MAX_SUBJECT:
            raise Rejected(f"the claim sub must have 1 to {MAX_SUBJECT} characters")
        return claims

    def caller_of(self, claims: Mapping[str, Any]) -> Caller:
        return Caller(
            issuer=self._issuer,
            subject=claims["sub"],
            scopes=_words(claims.get("scope", claims.get("scp"))),
            areas=_words(claims.get("areas")),
        )


class _Algorithms(JWSRegistry):
    """Ours and no others, without joserfc's warning that issuers should say Ed25519 for EdDSA."""

    def get_alg(self, name: str) -> JWSAlgModel:
        if name not in ALGORITHMS:
            raise UnsupportedAlgorithmError(name)
        return self.algorithms[name]


def _kid(token: str) -> str:
    """The key id that the token names, before anything of it is trusted."""
    head = token.split(".", 1)[0]
    try:
        header = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        raise Rejected("the token is not a signed JWT") from None
    if not isinstance(header, dict) or header.get("alg") not in ALGORITHMS:
        raise Rejected(f"the token is not signed with one of {', '.join(ALGORITHMS)}")
    kid = header.get("kid")
    if not isinstance(kid, str) or not 0 < len(kid) <= MAX_KID:
        raise Rejected("the token names no key id (kid)")
    return kid


def _reason(error: Exception) -> str:
    claim = getattr(error, "claim", None)
    code = getattr(error, "error", None) or type(error).__name__
    return f"{code}: {claim}" if claim else str(code)


def _words(claim: Any) -> frozenset[str]:
    if isinstance(claim, str):
        return frozenset(claim.split())
    if isinstance(claim, list):
        return frozenset(word for word in claim if isinstance(word, str))
    return frozenset()
