"""The post of a storm: who holds the offices, and a mail server that counts what it is given."""

from __future__ import annotations

import asyncio
from collections import Counter
from email import message_from_bytes

from embedded.mail import Mail

from support.system import System

MAIL_SECONDS = 0.5
HOLDERS = {
    "/offices/BUPATI/35.05/holders": "bupati@blitarkab.example",
    "/offices/CAMAT/35.05.15/holders": "camat@blitarkab.example",
    "/offices/CAMAT/33.26.12/holders": None,
}
"""The camat of Wonopringgo has no address, and the bupati of Pekalongan is not known."""


async def appoint(system: System) -> None:
    async with system.client("notifications") as client:
        for path, email in HOLDERS.items():
            body = {"name": "Pejabat Contoh", "begins": "2020-01-02", "email": email}
            answer = await client.post(path, json=body, headers={"Idempotency-Key": path})
            assert 201 == answer.status_code, answer.text


class Post:
    """Takes mails slowly, and counts each as soon as it is there whole, acknowledged or not."""

    def __init__(self) -> None:
        self.taken: Counter[str] = Counter()
        self.taking = asyncio.Event()

    async def take(self, mail: Mail) -> None:
        self.taken[message_id(mail.raw)] += 1
        self.taking.set()
        try:
            await asyncio.sleep(MAIL_SECONDS)
        finally:
            self.taking.clear()


def message_id(raw: bytes) -> str:
    """The delivery's id, which is the left part of the Message-ID."""
    identifier: str = message_from_bytes(raw)["Message-ID"]
    return identifier.strip().removeprefix("<").partition("@")[0]
