"""The present edition of the area data, as every page names it."""

from __future__ import annotations

import time

from eligibility.reading import Reading
from eligibility.web.rendering import Pages

FRESH_SECONDS = 60.0


class PresentEdition:
    """Asks once a minute at most: an edition comes about once a year."""

    def __init__(self, reading: Reading, pages: Pages) -> None:
        self._reading = reading
        self._pages = pages
        self._asked_at: float | None = None

    async def refresh(self) -> None:
        """The dependency of all pages: afterwards they name the edition that is loaded."""
        now = time.monotonic()
        if self._asked_at is not None and now - self._asked_at < FRESH_SECONDS:
            return
        self._asked_at = now
        if (edition := await self._reading.edition()) is not None:
            self._pages.name_edition(edition)
