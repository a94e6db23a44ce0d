"""What the broker refuses for its size: batches become smaller, until one event is alone."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence

from aiokafka.errors import MessageSizeTooLargeError, RecordListTooLargeError
from prometheus_client import Gauge

from common.kafka import MAX_BATCH_BYTES
from common.outbox_queue import Row

WAIT_SECONDS = 30.0
"""Until an event that was refused is offered again."""

REFUSED = Gauge("relay_refused_villages", "Villages whose next event the broker finds too large")

log = logging.getLogger(__name__)


class Refusals:
    """The size that batches may have, and the villages whose next event is too large alone.

    Such a village waits, with all its events, and is tried again every 30 s; the others go on.
    """

    def __init__(self) -> None:
        self.batch_bytes = MAX_BATCH_BYTES
        self._until: dict[str, float] = {}

    def waiting(self) -> list[str]:
        """The villages that wait now."""
        if self._until:
            now = time.monotonic()
            self._until = {key: until for key, until in self._until.items() if until > now}
            REFUSED.set(len(self._until))
        return list(self._until)

    def learn(self, error: Exception, rows: Sequence[Row], size: int) -> None:
        """Of a batch of `size` bytes that failed with `error`; other errors say nothing of size."""
        if not isinstance(error, MessageSizeTooLargeError | RecordListTooLargeError):
            return
        first = rows[0]
        if len(rows) > 1:
            self.batch_bytes = min(self.batch_bytes, size // 2)
            log.warning(
                "%s takes no batch of %d bytes, they have at most %d from now on; raise its "
                "max.message.bytes and restart",
                first["topic"],
                size,
                self.batch_bytes,
            )
            return
        self._until[first["village_key"]] = time.monotonic() + WAIT_SECONDS
        REFUSED.set(len(self._until))
        log.error(
            "alarm: %s takes no event of %d bytes: event %d of village %s, which waits; raise its "
            "max.message.bytes",
            first["topic"],
            size,
            first["event_id"],
            first["village_key"],
        )
