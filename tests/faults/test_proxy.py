"""The proxy between a process and a server does what a bad network does."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

import pytest
from support.proxy import HOST, Link, free_ports


@pytest.fixture
async def link() -> AsyncIterator[Link]:
    """A way to a server that sends back what it gets."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(1000):
                writer.write(data)
        except OSError:
            writer.transport.abort()
        else:
            writer.close()

    server = await asyncio.start_server(echo, HOST, 0)
    [port] = free_ports(1)
    link = Link("test -> echo", port, server.sockets[0].getsockname()[1])
    await link.open()
    yield link
    await link.close()
    server.close()
    await server.wait_closed()


class Client:
    """One connection through the link."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def of(cls, link: Link) -> Client:
        return cls(*await asyncio.open_connection(HOST, link.port))

    async def say(self, text: bytes) -> bytes:
        """What comes back, up to as much as was said; less when the connection ends."""
        self._writer.write(text)
        heard = b""
        async with asyncio.timeout(5):
            while len(heard) < len(text) and (more := await self._reader.read(1000)):
                heard += more
        return heard

    async def end(self) -> None:
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()


@pytest.fixture
async def client(link: Link) -> AsyncIterator[Client]:
    client = await Client.of(link)
    assert b"hello" == await client.say(b"hello")
    yield client
    await client.end()


async def test_a_cut_resets_and_refuses_until_it_is_mended(link: Link, client: Client) -> None:
    """RST, not a clean end; afterwards as before."""
    await link.cut()

    with pytest.raises(ConnectionResetError):
        await client.say(b"still there?")
    with pytest.raises(ConnectionRefusedError):
        await Client.of(link)

    await link.mend()
    again = await Client.of(link)
    assert b"again" == await again.say(b"again")
    await again.end()


async def test_a_stall_keeps_connections_and_passes_nothing(link: Link, client: Client) -> None:
    """New ones are accepted too; what waited comes when it is mended."""
    link.stall()
    waiting = asyncio.create_task(client.say(b"waits"))
    other = await Client.of(link)
    also = asyncio.create_task(other.say(b"waits too"))
    done, _ = await asyncio.wait({waiting, also}, timeout=0.3)
    assert set() == done

    await link.mend()

    assert b"waits" == await waiting
    assert b"waits too" == await also
    await other.end()


async def test_a_delay_makes_each_piece_late(link: Link, client: Client) -> None:
    """Both ways: an answer takes twice as long."""
    link.delay = 0.15
    began = time.monotonic()
    assert b"late" == await client.say(b"late")
    assert time.monotonic() - began >= 0.3


async def test_a_reset_after_so_many_bytes(link: Link, client: Client) -> None:
    """The request passes, and of its answer the first bytes; then the connection is lost."""
    link.reset_after(13)

    with pytest.raises(ConnectionResetError):
        await client.say(b"0123456789")

    again = await Client.of(link)
    assert b"0123456789" == await again.say(b"0123456789")
    await again.end()
