"""`doctor` asks the mail server whether it takes our mail, and sends none."""

from __future__ import annotations

import pytest
from common.doctor import Ailment
from embedded.mail import MailCatcher
from embedded.ports import FREE_RANGE, is_free
from notifications.channels.connections import SmtpServer
from notifications.channels.smtp_check import answers

SENDER = "desa-sadar@bpjs-ketenagakerjaan.example"


async def test_a_server_that_answers_is_named_and_gets_no_mail() -> None:
    """The sender is named to it; nothing is handed in."""
    catcher = MailCatcher()
    await catcher.start()
    try:
        server = SmtpServer(catcher.smtp_host, catcher.smtp_port, SENDER)
        assert f"127.0.0.1:{catcher.smtp_port} takes mail from {SENDER}" == await answers(server)
        assert [] == catcher.mails
    finally:
        await catcher.stop()


async def test_a_server_that_is_away_is_an_ailment() -> None:
    """What failed, and which settings to look at."""
    port = next(port for port in FREE_RANGE if is_free(port))
    with pytest.raises(Ailment, match=r"SMTPConnectError.*; look at NOTIFICATIONS_SMTP_\*"):
        await answers(SmtpServer("127.0.0.1", port, SENDER))
