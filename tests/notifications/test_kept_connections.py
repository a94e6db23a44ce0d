"""Connections to the mail server are kept: one transaction a message, and never a doubt more."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from faulty_smtp import Fault, FaultySmtp
from notifications.channels.connections import SmtpServer
from notifications.channels.email import Email
from notifications.domain.deliveries import NotSent, Outcome, Sent, Unknown
from notifications.domain.letters import Letter
from support.waiting import eventually

LETTER = Letter("t/1 letter/1", "Desa Gatak", "Yth. Camat\n", "<p>Yth.</p>\n")
TO = "camat@sragi.example"


def email_to(post: FaultySmtp, *, idle: float = 30, messages: int = 100) -> Email:
    server = SmtpServer(
        host="127.0.0.1",
        port=post.port,
        sender="desasadar@bpjs.example",
        connect_timeout=1,
        command_timeout=0.3,
        total_timeout=2,
        idle_seconds=idle,
        messages=messages,
    )
    return Email(server, now=lambda: datetime(2026, 11, 20, 2, 0, tzinfo=UTC))


@pytest.fixture
async def email(post: FaultySmtp) -> AsyncIterator[Email]:
    channel = email_to(post)
    yield channel
    channel.close()


async def bring(email: Email) -> Outcome:
    return await email.send(uuid4(), LETTER, TO)


async def test_messages_follow_on_one_connection(post: FaultySmtp, email: Email):
    """Ten messages: one greeting, ten transactions, and QUIT at the end."""
    for _ in range(10):
        assert isinstance(await bring(email), Sent)

    assert (1, 10, 0) == (post.callers, len(post.taken), post.parted)
    email.close()
    await eventually(lambda: quits(post), 1)


async def quits(post: FaultySmtp) -> int:
    return post.parted


@pytest.mark.parametrize(
    "fault",
    [
        Fault.BUSY_AT_DATA,
        Fault.REFUSED_AT_DATA,
        Fault.BUSY_AT_RCPT,
        Fault.REFUSED_AT_RCPT,
    ],
)
async def test_a_refused_message_leaves_nothing_on_the_connection(
    post: FaultySmtp, email: Email, fault: Fault
):
    """After a refusal the connection is reset: the next message has its own recipient only."""
    post.fault = fault
    assert isinstance(await bring(email), NotSent)
    post.fault = Fault.NONE

    assert isinstance(await bring(email), Sent)

    assert 1 == post.callers
    assert [TO] == post.recipients


@pytest.mark.parametrize("fault", [Fault.DROPS_AT_NEXT_MAIL, Fault.CLOSING_AT_NEXT_MAIL])
async def test_a_kept_connection_that_died_is_replaced(
    post: FaultySmtp, email: Email, fault: Fault
):
    """Found dead at MAIL FROM: a new connection carries the message in the same attempt."""
    await bring(email)
    post.fault = fault

    assert isinstance(await bring(email), Sent)

    assert (2, 2) == (post.callers, len(post.taken))


async def test_a_server_that_restarts_costs_no_attempt(post: FaultySmtp, email: Email):
    """Connections closed by the server while they rested are forgotten."""
    await bring(email)
    post.hang_up()

    assert isinstance(await bring(email), Sent)

    assert (2, 2) == (post.callers, len(post.taken))


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault.DROPS_AT_RCPT, NotSent),
        (Fault.HANGS_AT_RCPT, NotSent),
        (Fault.DROPS_AFTER_DOT, Unknown),
        (Fault.HANGS_AFTER_DOT, Unknown),
        (Fault.GIBBERISH_AFTER_DOT, Unknown),
    ],
)
async def test_a_loss_on_a_kept_connection_is_as_known_as_on_a_new_one(
    post: FaultySmtp, email: Email, fault: Fault, kind: type[Outcome]
):
    """Before the dot it is known, after it unknown; never tried again, and never kept."""
    await bring(email)
    post.fault = fault

    outcome = await bring(email)

    assert kind is type(outcome)
    assert 1 == post.callers
    assert (2 if kind is Unknown else 1) == len(post.taken)
    post.fault = Fault.NONE
    assert isinstance(await bring(email), Sent)
    assert 2 == post.callers


@pytest.mark.parametrize("fault", [Fault.SENDER_REFUSED, Fault.NO_SERVICE])
async def test_a_server_that_wants_us_no_more_is_out_of_reach(
    post: FaultySmtp, email: Email, fault: Fault
):
    """Refused on the kept connection and on a new one: it uses up no attempt."""
    await bring(email)
    post.hang_up()
    post.fault = fault

    outcome = await bring(email)

    assert isinstance(outcome, NotSent)
    assert (False, True) == (outcome.final, outcome.unreachable)


async def test_a_connection_ends_after_its_share(post: FaultySmtp):
    """Three messages a connection: seven messages take three, and QUIT is said in time."""
    email = email_to(post, messages=3)
    for _ in range(7):
        await bring(email)
    email.close()

    assert (3, 7) == (post.callers, len(post.taken))
    await eventually(lambda: quits(post), 3)


async def test_an_idle_connection_ends_itself(post: FaultySmtp):
    """Nothing to carry for its idle time: QUIT, without anybody asking."""
    email = email_to(post, idle=0.05)
    await bring(email)

    await eventually(lambda: quits(post), 1)

    assert isinstance(await bring(email), Sent)
    assert 2 == post.callers
    email.close()
