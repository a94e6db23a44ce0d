"""`doctor`: is everything there that this service stands on, and if not, what is to be done."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx2

from common import inbox, outbox
from common.clockwork import stored_offset
from common.database import connect
from common.guard import Guard
from common.migrations import drift
from common.settings import ServiceSettings
from common.topics_admin import TopicsDiffer, check_topics

CHECK_SECONDS = 15.0
OLDEST_POSTGRES = 170_000
CLOCKS_APART = timedelta(seconds=5)
FREE_BYTES = 2 * 2**30

Check = Callable[[], Awaitable[str]]
"""What was found, in a few words; raises Ailment with what to do."""


class Ailment(Exception):
    """Something is not as it should be; the text says what, and what to do."""


@dataclass(frozen=True, slots=True)
class Finding:
    check: str
    well: bool
    text: str


async def examine(checks: Mapping[str, Check]) -> list[Finding]:
    """Do all checks, each within 15 s, in the given order."""
    return list(await asyncio.gather(*(_examine(name, check) for name, check in checks.items())))


async def _examine(name: str, check: Check) -> Finding:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            return Finding(name, well=True, text=await check())
    except Ailment as error:
        return Finding(name, well=False, text=str(error))
    except Exception as error:  # noqa: BLE001  # whatever it is, the other checks are told too
        what = type(error).__name__
        return Finding(name, well=False, text=f"{what}: is it running, and the address right?")


class Doctor:
    """The checks that every service has; a service adds its own."""

    def __init__(self, settings: ServiceSettings, package: str) -> None:
        self._settings = settings
        self._package = package

    def checks(self) -> dict[str, Check]:
        return {
            "database": self._database,
            "logins": self._logins,
            "migrations": self._migrations,
            "clock": self._clock,
            "kafka and topics": self._topics,
            "token issuer": self._issuer,
            "free disk": self._disk,
            "what waits": self._waits,
        }

    async def _database(self) -> str:
        connection = await self._connect()
        try:
            version: int = int(await connection.fetchval("SHOW server_version_num"))
            size: str = await connection.fetchval(
                "SELECT pg_size_pretty(pg_database_size(current_database()))"
            )
        finally:
            await connection.close(timeout=5)
        if version < OLDEST_POSTGRES:
            raise Ailment(f"Postgres {version // 10_000} is too old: 17 is the oldest supported")
        return f"Postgres {version // 10_000}, {size}"

    async def _logins(self) -> str:
        if refusals := await Guard(self._settings).refusals():
            raise Ailment("; ".join(refusals))
        return "can do no more than their part"

    async def _migrations(self) -> str:
        connection = await self._connect()
        try:
            if differs := await drift(connection, self._package):
                raise Ailment(differs)
        except asyncpg.UndefinedTableError:
            raise Ailment("the database is empty: run the service's `migrate`") from None
        finally:
            await connection.close(timeout=5)
        return "as this release brings them"

    async def _clock(self) -> str:
        connection = await self._connect()
        try:
            theirs: datetime = await connection.fetchval("SELECT clock_timestamp()")
            offset = await stored_offset(connection)
        finally:
            await connection.close(timeout=5)
        apart = abs(theirs - datetime.now(UTC))
        if apart > CLOCKS_APART:
            seconds = apart.total_seconds()
            raise Ailment(f"this clock and Postgres' are {seconds:.0f} s apart: set both by NTP")
        return "agrees with Postgres'" + (f"; business time is {offset} ahead" if offset else "")

    async def _topics(self) -> str:
        known = self._settings
        try:
            await check_topics(
                known.kafka, prefix=known.topic_prefix, partitions=known.topic_partitions
            )
        except TopicsDiffer as error:
            raise Ailment(str(error)) from None
        return "as declared"

    async def _issuer(self) -> str:
        if (file := self._settings.jwks_file()) is not None:
            if not await asyncio.to_thread(file.exists):
                raise Ailment(f"JWKS: {file} is not there")
            return f"keys in {file}"
        async with httpx2.AsyncClient(timeout=5) as client:
            answer = await client.get(self._settings.jwks)
        if answer.status_code != httpx2.codes.OK:
            raise Ailment(f"JWKS: the issuer answered {answer.status_code}; is the address right?")
        return "answers"

    async def _disk(self) -> str:
        place = Path.cwd()
        free = (await asyncio.to_thread(shutil.disk_usage, place)).free
        if free < FREE_BYTES:
            raise Ailment(f"{free / 2**30:.1f} GiB free at {place}: make room (2 GiB at least)")
        return f"{free / 2**30:.0f} GiB at {place}; Postgres' and Kafka's are theirs to watch"

    async def _waits(self) -> str:
        connection = await self._connect()
        try:
            (waiting,) = await connection.fetch(inbox.QUERIES["waiting"])
            stopped = await connection.fetchrow(inbox.QUERIES["stopped"])
            (queue,) = await connection.fetch(outbox.QUERIES["queue"])
        finally:
            await connection.close(timeout=5)
        if stopped is not None:
            raise Ailment(f"consuming is stopped ({stopped['reason']}): `parked resume`")
        if waiting["parked"]:
            raise Ailment(f"{waiting['parked_villages']} villages are parked: `parked list`")
        rest = {name: waiting[name] for name in ("held", "skipped", "unroutable")}
        rest["unpublished"] = queue["waiting"]
        return ", ".join(f"{number} {name}" for name, number in rest.items())

    async def _connect(self) -> asyncpg.Connection[Any]:
        return await connect(self._settings.work_url.get_secret_value(), name="doctor")
