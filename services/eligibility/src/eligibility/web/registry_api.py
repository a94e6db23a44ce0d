"""The registry's API, asked in the viewer's own name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx2
import structlog
from common.web import Viewer

TIMEOUT = 5.0

logger = structlog.get_logger(__name__)


class RegistryAway(Exception):
    """The registry did not answer; whether it has recorded anything is not known."""


class Refused(Exception):
    """What was entered cannot be recorded: why, in words, and at which fields."""

    def __init__(self, detail: str, errors: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = dict(errors or {})


@dataclass(frozen=True, slots=True)
class Post:
    """A post of a village government, and since when somebody holds it; nobody is named."""

    post_id: str
    kind: str
    ordinal: int
    held_since: str | None


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the registry answered to a deed: its body, and the positions of its events."""

    body: Mapping[str, Any] = field(repr=False)
    positions: str

    @property
    def warnings(self) -> list[str]:
        """The codes of what is odd about it, each once."""
        return list(dict.fromkeys(str(one["code"]) for one in self.body.get("warnings", ())))


class RegistryApi:
    """Reads posts and records facts; a repeat under the same key does nothing twice."""

    def __init__(self, address: str, *, transport: httpx2.AsyncBaseTransport | None = None) -> None:
        self._address = address
        self._transport = transport

    async def posts(self, viewer: Viewer, code: str) -> list[Post]:
        """The posts of today; raises RegistryAway and Refused."""
        answer = await self._ask("GET", f"/villages/{code}/posts", viewer)
        return [
            Post(
                one["post_id"],
                one["kind"],
                one["ordinal"],
                one["holder"] and one["holder"]["starts_on"],
            )
            for one in answer.json()["posts"]
        ]

    async def record(
        self, viewer: Viewer, path: str, body: Mapping[str, Any], *, key: str
    ) -> Recorded:
        """One deed; raises RegistryAway and Refused."""
        answer = await self._ask(
            "POST", path, viewer, json=dict(body), headers={"Idempotency-Key": key}
        )
        return Recorded(answer.json(), answer.headers.get("Event-Position", ""))

    async def _ask(
        self,
        method: str,
        path: str,
        viewer: Viewer,
        *,
        json: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx2.Response:
        if not self._address:
            raise RegistryAway
        bearer = {"Authorization": f"Bearer {viewer.access_token.get_secret_value()}"}
        try:
            async with httpx2.AsyncClient(timeout=TIMEOUT, transport=self._transport) as client:
                answer = await client.request(
                    method, self._address + path, json=json, headers=bearer | dict(headers or {})
                )
        except httpx2.HTTPError as error:
            logger.warning("registry_away", reason=type(error).__name__)
            raise RegistryAway from None
        if answer.is_success:
            return answer
        if answer.is_server_error:
            logger.warning("registry_away", reason=answer.status_code)
            raise RegistryAway
        raise _refused(answer)


def _refused(answer: httpx2.Response) -> Refused:
    try:
        problem = answer.json()
        errors = {error["field"]: error["reason"] for error in problem["errors"]}
        detail = str(problem["detail"])
    except (ValueError, KeyError, TypeError):
        return Refused("Registri menolak isian ini tanpa alasan yang dapat dibaca.")
    fields = {name.split(".")[1]: why for name, why in errors.items() if name.startswith("body.")}
    return Refused(detail, fields)
