"""The mail in memory says of each fate what the e-mail channel says of a real SMTP server."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from uuid import UUID

import pytest
from faulty_smtp import Fault, FaultySmtp
from notifications.channels.connections import SmtpServer
from notifications.channels.email import Email
from notifications.domain.deliveries import NotSent, Outcome
from notifications.domain.letters import Letter
from support.simulated.mail import Fate, Mail, Post
from support.simulated.processes import Process
from support.simulated.trace import Trace
from support.simulated.weather import Weather

DELIVERY = UUID(int=1)
LETTER = Letter("t/1", "Desa Gatak", "Yth. Camat\n", "<p>Yth. Camat</p>\n")
FAULTS = {
    Fate.TAKEN: Fault.NONE,
    Fate.BUSY: Fault.BUSY_AT_DATA,
    Fate.REFUSED: Fault.REFUSED_AT_DATA,
    Fate.SILENT: Fault.HANGS_AFTER_DOT,
    Fate.LOST: Fault.DROPS_AFTER_DOT,
    Fate.AWAY: None,
}
NOBODY_KNOWS = {Fate.LOST}
"""The channel cannot tell whether it was taken, and neither can the test's server."""


def kind(outcome: Outcome) -> tuple[str, bool, bool]:
    refused = isinstance(outcome, NotSent)
    final = isinstance(outcome, NotSent) and outcome.final
    return type(outcome).__name__, final, refused and outcome.unreachable


@pytest.mark.parametrize("fate", list(Fate), ids=lambda fate: fate.name)
async def test_both_say_the_same_of_a_mail(fate: Fate, smtp: FaultySmtp) -> None:
    """Taken, surely not taken, or nobody knows; and a mail that was not taken is nowhere."""
    fault = FAULTS[fate]
    smtp.fault = fault or Fault.NONE
    email = Email(
        SmtpServer(
            host="127.0.0.1",
            port=1 if fault is None else smtp.port,
            sender="desasadar@bpjs.example",
            connect_timeout=1,
            command_timeout=0.3,
            total_timeout=2,
        ),
        now=lambda: datetime(2026, 11, 20, 2, 0, tzinfo=UTC),
    )
    expected = await email.send(DELIVERY, LETTER, "camat@sragi.example")
    email.close()

    weather, post = Weather(random.Random(0), Trace(lambda: 0.0)), Post()
    weather.calm = True
    found = await Mail(post, Process("contract"), weather).meet(fate, DELIVERY)

    assert kind(expected) == kind(found)
    if fate not in NOBODY_KNOWS:
        assert len(smtp.taken) == post.taken.total()
