"""The issuer as we reach it: its description (OpenID Connect Discovery 1.0), and one call to it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx2
import structlog
from pydantic import BaseModel, SecretStr, ValidationError

from common.security import IssuerUnreachable
from common.web.addresses import CALLBACK

TIMEOUT = 5.0
MAX_BYTES = 256 * 1024
FRESH_FOR = 600.0
"""Seconds after which the description is fetched again; an old one is better than none."""

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Client:
    """What we are at the issuer."""

    issuer: str
    discovery: str
    """The address of the issuer's description."""
    client_id: str
    pages_url: str
    """How browsers know our pages, without a path."""
    scopes: str
    client_secret: SecretStr | None = None
    """None: a public client; PKCE alone binds the code to us."""
    allow_http: bool = False

    @property
    def redirect_uri(self) -> str:
        return self.pages_url + CALLBACK


class Description(BaseModel):
    """The parts of the issuer's discovery document that we use."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    end_session_endpoint: str | None = None
    token_endpoint_auth_methods_supported: list[str] = ["client_secret_basic"]


class Issuer:
    """Reads the description and asks its addresses; each call has a time-out and a size limit."""

    def __init__(
        self,
        client: Client,
        *,
        transport: httpx2.AsyncBaseTransport | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._transport = transport
        self._monotonic = monotonic
        self._described: tuple[float, Description] | None = None

    async def description(self) -> Description:
        """Where the issuer's addresses are; raises IssuerUnreachable."""
        now = self._monotonic()
        if self._described is not None and now - self._described[0] < FRESH_FOR:
            return self._described[1]
        try:
            described = self._usable(*await self.ask("GET", self._client.discovery))
        except IssuerUnreachable as error:
            if self._described is None:
                raise
            logger.warning("issuer_description_stale", reason=str(error))
            described = self._described[1]
        self._described = now, described
        return described

    def _usable(self, status: int, document: Mapping[str, Any]) -> Description:
        if status != httpx2.codes.OK:
            raise IssuerUnreachable(f"{self._client.discovery} answered {status}")
        try:
            described = Description.model_validate(document)
        except ValidationError as error:
            raise IssuerUnreachable(
                f"{self._client.discovery}: no description of an issuer"
            ) from error
        if described.issuer != self._client.issuer:
            raise IssuerUnreachable(f"{self._client.discovery} describes another issuer")
        ends = [described.authorization_endpoint, described.token_endpoint]
        ends += [described.end_session_endpoint] if described.end_session_endpoint else []
        allowed = ("https://", "http://") if self._client.allow_http else ("https://",)
        if not all(end.startswith(allowed) for end in ends):
            raise IssuerUnreachable(f"{self._client.discovery} names an address without https")
        return described

    async def ask(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
    ) -> tuple[int, dict[str, Any]]:
        """Status and JSON object; raises IssuerUnreachable for anything else."""
        try:
            async with (
                asyncio.timeout(TIMEOUT),
                httpx2.AsyncClient(transport=self._transport, timeout=TIMEOUT) as http,
                http.stream(
                    method,
                    url,
                    data=form,
                    headers={"Accept": "application/json", **(headers or {})},
                ) as response,
            ):
                return response.status_code, await _object(response)
        except (httpx2.HTTPError, ValueError, TimeoutError) as error:
            raise IssuerUnreachable(f"{url}: {type(error).__name__} ({error})"[:300]) from error


async def _object(response: httpx2.Response) -> dict[str, Any]:
    """The JSON object of an answer; ValueError if it is none or too large."""
    content = b""
    async for chunk in response.aiter_bytes():
        content += chunk
        if len(content) > MAX_BYTES:
            raise ValueError(f"the answer is larger than {MAX_BYTES} bytes")
    try:
        return dict(json.loads(content).items())
    except AttributeError:
        raise ValueError("the answer is no JSON object") from None
