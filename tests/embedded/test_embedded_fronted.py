"""A listener of Kafka that tells clients to come by way of a proxy."""

import asyncio
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from embedded.ports import Ports
from embedded.stack import Stack
from running import make_topic
from support.proxy import Link, free_ports

pytestmark = [pytest.mark.stack, pytest.mark.timeout(180)]


async def test_who_comes_by_the_front_stays_on_it(home: Path) -> None:
    """The front's client is cut off with the front, and Kafka's own listener is not."""
    front, listener = free_ports(2)
    link = Link("client -> kafka", front, listener)
    await link.open()
    stack = Stack(
        home, ports=Ports.any(), postgres=False, mail=False, fronted_kafka={listener: front}
    )
    async with stack as started:
        await make_topic(started.addresses)
        assert await _sent(f"127.0.0.1:{front}")
        await link.cut()
        assert not await _sent(f"127.0.0.1:{front}")
        assert await _sent(started.addresses.kafka)
    await link.close()


async def _sent(bootstrap: str) -> bool:
    """Whether a record is acknowledged to a client that begins there."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, request_timeout_ms=2_000)
    try:
        async with asyncio.timeout(20):
            await producer.start()
            await producer.send_and_wait("kept", b"1")
    except KafkaError:
        return False
    finally:
        await producer.stop()
    return True
