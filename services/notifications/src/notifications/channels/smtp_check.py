"""Does the SMTP server take mail from us: asked by `doctor`, without sending any."""

from __future__ import annotations

import aiosmtplib
from common.doctor import Ailment

from notifications.channels.smtp import SmtpServer


async def answers(server: SmtpServer) -> str:
    """Connect, log in and name the sender; raises Ailment with what the server said."""
    client = aiosmtplib.SMTP(
        hostname=server.host,
        port=server.port,
        use_tls=server.tls == "tls",
        start_tls=server.tls == "starttls",
        username=server.username,
        password=server.password,
        timeout=server.connect_timeout,
    )
    try:
        async with client:
            await client.mail(server.sender)
    except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
        said = error.message if isinstance(error, aiosmtplib.SMTPResponseException) else ""
        raise Ailment(
            f"{server.host}:{server.port}: {type(error).__name__} {said}".rstrip()
            + "; look at NOTIFICATIONS_SMTP_* and MAIL_FROM"
        ) from None
    return f"{server.host}:{server.port} takes mail from {server.sender}"
