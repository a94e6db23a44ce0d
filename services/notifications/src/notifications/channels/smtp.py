"""SMTP (RFC 5321) in steps: how far a message came."""

from __future__ import annotations

import asyncio
import re

import aiosmtplib
from aiosmtplib.protocol import PERIOD_REGEX, SMTPProtocol, normalize_message_line_endings

from notifications.channels.connections import FAILED, Connection, Connections, SmtpServer
from notifications.domain.deliveries import NotSent, Outcome, Sent, Unknown

START_INPUT = 354
CLOSING = 421
LONGEST_REPLY = 200
_ADDRESS = re.compile(r"<?[^\s<>]+@[^\s<>]+>?")


class Call:
    """The handing in of one message, which knows how far it has come."""

    def __init__(self, connections: Connections, server: SmtpServer) -> None:
        self._connections = connections
        self._server = server
        self._connection: Connection | None = None
        self._patience: asyncio.Timeout | None = None
        self._past_the_dot = False
        self._in_step = False
        """The last command has its reply, so that the next one's can be told from it."""

    async def hand_in(self, message: bytes, address: str) -> Outcome:
        """Bring the message within the time allowed; every failure is an Outcome."""
        try:
            async with asyncio.timeout(self._server.total_timeout) as self._patience:
                return await self._handed_in(message, address)
        except aiosmtplib.SMTPResponseException as error:
            return self._refused(error)
        except FAILED as error:
            return self._broken(error)
        finally:
            self._leave()

    def hurry(self, seconds: float) -> None:
        """Wait no longer than so many seconds from now."""
        patience = self._patience
        if patience is None or patience.expired() or (until := patience.when()) is None:
            return
        patience.reschedule(min(until, asyncio.get_running_loop().time() + seconds))

    async def _handed_in(self, message: bytes, address: str) -> Outcome:
        self._connection = await self._connections.begin()
        client = self._connection.client
        await client.rcpt(address)
        reply = await client.execute_command(b"DATA")
        if reply.code != START_INPUT:
            raise aiosmtplib.SMTPDataError(reply.code, reply.message)
        reply = await self._send_body(client, message)
        if not 200 <= reply.code <= 299:  # noqa: PLR2004  # the 2xx range
            raise aiosmtplib.SMTPDataError(reply.code, reply.message)
        self._connection.completed()
        self._in_step = True
        return Sent(storable(f"{reply.code} {reply.message}"))

    async def _send_body(self, client: aiosmtplib.SMTP, message: bytes) -> aiosmtplib.SMTPResponse:
        """The body and the final dot; what fails after it is unknown.

        `SMTP.data` does the same in one call and so cannot say on which side of the dot it failed.
        """
        protocol: SMTPProtocol | None = client.protocol
        if protocol is None:
            raise aiosmtplib.SMTPServerDisconnected("Connection lost before the message")
        body = PERIOD_REGEX.sub(b"..", normalize_message_line_endings(message))
        # No await between the two writes and the read: the reply cannot be missed.
        protocol.write(body)
        protocol.write(b".\r\n")
        self._past_the_dot = True
        return await protocol.read_response(timeout=self._server.command_timeout)

    def _leave(self) -> None:
        if self._connection is None:
            return
        if self._in_step:
            self._connections.keep(self._connection)
        else:
            self._connection.end()

    def _refused(self, error: aiosmtplib.SMTPResponseException) -> Outcome:
        """A reply: 4xx is tried again, 5xx about this message is final."""
        reason = storable(f"{error.code} {error.message}")
        if not 400 <= error.code <= 599:  # noqa: PLR2004  # 4xx and 5xx
            # Not a reply of RFC 5321: it says nothing of what became of the message.
            return Unknown(reason) if self._past_the_dot else NotSent(reason, final=False)
        about_message = self._connection is not None
        self._in_step = error.code != CLOSING
        final = error.code >= 500 and about_message  # noqa: PLR2004
        return NotSent(reason, final=final, unreachable=not about_message)

    def _broken(self, error: Exception) -> Outcome:
        """No reply: a time-out or a lost connection."""
        reason = storable(f"{type(error).__name__}: {error}")
        if self._past_the_dot:
            return Unknown(reason)
        return NotSent(reason, final=False, unreachable=self._connection is None)


async def refusal(connections: Connections, seconds: float) -> str | None:
    """What the server says to our name, our credentials and our sender; None: welcome."""
    try:
        async with asyncio.timeout(seconds):
            await connections.probe()
    except aiosmtplib.SMTPResponseException as error:
        return storable(f"{error.code} {error.message}")
    except FAILED as error:
        return storable(f"{type(error).__name__}: {error}")
    return None


def storable(reply: str) -> str:
    """A reply as it may be kept: servers like to repeat the recipient.

    aiosmtplib hands bytes that are no UTF-8 on as surrogates, which no text column takes, nor NUL.
    """
    text = reply.encode("utf-8", "replace").decode().replace("\0", "")
    return _ADDRESS.sub("<…>", " ".join(text.split()))[:LONGEST_REPLY]
