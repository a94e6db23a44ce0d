"""Eligibility's processes alone, on topics that the test fills itself."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from common.kafka import HEADERS, build_producer
from common.topics_admin import ensure_topics
from embedded.mail import MailCatcher

from support.databases import ServiceUrls, TestDatabases
from support.streams import Record, fresh_prefix
from support.system import PARTITIONS, Footing, System

MEMBERS = {
    "eligibility-1": ("eligibility", "api,consumer"),
    "eligibility-2": ("eligibility", "consumer"),
}


@asynccontextmanager
async def eligibility_on(
    home: Path,
    *,
    kafka: str,
    databases: TestDatabases,
    processes: Mapping[str, tuple[str, str]] = MEMBERS,
) -> AsyncIterator[tuple[System, ServiceUrls]]:
    """Its processes, none of them started yet."""
    prefix = fresh_prefix()
    await ensure_topics(kafka, prefix=prefix, partitions=PARTITIONS)
    mail = MailCatcher()
    await mail.start()
    try:
        async with databases.fresh("eligibility") as urls:
            system = System(home, Footing(kafka, prefix, {"eligibility": urls}, mail), processes)
            try:
                yield system, urls
            finally:
                await system.end()
    finally:
        await mail.stop()


async def publish(system: System, records: Sequence[Record]) -> None:
    """Put hand-made records on the system's topics, in their order."""
    footing = system.footing
    async with build_producer(footing.kafka, client="tests") as producer:
        sent = [
            await producer.send(
                f"{footing.prefix}{record.topic}", record.value, key=record.key, headers=HEADERS
            )
            for record in records
        ]
        for future in sent:
            await future
