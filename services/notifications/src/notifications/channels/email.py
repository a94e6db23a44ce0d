"""E-mail: a letter as text and HTML, handed in over SMTP."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime
from uuid import UUID

import structlog

from notifications.channels.connections import Connections, SmtpServer
from notifications.channels.smtp import Call, refusal
from notifications.domain.deliveries import NotSent, Outcome
from notifications.domain.letters import Letter

log = structlog.get_logger(__name__)

_POLICY = SMTP_POLICY.clone(cte_type="7bit")


class Email:
    """The channel EMAIL; its connections are kept for further messages."""

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
        self._connections = Connections(server, tls_context=tls_context)
        self._calls: set[Call] = set()

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
        call = Call(self._connections, self._server)
        self._calls.add(call)
        try:
            return await call.hand_in(message, address)
        finally:
            self._calls.discard(call)

    async def unreachable(self) -> str | None:
        """What the server says to our name, our credentials and our sender."""
        return await refusal(self._connections, self._server.command_timeout)

    def hurry(self, seconds: float) -> None:
        """A call that has not ended by then is as if the server had not answered."""
        for call in self._calls:
            call.hurry(seconds)

    def close(self) -> None:
        """End the connections that are kept."""
        self._connections.close()

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


def compose(
    letter: Letter, *, sender: str, to: str, message_id: str, date: datetime
) -> EmailMessage:
    """Text with an HTML alternative (RFC 2046, section 5.1.4)."""
    message = EmailMessage(policy=_POLICY)
    message["From"] = f"BPJS Ketenagakerjaan <{sender}>"
    message["To"] = to
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(date)
    message["Message-ID"] = message_id
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    return message
