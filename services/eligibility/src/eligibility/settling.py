"""Until when the registry's facts have all had their effect here."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping

import msgspec
import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from common.database import is_transient
from common.events import topics
from common.events.topics import prefixed
from common.kafka import build_admin, build_consumer, is_kafka_down
from common.process import Backoff
from common.waiting import stop_within, until_set
from common.watermarks import Watermark

from eligibility.application import Certification

POLL_MS = 1_000
PENDING = 60
"""Watermarks that wait for their offsets; of more, the newest are enough."""
KAFKA_SECONDS = 20.0
STOP_SECONDS = 5.0

log = structlog.get_logger(__name__)


class Settling:
    """Follows the watermarks; one is reached when our group's committed offsets have passed it.

    An offset is committed after the transaction of its batch, so what it has passed has had its
    effect, or is held or parked in its village, which is said there.
    """

    def __init__(
        self, certification: Certification, bootstrap: str, *, group: str, prefix: str = ""
    ) -> None:
        self._certification = certification
        self._bootstrap = bootstrap
        self._group = group
        self._prefix = prefix
        self._pending: deque[Watermark] = deque(maxlen=PENDING)

    async def run(self, stop: asyncio.Event) -> None:
        """Follow until `stop`; infrastructure failures are waited out with back-off."""
        backoff = Backoff()
        while not stop.is_set():
            try:
                await until_set(stop, self._follow(stop, backoff))
            except Exception as error:
                if not (is_transient(error) or is_kafka_down(error)):
                    raise
                log.warning("settling_interrupted", reason=type(error).__name__)
            await backoff.wait(stop)

    async def _follow(self, stop: asyncio.Event, backoff: Backoff) -> None:
        place = TopicPartition(prefixed(self._prefix, topics.REGISTRY_WATERMARKS), 0)
        reader = build_consumer(self._bootstrap, client=f"{self._group}-settling")
        admin = build_admin(self._bootstrap, client=f"{self._group}-settling")
        try:
            async with asyncio.timeout(KAFKA_SECONDS):
                await reader.start()
                await admin.start()
            reader.assign([place])
            end = (await reader.end_offsets([place]))[place]
            # Earlier ones promise less than the last.
            reader.seek(place, max(0, end - 1))
            while not stop.is_set():
                await self._read(reader)
                if self._pending:
                    await self._settle(admin)
                backoff.reset()
        finally:
            await stop_within(STOP_SECONDS, reader.stop(), admin.close())

    async def _read(self, reader: AIOKafkaConsumer) -> None:
        for records in (await reader.getmany(timeout_ms=POLL_MS)).values():
            for record in records:
                try:
                    self._pending.append(msgspec.json.decode(record.value or b"", type=Watermark))
                except msgspec.DecodeError:
                    log.exception("watermark_unreadable", offset=record.offset)

    async def _settle(self, admin: AIOKafkaAdminClient) -> None:
        """Take the newest watermark whose offsets are passed, and forget those before it."""
        async with asyncio.timeout(KAFKA_SECONDS):
            offsets = await admin.list_consumer_group_offsets(self._group)
        committed = {place: found.offset for place, found in offsets.items()}
        reached = [mark for mark in self._pending if self._passed(mark, committed)]
        if reached:
            newest = max(reached, key=lambda mark: mark.time)
            await self._certification.settle(newest.time)
            self._pending = deque(
                (mark for mark in self._pending if mark.time > newest.time), maxlen=PENDING
            )

    def _passed(self, mark: Watermark, committed: Mapping[TopicPartition, int]) -> bool:
        return all(
            committed.get(TopicPartition(prefixed(self._prefix, topic), partition), 0) >= end
            for topic, ends in mark.ends.items()
            for partition, end in enumerate(ends)
        )
