"""A mail server that keeps what it is given instead of sending it on."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from embedded.errors import PortTakenError
from embedded.letters import Letters, Mail
from embedded.mail_page import serve_page
from embedded.ports import WHAT, setting
from embedded.processes import listener_on

__all__ = ["Answer", "Mail", "MailCatcher"]

HOST = "127.0.0.1"
KEPT = 2_000
# Seconds without a command after which a client is let go.
SILENCE = 60.0


class Answer(Enum):
    """What `on_data` may choose beside a reply of its own."""

    DROP = "close the connection after the final dot, keep nothing"
    KEEP_AND_DROP = "keep the mail, then close the connection without a reply"


OnData = Callable[[Mail], Awaitable[str | Answer | None]]
OnRecipient = Callable[[str], Awaitable[str | None]]


class MailCatcher:
    """An SMTP server and a page of what it caught, both in this process, on 127.0.0.1.

    `on_data` is asked about each mail before it is kept: None keeps it, a string such as
    "451 later" is the reply instead, and it may take its time. `on_recipient` likewise.
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        smtp_port: int = 0,
        page_port: int = 0,
        keep: int = KEPT,
        on_data: OnData | None = None,
        on_recipient: OnRecipient | None = None,
    ) -> None:
        self.smtp_host = HOST
        self.smtp_port = smtp_port
        self.page_port = page_port
        self.on_data = on_data
        self.on_recipient = on_recipient
        self._letters = Letters(folder, keep)
        self._servers: list[asyncio.Server] = []
        self._sessions: set[_Conversation] = set()

    @property
    def mails(self) -> list[Mail]:
        """The mails kept, oldest first."""
        return self._letters.mails

    @property
    def page(self) -> str:
        """The page's address."""
        return f"http://{HOST}:{self.page_port}"

    async def start(self) -> None:
        """Serve; ports that were 0 keep the number they got.

        Raises PortTakenError.
        """
        await asyncio.to_thread(self._letters.load)
        loop = asyncio.get_running_loop()
        try:
            smtp = await loop.create_server(self._conversation, HOST, self.smtp_port)
            self._servers.append(smtp)
            self.smtp_port = smtp.sockets[0].getsockname()[1]
            page = await serve_page(self._letters, HOST, self.page_port)
            self._servers.append(page)
            self.page_port = page.sockets[0].getsockname()[1]
        except OSError as error:
            name = "mail_page" if self._servers else "smtp"
            port = self.page_port if self._servers else self.smtp_port
            await self.stop()
            raise PortTakenError(
                port=port, what=WHAT[name], setting=setting(name), holder=listener_on(port)
            ) from error

    async def stop(self) -> None:
        """Stop listening and end the conversations under way; mails are kept."""
        for server in self._servers:
            server.close()
        for session in list(self._sessions):
            await session.drop()
        self._servers.clear()

    def clear(self) -> None:
        """Throw the mails away."""
        self._letters.clear()

    def _conversation(self) -> SMTP:
        session = _Conversation(
            self,
            hostname="localhost",
            enable_SMTPUTF8=True,
            timeout=SILENCE,
            loop=asyncio.get_running_loop(),
        )
        session.others = self._sessions
        return session

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take a recipient, unless `on_recipient` says otherwise."""
        del server, session
        if self.on_recipient is not None:
            reply = await self.on_recipient(address)
            if reply is not None:
                return reply
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: "_Conversation", session: Session, envelope: Envelope
    ) -> str:
        """Keep a mail, unless `on_data` says otherwise."""
        del session
        mail = Mail.read(
            number=self._letters.next_number(),
            received_at=datetime.now(UTC),
            sender=envelope.mail_from or "",
            recipients=tuple(envelope.rcpt_tos),
            raw=envelope.original_content or b"",
        )
        answer = await self.on_data(mail) if self.on_data is not None else None
        if isinstance(answer, str):
            return answer
        if answer is not Answer.DROP:
            self._letters.keep(mail)
        if answer is not None:
            await server.drop()
        return "250 OK"


class _Conversation(SMTP):
    """One client's connection, which can be cut."""

    others: "set[_Conversation]"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.others.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self.others.discard(self)
        super().connection_lost(error)

    async def drop(self) -> None:
        """Close without another word; when asked from within, this never returns."""
        task = self._handler_coroutine
        if isinstance(self.transport, asyncio.Transport):
            self.transport.abort()
        if task is asyncio.current_task():
            # Losing the connection cancels us here.
            await asyncio.get_running_loop().create_future()
        elif task is not None:
            with suppress(asyncio.CancelledError):
                await task
