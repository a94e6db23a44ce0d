"""The contract of a channel, kept by e-mail over real SMTP with injected faults."""

from __future__ import annotations

import socket
from datetime import UTC, datetime
from uuid import UUID

import pytest
from faulty_smtp import Fault, FaultySmtp
from notifications.channels.connections import SmtpServer
from notifications.channels.email import Email
from notifications.channels.smtp import storable
from notifications.domain.deliveries import NotSent, Outcome, Sent, Unknown
from notifications.domain.letters import Letter

DELIVERY = UUID("0190f0a0-0000-4000-8000-00000000000a")
LETTER = Letter("t/1 letter/1", "Desa Gatak — terancam", "Yth. Camat\n.titik\n", "<p>Yth.</p>\n")
TO = "camat@sragi.example"


def channel(port: int) -> Email:
    server = SmtpServer(
        host="127.0.0.1",
        port=port,
        sender="desasadar@bpjs.example",
        connect_timeout=1,
        command_timeout=0.3,
        total_timeout=2,
    )
    return Email(server, now=lambda: datetime(2026, 11, 20, 2, 0, tzinfo=UTC))


async def send(port: int, address: str = TO) -> Outcome:
    email = channel(port)
    try:
        return await email.send(DELIVERY, LETTER, address)
    finally:
        email.close()


async def test_a_message_is_handed_in_whole(post: FaultySmtp):
    """Text and HTML say what the letter says; the Message-ID is made of the delivery's id."""
    outcome = await send(post.port)

    [message] = post.taken
    text, html = (part.get_content().replace("\r\n", "\n") for part in message.iter_parts())
    assert isinstance(outcome, Sent)
    assert (LETTER.subject, LETTER.text, LETTER.html) == (message["Subject"], text, html)
    assert f"<{DELIVERY}@bpjs.example>" == message["Message-ID"]
    assert [TO] == post.recipients


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault.BUSY_AT_RCPT, NotSent("451 4.2.1 mailbox busy", final=False)),
        (Fault.BUSY_AT_DATA, NotSent("451 4.3.0 try again later", final=False)),
        (Fault.REFUSED_AT_RCPT, NotSent("550 5.1.1 <…> unknown", final=True)),
        (Fault.REFUSED_AT_DATA, NotSent("550 5.7.1 refused", final=True)),
    ],
)
async def test_a_reply_is_known(post: FaultySmtp, fault: Fault, expected: NotSent):
    """4xx may be tried again, 5xx about the message is final; no address is kept."""
    post.fault = fault

    assert expected == await send(post.port)
    assert [] == post.taken


@pytest.mark.parametrize(
    "address", ["camat@sragi.example\r\nBcc: x@y.example", "camát@sragi.example"]
)
async def test_an_address_that_no_mail_can_carry_is_a_known_failure(post: FaultySmtp, address: str):
    """Found before anything is said to the server: not sent, final, and the address not kept."""
    outcome = await send(post.port, address)

    assert isinstance(outcome, NotSent)
    assert outcome.final
    assert outcome.reason in {"UNWRITABLE: ValueError", "UNWRITABLE: UnicodeEncodeError"}
    assert 0 == post.callers


@pytest.mark.parametrize("fault", [Fault.SENDER_REFUSED, Fault.NO_SERVICE])
async def test_a_refusal_of_ourselves_is_no_fault_of_the_message(post: FaultySmtp, fault: Fault):
    """A server that wants nothing of us makes no message fail for good."""
    post.fault = fault

    outcome = await send(post.port)

    assert isinstance(outcome, NotSent)
    assert (False, True) == (outcome.final, outcome.unreachable)


@pytest.mark.parametrize("fault", [Fault.HANGS_AT_RCPT, Fault.DROPS_AT_RCPT])
async def test_a_loss_before_the_dot_is_known(post: FaultySmtp, fault: Fault):
    """Whatever happens before the final dot, the message was not taken over."""
    post.fault = fault

    outcome = await send(post.port)

    assert isinstance(outcome, NotSent)
    assert (False, False) == (outcome.final, outcome.unreachable)


@pytest.mark.parametrize(
    "fault", [Fault.HANGS_AFTER_DOT, Fault.DROPS_AFTER_DOT, Fault.GIBBERISH_AFTER_DOT]
)
async def test_a_loss_after_the_dot_is_unknown(post: FaultySmtp, fault: Fault):
    """After the final dot only a reply tells; here the server did take the message."""
    post.fault = fault

    outcome = await send(post.port)

    assert isinstance(outcome, Unknown)
    assert 1 == len(post.taken)


async def test_a_refused_connection_is_known():
    """Nobody listens: not sent, to be tried again, and the other side's trouble."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        outcome = await send(free.getsockname()[1])

    assert isinstance(outcome, NotSent)
    assert (False, True) == (outcome.final, outcome.unreachable)


def test_a_reply_can_always_be_stored():
    """A Latin-1 byte or a NUL in a server's words must not cost the outcome."""
    kept = storable("250 accept\udce9\0 for <camat@sragi.example>")

    assert "250 accept? for <…>" == kept
    assert kept.encode()
