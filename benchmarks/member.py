"""One process of a measurement: a member of eligibility's group, a scheduler, or the bare loop.

Runs until SIGTERM; a member then prints one JSON line: the statements that it sent, and of each
live event when it was recorded and how long after that it had its effect.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import bare_consumer
import msgspec
import uvloop
from common.clock import Clock
from common.consuming import Consumer
from common.events import topics
from common.ids import Ids
from common.inbox import Inbox
from common.kafka import build_broker
from common.process import gc_tuning
from common.sealing import Sealer
from eligibility.application import Certification
from eligibility.consumers import INPUTS, registry_router
from eligibility.scheduler import Scheduler
from meters import CountedDatabase

PARTITIONS = 12


class TimedInbox(Inbox):
    """Remembers of each event when it was recorded, and the seconds until it was committed."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.times: list[tuple[float, float]] = []

    async def receive(self, records: Sequence[Any]) -> None:
        await super().receive(records)
        now = time.time()
        for record in records:
            at = msgspec.json.decode(record.value, type=_Time).time.timestamp()
            self.times.append((at, now - at))


class _Time(msgspec.Struct):
    time: datetime


async def ours(url: str, kafka: str, prefix: str, *, live: bool = False) -> None:
    """The real consumer: inbox, effect, decisions, offsets."""
    stop = _until_told()
    clock, database = Clock(), await CountedDatabase.open(url, name="bench-member")
    inbox = (TimedInbox if live else Inbox)(
        database,
        inputs=INPUTS,
        effect=Certification(database, clock=clock, ids=Ids()),
        clock=clock,
        sealer=Sealer(os.urandom(32)),
        prefix=prefix,
    )
    consumer = Consumer(
        lambda: build_broker(
            kafka, service="bench", routers=[registry_router(inbox, prefix=prefix)]
        ),
        closing=inbox.close,
    )
    gc_tuning()
    await consumer.run(stop)
    await database.close()
    times = inbox.times if isinstance(inbox, TimedInbox) else []
    print(json.dumps({"statements": database.statements, "times": times}), flush=True)


async def schedule(url: str) -> None:
    """The real scheduler, as a process of its own."""
    stop = _until_told()
    database = await CountedDatabase.open(url, name="bench-scheduler")
    gc_tuning()
    await Scheduler(Certification(database, clock=Clock(), ids=Ids())).run(stop)
    await database.close()
    print(json.dumps({"statements": database.statements}), flush=True)


def _until_told() -> asyncio.Event:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    return stop


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["ours", "live", "scheduler", "bare"])
    parser.add_argument("url")
    parser.add_argument("kafka")
    parser.add_argument("prefix")
    told = parser.parse_args()
    if told.what == "scheduler":
        work = schedule(told.url)
    elif told.what == "bare":
        topic = f"{told.prefix}{topics.REGISTRY_ENROLLMENTS}"
        work = bare_consumer.consume(told.url, told.kafka, topic, PARTITIONS)
    else:
        work = ours(told.url, told.kafka, told.prefix, live=told.what == "live")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work)


if __name__ == "__main__":
    sys.exit(main())
