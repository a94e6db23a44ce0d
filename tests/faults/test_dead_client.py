"""A client of Kafka that gives up inside, for an error that it did not expect, is replaced."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import uvloop
from aiokafka.conn import AIOKafkaConnection
from aiokafka.errors import KafkaConnectionError
from common.consuming import Consumer, died_of
from common.kafka import build_broker, is_kafka_down, service_router, subscribe
from faststream.kafka import KafkaBroker
from faststream.kafka.annotations import KafkaMessage
from support.streams import KETANON, publish
from support.waiting import eventually

pytestmark = [pytest.mark.stack, pytest.mark.faults]

RESET = "unable to perform operation on <TCPTransport closed=True>; the handler is closed"
"""What uvloop says of a write to a connection that was just reset."""


class Heard:
    """A consumer with two subscribers, and what it has heard."""

    def __init__(self, kafka: str, topic: str) -> None:
        self.kafka = kafka
        self.topic = topic
        self.values: list[bytes] = []
        self.brokers: list[KafkaBroker] = []

    def build(self) -> KafkaBroker:
        router = service_router()

        async def on_events(message: KafkaMessage) -> None:
            raw: Any = message.raw_message
            self.values += [record.value for record in raw]

        for _ in range(2):
            subscribe(router, [self.topic], group=f"{self.topic}.test", title="test")(on_events)
        self.brokers.append(build_broker(self.kafka, service="test", routers=[router]))
        return self.brokers[-1]

    async def say(self, *values: bytes) -> None:
        await publish(self.kafka, self.topic, *[(str(n).encode(), v) for n, v in enumerate(values)])

    async def sorted(self) -> list[bytes]:
        """Each once: what was not committed when a consumer died comes again."""
        return sorted(set(self.values))


@pytest.fixture
async def heard(kafka: str, prefix: str) -> AsyncIterator[Heard]:
    heard = Heard(kafka, f"{prefix}registry.villages")
    stop = asyncio.Event()
    consumer = Consumer(heard.build)
    task = asyncio.create_task(consumer.run(stop))
    await heard.say(*[b"%d" % n for n in range(9)])
    await eventually(heard.sorted, [b"%d" % n for n in range(9)])
    await eventually(consumer.probe, None)
    yield heard
    stop.set()
    await task


@pytest.mark.parametrize("request_name", ["FindCoordinator", "Fetch"])
async def test_a_dead_consumer_is_replaced(
    heard: Heard, request_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its partitions are read again after a moment, not when somebody restarts the process."""
    send, failing = AIOKafkaConnection.send, [request_name]

    def failing_once(self: Any, request: Any, *rest: Any, **named: Any) -> Any:
        if failing and type(request).__name__.startswith(failing[0]):
            failing.clear()
            raise RuntimeError(RESET)
        return send(self, request, *rest, **named)

    monkeypatch.setattr(AIOKafkaConnection, "send", failing_once)
    subscriber: Any = heard.brokers[0].subscribers[0]
    subscriber.consumer._coordinator.coordinator_dead()

    async def died() -> bool:
        return not failing and len(heard.brokers) > 1

    await eventually(died, True)
    await heard.say(*[b"later %d" % n for n in range(9)])
    everything = [b"%d" % n for n in range(9)] + [b"later %d" % n for n in range(9)]
    await eventually(heard.sorted, everything, within=30)
    assert died_of(heard.brokers[-1]) is None


def test_a_write_to_a_reset_connection_is_a_lost_kafka() -> None:
    """In the words that uvloop itself uses."""

    async def write_late() -> BaseException | None:
        async def hang_up(_: Any, writer: asyncio.StreamWriter) -> None:
            writer.transport.abort()

        server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
        _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.transport.abort()
        await asyncio.sleep(0.01)
        try:
            writer.write(KETANON.encode())
        except RuntimeError as error:
            return error
        finally:
            server.close()
        return None

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        error = runner.run(write_late())
    assert error is not None
    assert is_kafka_down(error)
    assert is_kafka_down(KafkaConnectionError())
    assert not is_kafka_down(RuntimeError("anything else"))
