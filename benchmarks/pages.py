"""The pages over the whole country: first byte, weight, and how soon the feed shows a decision.

One process serves them and consumes, as one machine runs it; the feed's events come by Kafka. The
first byte is measured over one kept connection, through row security: for who sees the country (at
any moment, and when its counts are too old and made anew), and for who sees one regency. Beside it
stands the bare count by province, as the owner, who sees all.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from uuid import UUID

import asyncpg
import httpx2
from common.events.envelope import AnyEventData
from common.ids import Ids
from confluent_kafka import Producer
from eligibility.overview import COUNTRY_SECONDS
from embedded.stack import Stack
from figures import Figure, Gate
from support.browsing import Site
from support.country import fill_country
from support.databases import TestDatabases
from support.programme import known, sosialisasi
from support.site import site_on
from support.streams import value_of

LOOKS = 100
WARM_UP = 5
DECISIONS = 60
PER_SECOND = 5
BARE = """
SELECT province_code, any_value(province_name), board_rank, count(*), sum(persons)
FROM villages GROUP BY province_code, board_rank
"""
ASSET = re.compile(r'(?:href|src)="(/static/[^"]+)"')
ENTRY = re.compile(r"^id: ([0-9a-f-]{36})$")


async def measure(
    home: Path, stack: Stack, databases: TestDatabases, say: Callable[[str], None]
) -> list[Figure]:
    """board_p95_ms, board_regency_p95_ms, page_kb and live_feed_delay_ms."""
    kafka, prefix = stack.addresses.kafka, f"bench-{time.time_ns()}."
    async with databases.fresh("eligibility") as urls:
        say(f"  {await fill_country(urls.owner):,} villages")
        owner = await asyncpg.connect(urls.owner)
        serving = site_on(
            home / "pages", kafka=kafka, urls=urls, parts="api,consumer,scheduler", prefix=prefix
        )
        async with serving as site:
            country = await _first_bytes(site, ["*"])
            anew = await _first_bytes(site, ["*"], looks=8, pause=COUNTRY_SECONDS + 0.5)
            regency = await _first_bytes(site, ["33.26"])
            bare = _p95([await _timed(lambda: owner.fetch(BARE)) for _ in range(LOOKS)])
            html, everything = await _weight(site)
            delays = await _feed(site, kafka, prefix, owner)
        await owner.close()
    say(f"  feed: median {median(delays):,.0f} ms")
    first_byte = Gate(200, at_most=True, of="value")
    return [
        Figure("board_p95_ms", country, "ms", "bare count", bare, first_byte),
        Figure("board_counted_anew_p95_ms", anew, "ms", "bare count", bare),
        Figure("board_regency_p95_ms", regency, "ms", "bare count", bare, first_byte),
        Figure(
            "page_kb",
            everything / 1e3,
            "kB",
            "HTML",
            html / 1e3,
            Gate(100, at_most=True, of="value"),
        ),
        Figure(
            "live_feed_delay_ms",
            *(_p95(delays), "ms", "median", median(delays)),
            Gate(1_000, at_most=True, of="value"),
        ),
    ]


async def _first_bytes(
    site: Site, areas: list[str], *, looks: int = LOOKS, pause: float = 0.0
) -> float:
    """p95 of the milliseconds until the board's first byte."""
    headers = {"Authorization": f"Bearer {site.token(areas)}", "Accept": "text/html"}
    async with httpx2.AsyncClient(base_url=site.url, headers=headers, timeout=30) as client:

        async def look() -> None:
            async with client.stream("GET", "/") as answer:
                answer.raise_for_status()
                await anext(answer.aiter_raw())

        times = []
        for _ in range(WARM_UP):
            await look()
        for _ in range(looks):
            await asyncio.sleep(pause)
            times.append(await _timed(look))
    return _p95(times)


async def _weight(site: Site) -> tuple[int, int]:
    """Bytes of the country's board, and with all that it loads; not compressed."""
    headers = {"Authorization": f"Bearer {site.token(['*'])}", "Accept": "text/html"}
    async with httpx2.AsyncClient(base_url=site.url, headers=headers, timeout=30) as client:
        page = (await client.get("/")).content
        assets = [
            len((await client.get(address)).content)
            for address in sorted(set(ASSET.findall(page.decode())))
        ]
    return len(page), len(page) + sum(assets)


async def _feed(site: Site, kafka: str, prefix: str, owner: asyncpg.Connection) -> list[float]:
    """Milliseconds from a decision's time until its entry is read from the stream."""
    keys = [f"33.26.10.2{number:03}" for number in range(501, 501 + DECISIONS)]
    ids, producer = Ids(), Producer({"bootstrap.servers": kafka, "linger.ms": 0})
    arrived: dict[UUID, datetime] = {}

    def send(key: str, event: AnyEventData) -> None:
        now = datetime.now(UTC)
        value = value_of(event, village=key, sequence=1, time=now, id=ids.event(now))
        producer.produce(f"{prefix}{event.topic}", value, key.encode())
        producer.flush()

    async def listen() -> None:
        headers = {"Authorization": f"Bearer {site.token(['33.26'])}"}
        async with (
            httpx2.AsyncClient(base_url=site.url, headers=headers, timeout=60) as client,
            client.stream("GET", "/langsung/aliran") as answer,
        ):
            async for line in answer.aiter_lines():
                if found := ENTRY.match(line):
                    arrived[UUID(found[1])] = datetime.now(UTC)

    listening = asyncio.create_task(listen())
    for key in keys:
        send(key, known(key))
    await asyncio.sleep(3)
    for key in keys:
        send(key, sosialisasi(key))
        await asyncio.sleep(1 / PER_SECOND)
    await asyncio.sleep(3)
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    rows = await owner.fetch(
        "SELECT decision_id, decided_at FROM decisions WHERE village_key = ANY($1)", keys
    )
    told = {row["decision_id"]: row["decided_at"] for row in rows}
    missed = len(told.keys() - arrived.keys())
    if len(told) < DECISIONS or missed:
        raise RuntimeError(f"{len(told)} decisions, {missed} of them not on the stream")
    return [(arrived[one] - at).total_seconds() * 1e3 for one, at in told.items()]


async def _timed(look: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter()
    await look()
    return (time.perf_counter() - began) * 1e3


def _p95(times: list[float]) -> float:
    return quantiles(times, n=20)[-1]
