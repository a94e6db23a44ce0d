"""The services as the story meets them: over HTTP, with tokens, each deed under a fixed key."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any, Self
from uuid import NAMESPACE_URL, uuid5

import httpx2
from common.security.demo import demo_token

from demo.places import SERVICES, Places, address_of

SCOPES = {
    "registry": ("registry:read", "registry:people", "registry:write", "registry:clock"),
    "eligibility": ("eligibility:read", "eligibility:act", "eligibility:clock"),
    "notifications": ("notifications:read", "notifications:write", "notifications:clock"),
}
UNAVAILABLE = (502, 503, 504)
PATIENCE_SECONDS = 60.0


class Refused(RuntimeError):
    """A service refused what the story asked."""


class Client:
    """One caller of all three services."""

    def __init__(self, places: Places, *, subject: str = "petugas.cabang") -> None:
        self._clients = {
            service: httpx2.AsyncClient(
                base_url=address_of(service),
                timeout=15.0,
                headers={
                    "Authorization": "Bearer "
                    + demo_token(
                        places.secrets, audience=service, scopes=SCOPES[service], subject=subject
                    )
                },
            )
            for service in SERVICES
        }

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for client in self._clients.values():
            await client.aclose()

    async def get(self, service: str, path: str, **query: str | int) -> Any:
        answer = await self._patiently(service, "GET", path, params=query)
        return answer.json()

    async def post(self, service: str, path: str, step: str, body: Mapping[str, Any]) -> Any:
        """A deed; `step` names it in the story, so that a repeat is answered and not done again."""
        key = str(uuid5(NAMESPACE_URL, f"desa-sadar/story/{step}"))
        answer = await self._patiently(
            service, "POST", path, json=dict(body), headers={"Idempotency-Key": key}
        )
        return answer.json() | {"positions": answer.headers.get("Event-Position", "")}

    async def move_clock(self, service: str, seconds: float) -> None:
        """Have a service's business time this far ahead of system time; said again, the same."""
        body = {"moved_by_seconds": seconds}
        await self._patiently(service, "POST", "/clock", json=body)

    async def _patiently(
        self, service: str, method: str, path: str, **more: Any
    ) -> httpx2.Response:
        """Ask until the service is there; raises Refused with its reason."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                answer = await self._clients[service].request(method, path, **more)
            except httpx2.TransportError as error:
                if time.monotonic() > deadline:
                    raise Refused(f"{service} tidak menjawab: {error}") from error
            else:
                if answer.is_success:
                    return answer
                if answer.status_code not in UNAVAILABLE or time.monotonic() > deadline:
                    raise Refused(f"{method} {path}: {answer.status_code} {answer.text[:500]}")
            await asyncio.sleep(0.3)
