"""One process of a measurement: a member of eligibility's group, or the bare loop.

Runs until SIGTERM; a member then prints one JSON line with the statements that it sent.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys

import bare_consumer
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
from meters import CountedDatabase

PARTITIONS = 12


async def ours(url: str, kafka: str, prefix: str) -> None:
    """The real consumer: inbox, effect, decisions, offsets."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    clock, database = Clock(), await CountedDatabase.open(url, name="bench-member")
    inbox = Inbox(
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
    print(json.dumps({"statements": database.statements}), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["ours", "bare"])
    parser.add_argument("url")
    parser.add_argument("kafka")
    parser.add_argument("prefix")
    told = parser.parse_args()
    topic = f"{told.prefix}{topics.REGISTRY_ENROLLMENTS}"
    work = (
        ours(told.url, told.kafka, told.prefix)
        if told.what == "ours"
        else bare_consumer.consume(told.url, told.kafka, topic, PARTITIONS)
    )
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work)


if __name__ == "__main__":
    sys.exit(main())
