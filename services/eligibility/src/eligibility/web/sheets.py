"""CSV that a spreadsheet opens as text and figures, never as a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Iterable, Sequence

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What begins a formula in a spreadsheet (OWASP, CSV injection)."""
BUFFERED = 64 * 1024
BYTE_ORDER_MARK = "\ufeff"
"""Without it Excel takes UTF-8 for an old code page."""


async def sheet(head: Sequence[str], rows: AsyncIterator[Sequence[object]]) -> AsyncIterator[str]:
    """The lines of a CSV file (RFC 4180), in pieces."""
    text = io.StringIO()
    writer = csv.writer(text)
    text.write(BYTE_ORDER_MARK)
    writer.writerow(head)
    async for row in rows:
        writer.writerow(harmless(row))
        if text.tell() > BUFFERED:
            yield text.getvalue()
            text.seek(0)
            text.truncate()
    yield text.getvalue()


def harmless(row: Iterable[object]) -> list[object]:
    """The cells of a row, with an apostrophe before text that would be a formula."""
    return [
        f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell for cell in row
    ]
