"""The producer's stored bytes of an event, for a consumer whose topic is broken."""

from __future__ import annotations

from collections.abc import Callable

import httpx2

TIMEOUT_SECONDS = 10.0


class StoredEventsUnavailable(OSError):
    """The producing service did not answer as it should; the address or the token may be wrong."""


class StoredEvents:
    """Asks `GET /streams/{topic}/{village_key}/{sequence}` of the service that published."""

    def __init__(self, address: str, token: Callable[[], str]) -> None:
        self._address = address
        self._token = token

    async def __call__(self, topic: str, village_key: str, sequence: int) -> bytes | None:
        """The bytes, None if there is no such event; raises StoredEventsUnavailable."""
        path = f"{self._address}/streams/{topic}/{village_key}/{sequence}"
        headers = {"Authorization": f"Bearer {self._token()}"}
        try:
            async with httpx2.AsyncClient(timeout=TIMEOUT_SECONDS) as client:
                answer = await client.get(path, headers=headers)
        except httpx2.HTTPError as error:
            raise StoredEventsUnavailable(
                f"{self._address} does not answer ({type(error).__name__})"
            ) from error
        if answer.status_code == httpx2.codes.NOT_FOUND:
            return None
        if answer.status_code != httpx2.codes.OK:
            raise StoredEventsUnavailable(f"{self._address} answered {answer.status_code}")
        return answer.content
