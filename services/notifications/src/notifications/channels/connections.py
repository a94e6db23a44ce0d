"""Connections to an SMTP server, kept for the next message."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from typing import Literal

import aiosmtplib

Tls = Literal["none", "starttls", "tls"]

FAILED = (aiosmtplib.SMTPException, OSError, TimeoutError)
"""What the server's or the network's trouble raises."""


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
            except FAILED:
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
