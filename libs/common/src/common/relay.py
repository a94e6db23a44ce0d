"""The relay: one leader carries the outbox to Kafka, oldest first."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any

import asyncpg
from prometheus_client import Counter, Gauge

from common.database import connect, is_transient
from common.kafka import build_producer, is_kafka_down
from common.outbox_queue import SETTINGS, OutboxQueue, Row
from common.process import Backoff
from common.relay_refusals import Refusals
from common.relay_sending import Lane, PageSender
from common.waiting import first_set, set_within, stop_within, until_set

LEADER_LOCK = 0x7265_6C61
READ = 5_000
"""Rows a round carries; the next round is read while these are on their way."""
POLL_SECONDS = 0.05
START_SECONDS = 20.0
STOP_SECONDS = 5.0

RELAYED = Counter("relay_events_total", "Events acknowledged by the broker")
LEADING = Gauge("relay_leading", "1 while this process carries the outbox")

log = logging.getLogger(__name__)


class OutboxRelay:
    """Reads `unpublished` in id order, sends, and deletes what the broker acknowledged.

    The connection that holds the leader's lock also reads and deletes, so a leader that lost its
    lock can delete nothing. On any error it sends nothing more and starts again from the first row:
    records that still left are duplicates, which the consumers' marks absorb.
    """

    def __init__(
        self,
        work_url: str,
        bootstrap: str,
        *,
        prefix: str = "",
        service: str,
        read: int = READ,
    ) -> None:
        self._url = work_url
        self._bootstrap = bootstrap
        self._prefix = prefix
        self._service = service
        self._read = read
        self._wake = asyncio.Event()
        self._refusals = Refusals()
        self.leading = False

    @property
    def wake(self) -> Callable[[], None]:
        """Call it after a commit: rows may be waiting."""
        return self._wake.set

    async def run(self, stop: asyncio.Event) -> None:
        """Carry until `stop`; infrastructure failures are waited out with back-off."""
        backoff = Backoff()
        while not stop.is_set():
            try:
                await until_set(stop, self._lead(stop, backoff))
            except Exception as error:
                if not (is_transient(error) or is_kafka_down(error)):
                    raise
                log.warning("relay interrupted: %s: %s", type(error).__name__, error)
            await backoff.wait(stop)

    async def _lead(self, stop: asyncio.Event, backoff: Backoff) -> None:
        """One term as leader: the lock's connection and one producer, both ended together."""
        connection = await connect(self._url, name=f"{self._service}-relay")
        try:
            if not await self._elected(connection, stop):
                return
            await connection.execute(SETTINGS)
            producer = build_producer(self._bootstrap, client=f"{self._service}-relay")
            try:
                await asyncio.wait_for(producer.start(), START_SECONDS)
                self.leading = True
                LEADING.set(1)
                size = self._refusals.batch_bytes
                await self._carry(
                    OutboxQueue(connection, page=self._read),
                    PageSender(producer, prefix=self._prefix, batch_bytes=size),
                    stop,
                    backoff,
                )
            finally:
                self.leading = False
                LEADING.set(0)
                await stop_within(STOP_SECONDS, producer.stop())
        finally:
            connection.terminate()

    async def _elected(self, connection: asyncpg.Connection[Any], stop: asyncio.Event) -> bool:
        """Wait for the leader's lock; False when asked to stop before."""
        while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", LEADER_LOCK):
            if await set_within(stop, 1.0):
                return False
        return True

    async def _carry(
        self, queue: OutboxQueue, sender: PageSender, stop: asyncio.Event, backoff: Backoff
    ) -> None:
        rows: Sequence[Row] = ()
        while not stop.is_set():
            self._wake.clear()
            waiting = self._refusals.waiting()
            rows = rows or await queue.front(waiting)
            if not rows:
                await first_set(POLL_SECONDS, self._wake, stop)
                continue
            sending = asyncio.create_task(sender.send(rows), name="relay-send")
            try:
                ahead = await queue.after(rows, waiting)
            finally:
                lanes = await sending
            await self._settle(queue, lanes, backoff)
            rows = ahead

    async def _settle(self, queue: OutboxQueue, lanes: Sequence[Lane], backoff: Backoff) -> None:
        """Delete what arrived; raises what failed, after which nothing more is sent."""
        arrived = [row["event_id"] for lane in lanes for row in lane.rows[: lane.acknowledged]]
        if arrived:
            await queue.delete(arrived)
            RELAYED.inc(len(arrived))
            backoff.reset()
        for lane in lanes:
            if lane.error and lane.failed:
                self._refusals.learn(lane.error, lane.refused, lane.failed.size())
        for lane in lanes:
            if lane.error:
                raise lane.error
