"""Ways to reach an office; each says for certain whether a message was taken over, or `Unknown`."""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

from notifications.domain.deliveries import Outcome
from notifications.domain.letters import Letter


class Channel(Protocol):
    """One way to bring a message, such as e-mail."""

    @property
    def longest(self) -> float:
        """Seconds after which `send` has returned, whatever the other side does."""

    async def send(self, delivery_id: UUID, letter: Letter, address: str) -> Outcome:
        """Bring a message once.

        Every failure of the other side is an Outcome. `NotSent` only if it certainly was not
        taken over; `Unknown` if nobody can tell. `delivery_id` marks the message for the
        other side.
        """

    async def unreachable(self) -> str | None:
        """Why no message could even be tried now, asked of the other side without one."""

    def hurry(self, seconds: float) -> None:
        """End what is on its way within so long: its outcome is as certain as it can be then."""

    def close(self) -> None:
        """End what is kept for further messages; the next one makes it anew."""
