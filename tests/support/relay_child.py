"""A relay in a process of its own that kills itself at one step: `step page url kafka prefix`."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from aiokafka.producer.sender import SendProduceReqHandler
from common import relay
from common.outbox_queue import OutboxQueue, Row
from common.relay_sending import Lane, PageSender

STEP, READ = sys.argv[1], int(sys.argv[2])
PAGE = 2
"""The page at which it dies: the one before has left and was deleted."""

answered: Any = SendProduceReqHandler
pages = 0


def die(*_: object) -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("dead")


class Sender(PageSender):
    async def send(self, rows: Sequence[Row]) -> Sequence[Lane]:
        global pages  # noqa: PLW0603
        pages += 1
        if pages == PAGE:
            if STEP == "read":
                die()
            if STEP == "sent":  # the broker has answered, and nobody has read it
                answered.handle_response = die
        lanes = await super().send(rows)
        if pages == PAGE and STEP == "acknowledged":
            die()
        return lanes


class Queue(OutboxQueue):
    async def delete(self, ids: Sequence[int]) -> None:
        if pages == PAGE and STEP == "deleting":
            os.write(1, b"deleting\n")  # the test holds a row, and kills while Postgres waits
        await super().delete(ids)
        if pages == PAGE and STEP == "deleted":
            die()


async def main(url: str, kafka: str, prefix: str) -> None:
    patched: Any = relay
    patched.PageSender, patched.OutboxQueue = Sender, Queue
    carrier = relay.OutboxRelay(url, kafka, prefix=prefix, service="child", read=READ)
    await carrier.run(asyncio.Event())


asyncio.run(main(*sys.argv[3:]))
