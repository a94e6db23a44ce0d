"""Where ids come from."""

from __future__ import annotations

import os
from datetime import datetime
from uuid import UUID, uuid4

_RANDOM_BITS = 74


class Ids:
    """UUIDs for events (ordered by time) and for participants and rows (unlinkable)."""

    def event(self, at: datetime) -> UUID:
        """A UUIDv7 whose time part is `at` (RFC 9562, section 5.7)."""
        milliseconds = int(at.timestamp() * 1000)
        noise = int.from_bytes(os.urandom(10), "big") >> (80 - _RANDOM_BITS)
        high, low = noise >> 62, noise & ((1 << 62) - 1)
        return UUID(int=milliseconds << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low)

    def random(self) -> UUID:
        return uuid4()
