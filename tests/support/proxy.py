"""A way over TCP that can be cut, stalled and slowed: between one process and one server."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
import struct

from embedded.ports import FREE_RANGE, is_free

HOST = "127.0.0.1"
PIECE = 64 * 1024
RESET = struct.pack("ii", 1, 0)
"""SO_LINGER of 0 s: closing sends RST instead of FIN, and what was not sent yet is lost."""


class Link:
    """A proxy on the loopback, named by its two ends such as `eligibility-1 -> kafka`."""

    def __init__(self, name: str, port: int, target: int) -> None:
        self.name = name
        self.port = port
        self.target = target
        self.delay = 0.0
        """Seconds by which each piece comes later."""
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._left: int | None = None
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Let clients in; also again after `cut`."""
        if self._server is None:
            self._server = await asyncio.start_server(self._accept, HOST, self.port)

    async def close(self) -> None:
        """Nobody is let in, and open connections are reset."""
        await self.cut()
        self._flowing.set()
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def cut(self) -> None:
        """Reset every open connection, and refuse new ones until `mend`."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self.reset()
        # Whom the kernel had let in already meets a handler that sees nobody serving.
        await asyncio.sleep(0)

    def reset(self) -> None:
        """Reset every open connection; new ones are let in."""
        for writer in self._writers:
            _reset(writer)
        self._writers.clear()

    def reset_after(self, size: int) -> None:
        """Reset every open connection once so many bytes more have passed, either way."""
        self._left = size

    def stall(self) -> None:
        """Connections are accepted and stay open, and nothing passes until `mend`."""
        self._flowing.clear()

    async def mend(self) -> None:
        """All passes again, at once; what a stall kept back comes late."""
        self._left = None
        self.delay = 0.0
        self._flowing.set()
        await self.open()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self._writers.add(writer)
        try:
            with contextlib.suppress(OSError):
                await self._join(reader, writer)
        finally:
            self._writers.discard(writer)
            _reset(writer)

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, onward = await asyncio.open_connection(HOST, self.target)
        self._writers.add(onward)
        ways = {
            asyncio.create_task(self._pass(reader, onward)),
            asyncio.create_task(self._pass(there, writer)),
        }
        try:
            if self._server is not None:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            ended = await asyncio.gather(*ways, return_exceptions=True)
            self._writers.discard(onward)
            if any(isinstance(error, OSError) for error in ended):
                _reset(onward)
            else:
                await _finish(onward)
                await _finish(writer)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One direction, to its end; raises OSError when it was reset."""
        while data := await reader.read(PIECE):
            if self.delay:
                await asyncio.sleep(self.delay)
            await self._flowing.wait()
            if self._left is not None:
                data, self._left = data[: self._left], self._left - len(data)
            writer.write(data)
            await writer.drain()
            if self._left is not None and self._left <= 0:
                self._left = None
                self.reset()


async def _finish(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


def _reset(writer: asyncio.StreamWriter) -> None:
    known: socket.socket | None = writer.get_extra_info("socket")
    if known is not None and not writer.transport.is_closing():
        known.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    writer.transport.abort()


def free_ports(number: int) -> list[int]:
    """Below the range of outgoing connections, so that who restarts finds its own again."""
    found: list[int] = []
    while len(found) < number:
        port = FREE_RANGE.start + secrets.randbelow(len(FREE_RANGE))
        if port not in found and is_free(port):
            found.append(port)
    return found
