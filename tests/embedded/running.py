"""Starting the command line as a user does, and waiting for things to become true."""

import asyncio
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiosmtplib
import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from embedded.kafka import Kafka
from embedded.postgres import Postgres
from embedded.processes import matching
from embedded.stack import Addresses

TOPIC = "kept"


async def until(condition: Callable[[], Any], *, within: float, what: str) -> Any:
    """Wait for a condition (plain or awaitable) to be true, and return what it was."""
    deadline = time.monotonic() + within
    while True:
        found = condition()
        if isinstance(found, Awaitable):
            found = await found
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within} s: {what}")
        await asyncio.sleep(0.05)


class CommandLine:
    """`python -m embedded up` on one home, on any free ports."""

    def __init__(self, home: Path, **options: Any) -> None:
        self.home = home
        self.options = options
        self.python = [sys.executable]
        self.environment = {f"EMBEDDED_{name}_PORT": "0" for name in PORTS}
        self.process: asyncio.subprocess.Process | None = None

    async def up(self) -> None:
        with self.output.open("ab") as output:
            self.process = await asyncio.create_subprocess_exec(
                *self.python, "-m", "embedded", "up", "--home", str(self.home),
                stdout=output, stderr=asyncio.subprocess.STDOUT,
                env={**os.environ, **self.environment}, **self.options,
            )  # fmt: skip

    async def healthy(self, *, within: float = 60) -> Addresses:
        """The addresses, once everything runs."""

        def written() -> bytes | None:
            assert self.process is not None
            assert self.process.returncode is None, self.output.read_text()
            found = self.output.read_bytes()
            return found if b"Everything runs" in found and b"Mails" in found else None

        await until(written, within=within, what="everything runs")
        return self.addresses()

    def addresses(self) -> Addresses:
        return Addresses(**json.loads((self.home / "addresses.json").read_bytes()))

    async def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        await self.process.wait()

    async def end(self) -> int:
        assert self.process is not None
        if self.process.returncode is None:
            self.process.terminate()
        return await asyncio.wait_for(self.process.wait(), 45)

    @property
    def output(self) -> Path:
        return self.home.parent / "up.log"


PORTS = ("KAFKA", "KAFKA_CONTROLLER", "POSTGRES", "SMTP", "MAIL_PAGE")


def running_on(home: Path) -> dict[str, list[int]]:
    """The broker's and the postmaster's processes on a home, by looking at the process table."""
    return {"kafka": matching(Kafka(home, []).owns), "postgres": matching(Postgres(home).owns)}


async def keep(addresses: Addresses, value: int) -> None:
    """Put one value into Kafka and Postgres, acknowledged by both."""
    await make_topic(addresses)
    producer = AIOKafkaProducer(bootstrap_servers=addresses.kafka, acks="all")
    await producer.start()
    try:
        await producer.send_and_wait(TOPIC, str(value).encode())
    finally:
        await producer.stop()
    async with connected(addresses) as connection:
        await connection.execute("CREATE TABLE IF NOT EXISTS kept (value int)")
        await connection.execute("INSERT INTO kept VALUES ($1)", value)


async def kept(addresses: Addresses) -> tuple[list[int], list[int]]:
    """All values found in Kafka, and in Postgres."""
    consumer = AIOKafkaConsumer(bootstrap_servers=addresses.kafka)
    await consumer.start()
    try:
        partition = TopicPartition(TOPIC, 0)
        consumer.assign([partition])
        await consumer.seek_to_beginning(partition)
        end = (await consumer.end_offsets([partition]))[partition]
        in_kafka = [int((await consumer.getone()).value) for _ in range(end)]
    finally:
        await consumer.stop()
    async with connected(addresses) as connection:
        rows = await connection.fetch("SELECT value FROM kept ORDER BY value")
    return in_kafka, [row["value"] for row in rows]


def connected(addresses: Addresses) -> Any:
    """A connection to Postgres, for `async with`."""
    return asyncpg.create_pool(addresses.postgres, min_size=1, max_size=1, timeout=10)


async def make_topic(addresses: Addresses) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=addresses.kafka)
    await admin.start()
    try:
        answer = await admin.create_topics([NewTopic(TOPIC, 1, 1)])
        assert all(error[1] in (0, 36) for error in answer.topic_errors)
    finally:
        await admin.close()


async def send(addresses: Any, subject: str, *, to: str = "lurah@example.test") -> None:
    """Send one mail in the ordinary way."""
    text = f"From: <a@example.test>\r\nTo: <{to}>\r\nSubject: {subject}\r\n\r\nIsi surat.\r\n"
    await aiosmtplib.send(
        text, sender="a@example.test", recipients=[to],
        hostname=addresses.smtp_host, port=addresses.smtp_port, timeout=10,
    )  # fmt: skip


async def head_of(address: str, path: str) -> str:
    """Status line and headers of a page's answer."""
    return (await ask(address, path))[0].decode()


async def get(address: str, path: str, *, host: str = "127.0.0.1") -> tuple[int, str]:
    """Ask the page for a path: status and body."""
    head, body = await ask(address, path, host=host)
    return int(head.split()[1]), body.decode()


async def ask(address: str, path: str, *, host: str = "127.0.0.1") -> tuple[bytes, bytes]:
    """Head and body of a page's answer."""
    port = int(address.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
    try:
        answer = await asyncio.wait_for(reader.read(), 10)
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
    head, _, body = answer.partition(b"\r\n\r\n")
    return head, body
