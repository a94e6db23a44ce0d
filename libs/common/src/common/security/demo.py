"""Keys and tokens of the demo: made at first start, mode 600, refused by production."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import time
from collections.abc import Collection, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from joserfc import jwt
from joserfc.jwk import ECKey

from common.security.jwks import DEMO_KID

DEMO_ISSUER = "urn:desa-sadar:demo"
KEY_BYTES = 32
SIGNING_KEY = "signing.jwk"
JWKS = "jwks.json"
KEYS = ("parking_key", "master_key", "hmac_key")
"""The 32-byte keys: of parked events, of the registry's identifiers, of their blind index."""
LIFETIME = timedelta(hours=8)


def ensure_demo_secrets(directory: Path) -> None:
    """Make what is missing in `directory`; safe when several services start at once."""
    for name in KEYS:
        _make_key(directory, name)
    key = ECKey.generate_key(
        "P-256",
        {"kid": DEMO_KID + secrets.token_hex(4), "use": "sig", "alg": "ES256"},
        private=True,
    )
    signing = directory / SIGNING_KEY
    _make_once(signing, json.dumps(key.as_dict(private=True)))
    # The set is made of the key that won, whoever made it.
    public = ECKey.import_key(json.loads(signing.read_text())).as_dict(private=False)
    _make_once(directory / JWKS, json.dumps({"keys": [public]}))


def _make_key(directory: Path, name: str) -> None:
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    _make_once(directory / name, secrets.token_bytes(KEY_BYTES).hex())


def _make_once(path: Path, content: str) -> None:
    """Write a file that others see whole or not at all; the first one to come wins."""
    if path.exists():
        return
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()


def demo_key(directory: Path, name: str) -> bytes:
    """The 32-byte key of that name, made at first use."""
    _make_key(directory, name)
    return bytes.fromhex((directory / name).read_text())


def demo_token(
    directory: Path,
    *,
    audience: str | Collection[str],
    scopes: Collection[str],
    subject: str = "petugas",
    areas: Collection[str] = ("*",),
    lifetime: timedelta = LIFETIME,
) -> str:
    """An access token of the demo issuer, signed with the key in `directory`; real time."""
    claims = {
        "aud": audience if isinstance(audience, str) else sorted(audience),
        "sub": subject,
        "scope": " ".join(sorted(scopes)),
        "areas": sorted(areas),
    }
    return sign(directory, claims, lifetime)


def sign(directory: Path, claims: Mapping[str, Any], lifetime: timedelta) -> str:
    """A token of the demo issuer that says so, and no longer than `lifetime`."""
    ensure_demo_secrets(directory)
    key = ECKey.import_key(json.loads((directory / SIGNING_KEY).read_text()))
    now = int(time.time())
    times = {"iss": DEMO_ISSUER, "iat": now, "exp": now + int(lifetime.total_seconds())}
    header = {"alg": "ES256", "kid": key.kid}
    return jwt.encode(header, {**claims, **times}, key, algorithms=["ES256"])


command = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)


@command.callback()
def _demo() -> None:
    """Keep `token` a subcommand."""


@command.command()
def token(  # noqa: PLR0917 - typer passes them by name
    service: Annotated[str, typer.Option(help="registry, eligibility or notifications.")],
    scope: Annotated[list[str], typer.Option(help="Such as registry:write; may be repeated.")],
    subject: Annotated[str, typer.Option(help="Who calls.")] = "petugas",
    area: Annotated[list[str] | None, typer.Option(help="Area code; the country if none.")] = None,
    hours: Annotated[float, typer.Option(min=0.01, max=24 * 30, help="Lifetime.")] = 8,
    secrets_dir: Annotated[
        Path, typer.Option(envvar="SECRETS_DIR", help="Where the demo keeps its keys.")
    ] = Path("var/secrets"),
) -> None:
    """Print a bearer token of the demo issuer."""
    typer.echo(
        demo_token(
            secrets_dir,
            audience=service,
            scopes=scope,
            subject=subject,
            areas=area or ["*"],
            lifetime=timedelta(hours=hours),
        )
    )


if __name__ == "__main__":
    command()
