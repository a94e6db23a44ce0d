"""Does the SMTP server take mail from us: asked by `doctor`, without sending any."""

from __future__ import annotations

from common.doctor import Ailment

from notifications.channels.connections import Connections, SmtpServer
from notifications.channels.smtp import refusal


async def answers(server: SmtpServer) -> str:
    """Connect as the courier does and name the sender; raises Ailment with what was said."""
    said = await refusal(Connections(server), server.connect_timeout)
    if said is not None:
        raise Ailment(
            f"{server.host}:{server.port}: {said}; look at NOTIFICATIONS_SMTP_* and MAIL_FROM"
        )
    return f"{server.host}:{server.port} takes mail from {server.sender}"
