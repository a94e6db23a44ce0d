"""The one place that builds brokers, routers, producers, consumers and admin clients.

What is assumed of FastStream is kept as tests in `tests/common/test_kafka_options.py` and
`tests/common/test_consuming.py`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import KafkaError
from faststream import AckPolicy, ContextRepo
from faststream.kafka import KafkaBroker, KafkaRouter
from faststream.kafka.annotations import KafkaMessage

from common.events.envelope import CONTENT_TYPE

MAX_BATCH_BYTES = 512 * 1024
MAX_RECORDS = 10_000
FETCH_BYTES = 8 * 1024 * 1024
"""Of one partition: a backlog's batch is of few villages then, each with many events."""
FETCH_BYTES_AT_ONCE = 2 * FETCH_BYTES
SESSION_TIMEOUT_MS = 10_000
MAX_POLL_INTERVAL_MS = 300_000
REQUEST_TIMEOUT_MS = 10_000

HEADERS = [("content-type", CONTENT_TYPE.encode())]
_OURS = tuple(HEADERS)

Subscribe = Callable[[Callable[[KafkaMessage], Awaitable[None]]], Any]


class UnsafeOptions(RuntimeError):
    """A subscriber or broker would lose or double events; the service refuses to start."""


async def parse_leniently(message: Any, parse: Callable[[Any], Awaitable[Any]]) -> Any:
    """Parse the first record for all of a batch: the inbox reads the records themselves.

    Headers that are null or not UTF-8 are dropped: FastStream would pass over the event silently.
    """
    first = message[0] if isinstance(message, tuple) else message
    if first.headers != _OURS and any(not _readable(value) for _, value in first.headers):
        readable = tuple(header for header in first.headers if _readable(header[1]))
        object.__setattr__(first, "headers", readable)
    if first is message:
        return await parse(message)
    parsed = await parse((first,))
    parsed.raw_message = message
    return parsed


def _readable(value: bytes | None) -> bool:
    if value is None:
        return False
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


async def pass_through(message: KafkaMessage) -> Any:
    """The bytes as they came: the inbox decodes a batch at once."""
    return message.body


def build_broker(bootstrap: str, *, service: str, routers: Sequence[KafkaRouter]) -> KafkaBroker:
    """A broker that only consumes and never creates topics; raises UnsafeOptions."""
    broker = KafkaBroker(
        bootstrap,
        client_id=service,
        consumer_only=True,
        allow_auto_create_topics=False,
        acks="all",
        enable_idempotence=True,
        ack_policy=AckPolicy.NACK_ON_ERROR,
        graceful_timeout=8.0,
        parser=parse_leniently,
        logger=logging.getLogger(f"{service}.kafka"),
        log_level=logging.DEBUG,
        context=ContextRepo(),
    )
    for router in routers:
        broker.include_router(router)
    assert_safe(broker)
    return broker


def service_router() -> KafkaRouter:
    """A router whose subscribers go back to a failed batch instead of passing over it."""
    return KafkaRouter(
        ack_policy=AckPolicy.NACK_ON_ERROR, parser=parse_leniently, decoder=pass_through
    )


def subscribe(
    router: KafkaRouter,
    topics: Sequence[str],
    *,
    group: str,
    title: str,
    listener: ConsumerRebalanceListener | None = None,
    max_records: int = MAX_RECORDS,
) -> Subscribe:
    """A batch subscriber of all inputs; declared twice it decodes while Postgres works."""
    return router.subscriber(
        *topics,
        group_id=group,
        title=title,
        batch=True,
        max_records=max_records,
        batch_timeout_ms=10,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=100,
        max_partition_fetch_bytes=FETCH_BYTES,
        fetch_max_bytes=FETCH_BYTES_AT_ONCE,
        partition_assignment_strategy=(RangePartitionAssignor,),
        session_timeout_ms=SESSION_TIMEOUT_MS,
        heartbeat_interval_ms=2_000,
        max_poll_interval_ms=MAX_POLL_INTERVAL_MS,
        isolation_level="read_committed",
        listener=listener,
    )


def assert_safe(broker: KafkaBroker) -> None:
    """Refuse subscribers without a group, with auto-commit or that start at the latest offset."""
    subscriber: Any
    for subscriber in broker.subscribers:
        policy = subscriber.ack_policy
        options = subscriber._connection_args  # noqa: SLF001  # no public view of what will be used
        wrong = [
            name
            for name, bad in (
                (f"ack_policy={policy}", policy is not AckPolicy.NACK_ON_ERROR),
                ("no group_id", not subscriber.group_id),
                ("auto-commit", options.get("enable_auto_commit") is not False),
                ("auto_offset_reset", options.get("auto_offset_reset") != "earliest"),
            )
            if bad
        ]
        if wrong:
            raise UnsafeOptions(f"subscriber of {subscriber.topics}: {', '.join(wrong)}")


class _Writer(AIOKafkaProducer):
    async def stop(self) -> None:
        """Stop; when it is cut short, the sender ends too, which would keep all that waits."""
        try:
            await super().stop()  # type: ignore[no-untyped-call]  # aiokafka has no types
        finally:
            sending = self._sender.sender_task
            if sending is not None and not sending.done():
                sending.cancel()
            await self.client.close()


def build_producer(bootstrap: str, *, client: str) -> AIOKafkaProducer:
    """An idempotent producer; a lost broker keeps it waiting for 10 s."""
    return _Writer(  # type: ignore[no-untyped-call]  # same
        bootstrap_servers=bootstrap,
        client_id=client,
        acks="all",
        enable_idempotence=True,
        max_batch_size=MAX_BATCH_BYTES,
        max_request_size=2 * 1024 * 1024,
        request_timeout_ms=REQUEST_TIMEOUT_MS,
        linger_ms=0,
    )


async def stop_client(stop: Callable[[], Awaitable[None]]) -> None:
    """Stop a consumer or a broker of some.

    aiokafka cancels its fetches when it stops and lets one such cancellation a consumer out; to
    the caller it would look like a cancellation of its own.
    """
    while True:
        try:
            return await stop()
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise


class _Reader(AIOKafkaConsumer):
    async def stop(self) -> None:
        await stop_client(super().stop)
        await self._client.close()


def build_consumer(bootstrap: str, *topics: str, client: str) -> AIOKafkaConsumer:
    """A reader without a group, from the beginning: for tools and tests, never for an effect."""
    return _Reader(  # type: ignore[no-untyped-call]  # aiokafka has no types
        *topics,
        bootstrap_servers=bootstrap,
        client_id=client,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        request_timeout_ms=REQUEST_TIMEOUT_MS,
        max_partition_fetch_bytes=FETCH_BYTES,
    )


def build_admin(bootstrap: str, *, client: str) -> AIOKafkaAdminClient:
    return AIOKafkaAdminClient(
        bootstrap_servers=bootstrap, client_id=client, request_timeout_ms=REQUEST_TIMEOUT_MS
    )


def is_kafka_down(error: BaseException) -> bool:
    """Whether the broker or the way to it failed.

    A write to a connection that was reset a moment ago is a RuntimeError in uvloop, and aiokafka
    lets it through.
    """
    if isinstance(error, (KafkaError, OSError, TimeoutError)):
        return True
    return isinstance(error, RuntimeError) and "the handler is closed" in str(error)
