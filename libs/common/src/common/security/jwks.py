"""The issuer's public keys: fetched over https and cached, or read from a file."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import httpx2
import structlog
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey

FRESH_FOR = 600.0
"""Seconds after which the keys are fetched again."""
REFETCH_AFTER = 30.0
"""Seconds between two fetches, whoever asks: a flood of unknown key ids is not passed on."""
RETRY_AFTER = 5.0
"""Seconds between two attempts while the issuer does not answer."""
TIMEOUT = 5.0
MAX_BYTES = 256 * 1024
DEMO_KID = "demo-"
"""How the ids of keys made by the demo begin; production refuses them."""

logger = structlog.get_logger(__name__)

PublicKey = RSAKey | ECKey | OKPKey


class IssuerUnreachable(Exception):
    """The issuer's keys could not be read, and none are cached."""


class Jwks(Protocol):
    """Where the keys come from."""

    async def key(self, kid: str) -> PublicKey | None:
        """The key of that id, or None if the issuer has none; raises IssuerUnreachable."""


def parse_keys(document: Any) -> dict[str, PublicKey]:
    """The public signing keys of a JWK set by id; ValueError if it is none."""
    try:
        keys = KeySet.import_key_set(document)
    except (JoseError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"not a JWK set with usable keys: {type(error).__name__}") from error
    return {
        key.kid: key
        for key in keys
        if key.kid and isinstance(key, PublicKey) and key.get("use", "sig") == "sig"
    }


class JwksFile:
    """Keys of a local file, for demo and test; read at each change of the file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read_at: int | None = None
        self._keys: dict[str, PublicKey] = {}

    async def key(self, kid: str) -> PublicKey | None:
        try:
            changed = self._path.stat().st_mtime_ns
            if changed != self._read_at:
                self._keys = parse_keys(json.loads(self._path.read_bytes()))
                self._read_at = changed
        except (OSError, ValueError) as error:
            if not self._keys:
                raise IssuerUnreachable(f"{self._path}: {error}") from error
        return self._keys.get(kid)


class JwksUrl:
    """Keys of an https address, cached; a stale cache is better than no answer."""

    def __init__(
        self,
        url: str,
        *,
        allow_demo: bool = False,
        transport: httpx2.AsyncBaseTransport | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url
        self._allow_demo = allow_demo
        self._transport = transport
        self._monotonic = monotonic
        self._lock = asyncio.Lock()
        self._keys: dict[str, PublicKey] = {}
        self._fetched_at: float | None = None
        self._failed_at: float | None = None

    async def key(self, kid: str) -> PublicKey | None:
        # A known key does not wait while somebody else refreshes.
        if self._wants_fetch(kid) and not (kid in self._keys and self._lock.locked()):
            async with self._lock:
                if self._wants_fetch(kid):
                    await self._fetch()
        key = self._keys.get(kid)
        if key is None and (self._failed_at is not None or self._fetched_at is None):
            raise IssuerUnreachable(f"the keys could not be read from {self._url}")
        return key

    def _wants_fetch(self, kid: str) -> bool:
        now = self._monotonic()
        if self._failed_at is not None:
            return now - self._failed_at >= RETRY_AFTER
        if self._fetched_at is None:
            return True
        return now - self._fetched_at >= (FRESH_FOR if kid in self._keys else REFETCH_AFTER)

    async def _fetch(self) -> None:
        try:
            keys = parse_keys(json.loads(await self._read()))
        except (httpx2.HTTPError, ValueError, TimeoutError) as error:
            self._failed_at = self._monotonic()
            logger.warning("jwks_unreachable", url=self._url, reason=type(error).__name__)
            return
        if not self._allow_demo:
            keys = {kid: key for kid, key in keys.items() if not kid.startswith(DEMO_KID)}
        self._keys = keys
        self._fetched_at = self._monotonic()
        self._failed_at = None

    async def _read(self) -> bytes:
        async with (
            asyncio.timeout(TIMEOUT),
            httpx2.AsyncClient(transport=self._transport, timeout=TIMEOUT) as client,
            client.stream("GET", self._url, headers={"Accept": "application/json"}) as response,
        ):
            response.raise_for_status()
            content = b""
            async for chunk in response.aiter_bytes():
                content += chunk
                if len(content) > MAX_BYTES:
                    raise ValueError(f"the key set is larger than {MAX_BYTES} bytes")
            return content
