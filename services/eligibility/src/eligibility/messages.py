"""Messages to offices: what notifications tells of them is kept for the pages, and decides nothing.

Not by the inbox: there a broken or missing event stops its village, and one about a message must
not delay a decision (docs/decisions/2026-11-21-messages-decide-nothing.md).
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable, Sequence
from typing import Any

from common.clock import Clock
from common.database import Database, is_transient
from common.differences import Difference, Differences, Place
from common.events import topics
from common.events.notifications import SETTLED, DeliverySettled
from common.inbox import PATIENCE_SECONDS
from common.process import Backoff
from common.received import Batch, Broken, ImpossibleEvent, Received, Unroutable, decode, parse
from common.sealing import Sealer
from common.setting_aside import Aside
from common.topic_streams import Telling, silent

from eligibility.storage.messages import MessageStore

log = logging.getLogger(__name__)

PAGE = 1_000
MOST_ATTEMPTS = 2**31 - 1
"""What the column holds; the contract knows no end, and one such number would stop all messages."""

Told = tuple[Received, DeliverySettled | None]
"""An event and its data; None of a type that this release does not know."""


class Messages:
    """Keeps each event once, by its place in the stream, in whatever order they come."""

    def __init__(
        self, database: Database, *, clock: Clock, sealer: Sealer, prefix: str = ""
    ) -> None:
        self._database = database
        self._aside = Aside(clock, sealer)
        self._store = MessageStore()
        self._closing = asyncio.Event()
        self._prefix = prefix

    def close(self) -> None:
        """End all waiting: what was not committed is delivered again."""
        self._closing.set()

    async def receive(self, records: Sequence[Any]) -> None:
        """Keep a poll's records; returns when all is committed.

        Raises only when the database stayed away for a minute: the batch is fetched anew.
        """
        batch = decode(records, prefix=self._prefix)
        backoff, deadline = Backoff(), time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                await self._keep(batch)
            except Exception as error:
                late = time.monotonic() > deadline or self._closing.is_set()
                if not is_transient(error) or late:
                    raise
                log.warning("messages wait: %s: %s", type(error).__name__, error)
                await backoff.wait(self._closing)
            else:
                return

    async def _keep(self, batch: Batch) -> None:
        told, aside = _sorted(item for items in batch.villages.values() for item in items)
        aside += batch.unroutable
        async with self._database.transaction() as connection:
            if told:
                taken = await self._store.keep(connection, list(told.values()))
                aside += [
                    _set_aside(event, "SEQUENCE_REUSED")
                    for event, _ in told.values()
                    if event.id in taken
                ]
            if aside:
                await self._aside.unroutable(connection, aside)


class MessagesWhole:
    """Whether every message's event up to the last one heard is kept; a comparison of `reconcile`.

    That the topic has all of them is what notifications' own `reconcile` compares.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._store = MessageStore()

    async def check(self, found: Differences, tell: Telling = silent) -> None:
        """Name the first hole of each stream."""
        del tell
        after = ""
        while True:
            async with self._database.transaction() as connection:
                page = await self._store.passed(connection, after, PAGE)
            for key, passed, last in page:
                if passed < last:
                    found.add(_hole(key, passed + 1))
            if len(page) < PAGE:
                return
            after = page[-1][0]


def _hole(key: str, sequence: int) -> Difference:
    return Difference(
        Place.MARK,
        key,
        topics.NOTIFICATIONS_DELIVERIES,
        sequence,
        sequence,
        "a message kept",
        "none",
        "docs/runbook.md, Messages missing",
    )


def _sorted(
    items: Iterable[Received | Broken],
) -> tuple[dict[tuple[str, int], Told], list[Unroutable]]:
    """The events of a batch by their places, and what cannot be one."""
    told: dict[tuple[str, int], Told] = {}
    aside: list[Unroutable] = []
    for item in items:
        if isinstance(item, Broken):
            aside.append(_set_aside(item, item.reason))
            continue
        try:
            data = parse(item) if item.type in SETTLED else None
        except ImpossibleEvent as error:
            aside.append(_set_aside(item, error.code))
            continue
        settled = _settled(data)
        if settled is not None and settled.attempts > MOST_ATTEMPTS:
            aside.append(_set_aside(item, "UNSTORABLE"))
            continue
        first, _ = told.setdefault((item.subject, item.sequence), (item, settled))
        if first.id != item.id:
            aside.append(_set_aside(item, "SEQUENCE_REUSED"))
    return told, aside


def _settled(data: object) -> DeliverySettled | None:
    return data if isinstance(data, DeliverySettled) else None


def _set_aside(item: Received | Broken, reason: str) -> Unroutable:
    return Unroutable(item.topic, item.partition, item.offset, item.value, reason)
