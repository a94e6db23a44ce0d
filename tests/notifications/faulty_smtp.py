"""A real SMTP server that can be told to misbehave at each step of a conversation."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from enum import StrEnum
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session


class Fault(StrEnum):
    NONE = "none"
    BUSY_AT_DATA = "451 after the dot"
    REFUSED_AT_DATA = "550 after the dot"
    REFUSED_AT_RCPT = "550 at RCPT"
    BUSY_AT_RCPT = "451 at RCPT"
    SENDER_REFUSED = "530 at MAIL"
    NO_SERVICE = "554 at EHLO and HELO"
    HANGS_AT_RCPT = "no answer to RCPT"
    HANGS_AFTER_DOT = "no answer after the dot"
    DROPS_AT_NEXT_MAIL = "connection lost at MAIL of a second message"
    CLOSING_AT_NEXT_MAIL = "421 at MAIL of a second message"
    DROPS_AT_RCPT = "connection lost at RCPT"
    DROPS_AFTER_DOT = "connection lost after the dot"
    LATIN_1_AFTER_DOT = "250 in bytes that are no UTF-8, and a NUL"
    GIBBERISH_AFTER_DOT = "an answer that is none"


REPLIES = {
    Fault.BUSY_AT_DATA: "451 4.3.0 try again later",
    Fault.REFUSED_AT_DATA: "550 5.7.1 refused",
}


class FaultySmtp:
    """Takes mail into `taken`: what the server accepted or may have accepted."""

    def __init__(self) -> None:
        self.fault = Fault.NONE
        self.taken: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.held = asyncio.Event()
        self.port = 0
        self.callers = 0
        self.parted = 0
        """How many said QUIT."""
        self.slow = ""
        """A recipient whose messages are `held`."""
        self.stuck = asyncio.Event()
        """Set when one of those has arrived."""
        self._lines: list[asyncio.Transport] = []
        self.reached = asyncio.Event()
        """Set when a message's final dot has arrived."""

    async def handle_EHLO(  # noqa: N802
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        hostname: str,
        responses: list[str],
    ) -> list[str]:
        self.callers += 1
        session.carried = 0
        self._lines.append(server.transport)
        session.host_name = hostname
        return ["554 no service here"] if self.fault is Fault.NO_SERVICE else responses

    async def handle_HELO(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str
    ) -> str:
        session.host_name = hostname
        return "554 no service here" if self.fault is Fault.NO_SERVICE else "250 kantorpos"

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.fault is Fault.SENDER_REFUSED:
            return "530 5.7.0 authentication required"
        if session.carried and self.fault is Fault.DROPS_AT_NEXT_MAIL:
            server.transport.abort()
        if session.carried and self.fault is Fault.CLOSING_AT_NEXT_MAIL:
            return "421 4.4.2 idle for too long"
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        match self.fault:
            case Fault.REFUSED_AT_RCPT:
                return f"550 5.1.1 <{address}> unknown"
            case Fault.BUSY_AT_RCPT:
                return "451 4.2.1 mailbox busy"
            case Fault.HANGS_AT_RCPT:
                await self.held.wait()
            case Fault.DROPS_AT_RCPT:
                server.transport.abort()
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_QUIT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        self.parted += 1
        return "221 bye"

    def hang_up(self) -> None:
        """Close every connection from this side, as a server that restarts does."""
        for line in self._lines:
            line.close()

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        self.reached.set()
        session.carried += 1
        if self.slow in envelope.rcpt_tos:
            self.stuck.set()
            await self.held.wait()
        if self.fault in REPLIES:
            return REPLIES[self.fault]
        content: Any = envelope.content
        message = message_from_bytes(content, policy=default)
        assert isinstance(message, EmailMessage)
        self.taken.append(message)
        self.recipients += envelope.rcpt_tos
        match self.fault:
            case Fault.HANGS_AFTER_DOT:
                await self.held.wait()
            case Fault.DROPS_AFTER_DOT:
                server.transport.abort()
            case Fault.LATIN_1_AFTER_DOT:
                server.transport.write(b"250 accept\xe9\x00 taken\r\n")
                await self.held.wait()
            case Fault.GIBBERISH_AFTER_DOT:
                return "what a lovely message"
        return "250 2.0.0 taken over"


@contextlib.asynccontextmanager
async def faulty_smtp() -> AsyncIterator[FaultySmtp]:
    """The server on a free port of this machine."""
    post = FaultySmtp()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(post, hostname="kantorpos", loop=loop), "127.0.0.1", 0
    )
    post.port = server.sockets[0].getsockname()[1]
    try:
        yield post
    finally:
        post.held.set()
        server.close()
        await server.wait_closed()
