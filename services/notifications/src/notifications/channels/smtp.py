"""SMTP (RFC 5321) in steps: how far a message came, and connections kept for the next one."""

from __future__ import annotations

import asyncio
import re
import ssl
from dataclasses import dataclass
from typing import Literal

import aiosmtplib
from aiosmtplib.protocol import PERIOD_REGEX, SMTPProtocol, normalize_message_line_endings

from notifications.domain.deliveries import NotSent, Outcome, Sent, Unknown

Tls = Literal["none", "starttls", "tls"]

START_INPUT = 354
CLOSING = 421
LONGEST_REPLY = 200
_ADDRESS = re.compile(r"<?[^\s<>]+@[^\s<>]+>?")
_FAILED = (aiosmtplib.SMTPException, OSError, TimeoutError)


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
    idle_seconds: float = 30.0
    """How long a connection is kept for a next message."""
    messages: int = 100
    """After which a connection is ended: servers like to limit them."""


class Connection:
    """One connection to the server; it can carry a message after the other."""

    def __init__(self, client: aiosmtplib.SMTP, server: SmtpServer) -> None:
        self.client = client
        self._server = server
        self._messages = 0
        self._begun = False
        self._timer: asyncio.TimerHandle | None = None

    @property
    def usable(self) -> bool:
        return self.client.is_connected and self._messages < self._server.messages

    async def begin(self) -> None:
        """All of the conversation that is not about a message, up to the answer to MAIL FROM."""
        server, patience = self._server, self._server.connect_timeout
        if self._messages == 0:
            await self.client.connect(timeout=server.connect_timeout)
            patience = server.command_timeout
        self._messages += 1
        if self._begun:
            await self.client.rset(timeout=patience)
        self._begun = True
        await self.client.mail(server.sender, timeout=patience)

    def completed(self) -> None:
        """The server has closed the message's transaction: the next one needs no RSET."""
        self._begun = False

    def rest(self) -> None:
        """Nothing to carry at present; the connection ends itself when that lasts."""
        later = asyncio.get_running_loop().call_later
        self._timer = later(self._server.idle_seconds, self.end)

    def resume(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def end(self) -> None:
        """Say QUIT, if it can still be said, and close; the answer is not waited for."""
        self.resume()
        protocol = self.client.protocol
        if protocol is not None and protocol.is_connected:
            protocol.write(b"QUIT\r\n")
        self.client.close()


class Connections:
    """Connections to one server: no more of them than messages on their way at once."""

    def __init__(self, server: SmtpServer, *, tls_context: ssl.SSLContext | None = None) -> None:
        self._server = server
        self._domain = server.sender.rpartition("@")[2]
        self._tls_context = tls_context
        self._resting: list[Connection] = []

    async def begin(self) -> Connection:
        """A connection on which MAIL FROM was accepted.

        A kept one may have died since: that says nothing of the server, so a new one is asked.
        """
        if (kept := self._take()) is not None:
            try:
                return await self._begun(kept)
            except _FAILED:
                pass
        return await self._begun(self._new())

    def keep(self, connection: Connection) -> None:
        """For the next message, if it can carry one."""
        if connection.usable:
            connection.rest()
            self._resting.append(connection)
        else:
            connection.end()

    async def probe(self) -> None:
        """Ask the server with a new connection; raises what `begin` raises."""
        (await self._begun(self._new())).end()

    def close(self) -> None:
        """End those that are kept."""
        while self._resting:
            self._resting.pop().end()

    def _take(self) -> Connection | None:
        """The one used last; those that ended meanwhile are forgotten."""
        while self._resting:
            connection = self._resting.pop()
            connection.resume()
            if connection.usable:
                return connection
        return None

    async def _begun(self, connection: Connection) -> Connection:
        try:
            await connection.begin()
        except BaseException:
            connection.end()
            raise
        return connection

    def _new(self) -> Connection:
        server = self._server
        client = aiosmtplib.SMTP(
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
        return Connection(client, server)


class Call:
    """The handing in of one message, which knows how far it has come."""

    def __init__(self, connections: Connections, server: SmtpServer) -> None:
        self._connections = connections
        self._server = server
        self._connection: Connection | None = None
        self._past_the_dot = False
        self._in_step = False
        """The last command has its reply, so that the next one's can be told from it."""

    async def hand_in(self, message: bytes, address: str) -> Outcome:
        """Bring the message within the time allowed; every failure is an Outcome."""
        try:
            async with asyncio.timeout(self._server.total_timeout):
                return await self._handed_in(message, address)
        except aiosmtplib.SMTPResponseException as error:
            return self._refused(error)
        except _FAILED as error:
            return self._broken(error)
        finally:
            self._leave()

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
    except _FAILED as error:
        return storable(f"{type(error).__name__}: {error}")
    return None


def storable(reply: str) -> str:
    """A reply as it may be kept: servers like to repeat the recipient.

    aiosmtplib hands bytes that are no UTF-8 on as surrogates, which no text column takes, nor NUL.
    """
    text = reply.encode("utf-8", "replace").decode().replace("\0", "")
    return _ADDRESS.sub("<…>", " ".join(text.split()))[:LONGEST_REPLY]
