"""What happened, step by step, and its hash: two runs of one seed are the same run."""

from __future__ import annotations

import hashlib
from collections.abc import Callable


class Trace:
    """One line a step at a port; the lines are kept only for who wants to read them."""

    def __init__(self, now: Callable[[], float], *, kept: bool = False) -> None:
        self._now = now
        self._hash = hashlib.blake2b(digest_size=16)
        self._kept = kept
        self.lines: list[str] = []
        self.steps = 0

    def __call__(self, who: str, what: str) -> None:
        """`who` took a step; `what` must not depend on addresses, hash order or real time."""
        line = f"{self._now():.6f} {who} {what}\n"
        self._hash.update(line.encode())
        self.steps += 1
        if self._kept:
            self.lines.append(line)

    @property
    def digest(self) -> str:
        """Of all steps so far."""
        return self._hash.hexdigest()
