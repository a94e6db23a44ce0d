"""Which mails have arrived: of the embedded catcher, or of the one in the compose file."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

import httpx2

TIMEOUT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Arrived:
    recipients: tuple[str, ...]
    subject: str
    text: str


Mailbox = Callable[[], Awaitable[list[Arrived]]]
"""All mails that have arrived, newest first."""


def embedded_catcher(page: str) -> Mailbox:
    """That of `make run`."""
    return partial(_embedded, page)


def maildev(page: str) -> Mailbox:
    """That of the compose file."""
    return partial(_maildev, page)


async def _embedded(page: str) -> list[Arrived]:
    async with httpx2.AsyncClient(timeout=TIMEOUT_SECONDS) as client:
        mails = (await client.get(f"{page}/api/mails")).raise_for_status().json()
    return [
        Arrived(tuple(mail["recipients"]), mail["subject"].strip(), mail["text"]) for mail in mails
    ]


async def _maildev(page: str) -> list[Arrived]:
    async with httpx2.AsyncClient(timeout=TIMEOUT_SECONDS) as client:
        mails = (await client.get(f"{page}/email")).raise_for_status().json()
    return [
        Arrived(tuple(to["address"] for to in mail["to"]), mail["subject"].strip(), mail["text"])
        for mail in reversed(mails)  # it lists them as they came
    ]
