"""The consumer as a part of a process: patient start, watched progress, clean stop."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any

from faststream.kafka import KafkaBroker
from prometheus_client import Gauge

from common.kafka import is_kafka_down, stop_client
from common.process import Backoff
from common.waiting import set_within, stop_within

WATCH_SECONDS = 1.0
START_SECONDS = 30.0
STOP_SECONDS = 5.0
DISCARD_SECONDS = 10.0
"""More than a broker gives the batch that is in hand."""
STUCK_SECONDS = 60.0
"""A member that is behind and has handled nothing for so long is not ready."""

LAG = Gauge("consumer_lag_events", "Events behind the end of the topics, of this member")

log = logging.getLogger(__name__)


class Consumer:
    """Runs a broker's subscribers and knows how far behind they are."""

    def __init__(
        self, build: Callable[[], KafkaBroker], *, closing: Callable[[], None] = lambda: None
    ) -> None:
        self._build = build
        self._closing = closing
        self._broker: KafkaBroker | None = None
        self._positions: dict[Any, int] = {}
        self._progress_at = time.monotonic()
        self._lag: int | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Consume until `stop`; while Kafka is away it is asked again with back-off."""
        backoff = Backoff()
        while not stop.is_set():
            broker = self._build()
            try:
                await asyncio.wait_for(broker.start(), START_SECONDS)
            except Exception as error:
                if not is_kafka_down(error):
                    raise
                log.warning("consumer waits for Kafka: %s", type(error).__name__)
                await stop_within(STOP_SECONDS, broker.stop())
                await backoff.wait(stop)
                continue
            self._broker = broker
            died: str | None = None
            try:
                while died is None and not await set_within(stop, WATCH_SECONDS):
                    self._measure(broker)
                    died = died_of(broker)
            finally:
                self._broker = None
                if died is None:
                    self._closing()
                    await stop_client(broker.stop)
            if died is not None:
                log.error("consumer starts anew: %s", died)
                await _discard(broker)
                await backoff.wait(stop)

    def _measure(self, broker: KafkaBroker) -> None:
        lag, positions = 0, {}
        for consumer in _consumers(broker):
            for place in consumer.assignment():
                state = consumer._subscription.subscription.assignment.state_value(place)  # noqa: SLF001  # the public position() waits
                if state is None or not state.has_valid_position:
                    lag += 1
                    continue
                positions[place] = state.position
                lag += max(0, (consumer.highwater(place) or state.position) - state.position)
        if positions != self._positions or not lag:
            self._progress_at = time.monotonic()
        self._positions, self._lag = positions, lag
        LAG.set(lag)

    async def probe(self) -> str | None:
        """Why this member is not ready: not started, or behind and not moving."""
        if self._broker is None or self._lag is None:
            return "not connected to Kafka yet"
        if self._lag and time.monotonic() - self._progress_at > STUCK_SECONDS:
            return f"{self._lag} events behind and no progress for {STUCK_SECONDS:.0f} s"
        return None


def died_of(broker: KafkaBroker) -> str | None:
    """What ended the inner work of one of a broker's consumers, or None.

    aiokafka gives up for good on any error that it did not expect, such as uvloop's RuntimeError
    for a write to a connection that was just reset. Such a consumer still counts as a member and
    keeps its partitions, and brings nothing any more.
    """
    for consumer in _consumers(broker):
        for task in (consumer._coordinator._coordination_task, consumer._fetcher._fetch_task):  # noqa: SLF001  # no public view of them
            if task.done() and not task.cancelled() and (error := task.exception()):
                return f"{type(error).__name__}: {error}"
    return None


async def _discard(broker: KafkaBroker) -> None:
    """Stop each consumer by itself: the stop of a dead one raises, and leaves its sockets open."""
    consumers = _consumers(broker)
    await stop_within(DISCARD_SECONDS, *(subscriber.stop() for subscriber in broker.subscribers))
    clients = [consumer._client.close() for consumer in consumers]  # noqa: SLF001  # same
    await stop_within(STOP_SECONDS, broker.stop(), *clients)


def _consumers(broker: KafkaBroker) -> list[Any]:
    found = [getattr(subscriber, "consumer", None) for subscriber in broker.subscribers]
    return [consumer for consumer in found if consumer is not None]
