"""E-mail over SMTP (RFC 5321), in steps that tell a known failure from an unknown outcome."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime
from typing import Literal
from uuid import UUID

import aiosmtplib
import structlog
from aiosmtplib.protocol import PERIOD_REGEX, SMTPProtocol, normalize_message_line_endings

from notifications.domain.deliveries import NotSent, Outcome, Sent, Unknown
from notifications.domain.letters import Letter

Tls = Literal["none", "starttls", "tls"]

START_INPUT = 354
LONGEST_REPLY = 200
_ADDRESS = re.compile(r"<?[^\s<>]+@[^\s<>]+>?")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mail is handed in, and how long its answers are waited for (seconds)."""

    host: str
    port: int
    sender: str
    """Address of the header From and of MAIL FROM."""
    tls: Tls = "none"
    username: str | None = None
    password: str | None = None
    connect_timeout: float = 10.0
    command_timeout: float = 30.0
    total_timeout: float = 90.0
    """For one message from the first packet to the reply after the final dot."""


class Email:
    """The channel EMAIL: one connection a message."""

    def __init__(
        self,
        server: SmtpServer,
        *,
        now: Callable[[], datetime],
        tls_context: ssl.SSLContext | None = None,
    ) -> None:
        self._server = server
        self._now = now
        self._domain = server.sender.rpartition("@")[2]
        self._tls_context = tls_context

    @property
    def longest(self) -> float:
        return self._server.total_timeout

    async def send(self, delivery_id: UUID, letter: Letter, address: str) -> Outcome:
        """Hand one message in."""
        try:
            message = self._composed(delivery_id, letter, address)
        except Exception as error:  # noqa: BLE001  # the parser of headers raises what it likes
            # Its type only: the words of the error may repeat the address.
            kind = type(error).__name__
            log.error("mail_unwritable", delivery_id=str(delivery_id), reason=kind)  # noqa: TRY400
            return NotSent(f"UNWRITABLE: {kind}", final=True)
        call = _Call(self._client(), self._server)
        try:
            async with asyncio.timeout(self._server.total_timeout):
                return await call.hand_in(message, address)
        except aiosmtplib.SMTPResponseException as error:
            return call.refused(error)
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            return call.broken(error)
        finally:
            call.client.close()

    async def unreachable(self) -> str | None:
        """What the server says to our name, our credentials and our sender."""
        call = _Call(self._client(), self._server)
        try:
            async with asyncio.timeout(self._server.command_timeout):
                await call.reach()
        except aiosmtplib.SMTPResponseException as error:
            return _storable(f"{error.code} {error.message}")
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            return _storable(f"{type(error).__name__}: {error}")
        finally:
            call.client.close()
        return None

    def _composed(self, delivery_id: UUID, letter: Letter, address: str) -> bytes:
        """The message as it is sent; raises ValueError for an address that SMTP cannot carry."""
        address.encode("ascii")
        message = compose(
            letter,
            sender=self._server.sender,
            to=address,
            message_id=f"<{delivery_id}@{self._domain}>",
            date=self._now(),
        )
        return message.as_bytes()

    def _client(self) -> aiosmtplib.SMTP:
        server = self._server
        return aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            local_hostname=self._domain,
            username=server.username,
            password=server.password,
            timeout=server.command_timeout,
            use_tls=server.tls == "tls",
            start_tls=server.tls == "starttls",
            tls_context=self._tls_context,
        )


class _Call:
    """One conversation, which knows how far it has come."""

    def __init__(self, client: aiosmtplib.SMTP, server: SmtpServer) -> None:
        self.client = client
        self._server = server
        self._about_message = False
        self._past_the_dot = False

    async def reach(self) -> None:
        """All of the conversation that is not about a message."""
        await self.client.connect(timeout=self._server.connect_timeout)
        await self.client.mail(self._server.sender)

    async def hand_in(self, message: bytes, address: str) -> Outcome:
        await self.reach()
        self._about_message = True
        await self.client.rcpt(address)
        reply = await self.client.execute_command(b"DATA")
        if reply.code != START_INPUT:
            raise aiosmtplib.SMTPDataError(reply.code, reply.message)
        reply = await self._send_body(message)
        if not 200 <= reply.code <= 299:  # noqa: PLR2004  # the 2xx range
            raise aiosmtplib.SMTPDataError(reply.code, reply.message)
        return Sent(_storable(f"{reply.code} {reply.message}"))

    async def _send_body(self, message: bytes) -> aiosmtplib.SMTPResponse:
        """The body and the final dot; what fails after it is unknown.

        `SMTP.data` does the same in one call and so cannot say on which side of the dot it failed.
        """
        protocol: SMTPProtocol | None = self.client.protocol
        if protocol is None:
            raise aiosmtplib.SMTPServerDisconnected("Connection lost before the message")
        body = PERIOD_REGEX.sub(b"..", normalize_message_line_endings(message))
        # No await between the two writes and the read: the reply cannot be missed.
        protocol.write(body)
        protocol.write(b".\r\n")
        self._past_the_dot = True
        reply = await protocol.read_response(timeout=self._server.command_timeout)
        if protocol.is_connected:
            protocol.write(b"QUIT\r\n")
        return reply

    def refused(self, error: aiosmtplib.SMTPResponseException) -> Outcome:
        """A reply: 4xx is tried again, 5xx about this message is final."""
        reason = _storable(f"{error.code} {error.message}")
        if not 400 <= error.code <= 599:  # noqa: PLR2004  # 4xx and 5xx
            # Not a reply of RFC 5321: it says nothing of what became of the message.
            return Unknown(reason) if self._past_the_dot else NotSent(reason, final=False)
        final = error.code >= 500 and self._about_message  # noqa: PLR2004
        return NotSent(reason, final=final, unreachable=not self._about_message)

    def broken(self, error: Exception) -> Outcome:
        """No reply: a time-out or a lost connection."""
        reason = _storable(f"{type(error).__name__}: {error}")
        if self._past_the_dot:
            return Unknown(reason)
        if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
            return NotSent(reason, final=True)
        return NotSent(reason, final=False, unreachable=not self._about_message)


def compose(
    letter: Letter, *, sender: str, to: str, message_id: str, date: datetime
) -> EmailMessage:
    """Text with an HTML alternative (RFC 2046, section 5.1.4)."""
    message = EmailMessage(policy=SMTP_POLICY.clone(cte_type="7bit"))
    message["From"] = f"BPJS Ketenagakerjaan <{sender}>"
    message["To"] = to
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(date)
    message["Message-ID"] = message_id
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    return message


def _storable(reply: str) -> str:
    """A reply as it may be kept: servers like to repeat the recipient.

    aiosmtplib hands bytes that are no UTF-8 on as surrogates, which no text column takes, nor NUL.
    """
    text = reply.encode("utf-8", "replace").decode().replace("\0", "")
    return _ADDRESS.sub("<…>", " ".join(text.split()))[:LONGEST_REPLY]
