"""Tokens of the demo for those who try the APIs: only for services and scopes that there are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from common.security.demo import demo_token

SCOPES = {
    "registry": ("read", "people", "write", "streams", "clock"),
    "eligibility": ("read", "act", "streams", "operate", "clock"),
    "notifications": ("read", "write", "decide", "clock"),
}
"""What may be asked of each service."""


class UnknownScope(ValueError):
    """No such service, or none of its scopes."""


def token_for(secrets: Path, service: str, scopes: Sequence[str]) -> str:
    """A token for one service with these scopes in the whole country; raises UnknownScope."""
    if service not in SCOPES:
        raise UnknownScope(f"Layanan {service} tidak ada. Yang ada: {', '.join(SCOPES)}.")
    known = [f"{service}:{scope}" for scope in SCOPES[service]]
    wrong = [scope for scope in scopes if scope not in known]
    if wrong:
        raise UnknownScope(
            f"Scope {', '.join(wrong)} tidak ada pada {service}. Yang ada: {', '.join(known)}."
        )
    return demo_token(secrets, audience=service, scopes=scopes)
