"""A caller sees and counts the villages of its areas, whoever used the connection before it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import httpx2
import pytest
from common.database import Database
from common.health import Health
from common.ids import Ids
from common.inbox import Inbox
from common.security import Authenticator, JwksFile
from common.security.demo import DEMO_ISSUER, JWKS, demo_token, ensure_demo_secrets
from common.stream_counters import StreamCounters
from eligibility.application import Certification
from eligibility.main import create_app, reading_of
from prometheus_client import CollectorRegistry
from support.databases import ServiceUrls
from support.programme import Registry, SteadyClock, activated, known

CALLERS = 1_000
TOGETHER = 40
"""Callers on their way at once, on two connections."""
REGENCIES = ("33.10", "33.25", "33.26", "33.27", "33.75", "35.05", "91.71")
VILLAGES = [
    f"{regency}.{kecamatan:02}.{2001 + village}"
    for regency in REGENCIES
    for kecamatan in (1, 2, 12)
    for village in range(3)
]
MEMBERS = {code: 1 + index for index, code in enumerate(VILLAGES)}
"""Every village has another number of members, so that each sum is that of one area only."""
ACT = {"act": "PERESMIAN", "number": "1", "effective_on": "2026-03-02", "signing_office": "Bupati"}


def within(areas: Sequence[str]) -> list[str]:
    return [c for c in VILLAGES if any(a in ("*", c) or c.startswith(f"{a}.") for a in areas)]


AREAS: list[list[str]] = [
    ["*"],
    [],
    ["33"],
    ["33.2"],
    ["99.99"],
    ["33.26", "35.05"],
    *([regency] for regency in REGENCIES),
    *([f"{regency}.12"] for regency in REGENCIES),
    *([code] for code in VILLAGES[::5]),
]
"""`33.2` is the beginning of codes and no area; `99.99` has no villages."""


@dataclass
class Crowd:
    """Callers of the HTTP edge, and others that set no area at all, on one pool of two."""

    http: httpx2.AsyncClient
    pool: Database
    tokens: list[str]
    dice: random.Random
    counting: str
    """Counts the rows of every table with row security."""

    async def lists(self, who: int) -> None:
        """Every village of its areas and no other, with their members."""
        answer = await self.http.get("/villages", params={"limit": 200}, headers=self._as(who))
        seen = {v["village_code"]: v["counts"]["persons"] for v in answer.json()["villages"]}
        assert {code: MEMBERS[code] for code in within(AREAS[who])} == seen

    async def opens(self, who: int) -> None:
        """One village's page: there if it is in the areas, unknown if not."""
        code = self.dice.choice(VILLAGES)
        answer = await self.http.get(f"/desa/{code}", headers=self._as(who))
        assert (200 if code in within(AREAS[who]) else 404) == answer.status_code

    async def fails(self, who: int) -> None:
        """A deed that is refused in its transaction, or for a village out of sight."""
        code = self.dice.choice(VILLAGES)
        headers = {**self._as(who), "Idempotency-Key": f"{self.dice.random()}"}
        answer = await self.http.post(f"/villages/{code}/acts", json=ACT, headers=headers)
        assert (409 if code in within(AREAS[who]) else 404) == answer.status_code

    async def leaves(self, who: int) -> None:
        """A caller that hangs up, somewhere between the first statement and the last."""
        request = asyncio.create_task(self.lists(who))
        await asyncio.sleep(self.dice.random() * 0.05)
        request.cancel()
        await asyncio.gather(request, return_exceptions=True)

    async def unset(self, _: int) -> None:
        """A transaction that names no area sees nothing."""
        async with self.pool.transaction() as connection:
            seen = await connection.fetchrow(self.counting)
        assert {0} == {*seen}

    def _as(self, who: int) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[who]}"}


async def counting(pool: Database) -> str:
    async with pool.transaction() as connection:
        rows = await connection.fetch(
            "SELECT relname FROM pg_class "
            "WHERE relrowsecurity AND has_table_privilege(oid, 'SELECT')"
        )
    names = [row[0] for row in rows]
    assert {"villages", "facts", "ledger", "decisions", "acts"} <= {*names}
    return f"SELECT {', '.join(f'(SELECT count(*) FROM {name})' for name in names)}"  # noqa: S608


@pytest.fixture
async def crowd(
    eligibility_urls: ServiceUrls,
    clock: SteadyClock,
    inbox: Inbox,
    registry: Registry,
    tmp_path: Path,
) -> AsyncIterator[Crowd]:
    first = date(2026, 2, 1)
    for code in VILLAGES:
        joined = activated(code, first, [(first, {"persons": MEMBERS[code]})])
        await inbox.receive(registry.tell(known(code), joined, village=code))
    ensure_demo_secrets(tmp_path)
    pool = await Database.open(eligibility_urls.app, name="test-crowd", size=2)
    app = create_app(
        reading=reading_of(pool, clock),
        certification=Certification(pool, clock=clock, ids=Ids()),
        counters=StreamCounters(pool),
        authenticator=Authenticator(
            issuer=DEMO_ISSUER, audience="eligibility", jwks=JwksFile(tmp_path / JWKS)
        ),
        health=Health(CollectorRegistry()),
        clock=clock,
    )
    scopes = ("eligibility:read", "eligibility:act")
    tokens = [
        demo_token(tmp_path, audience="eligibility", scopes=scopes, areas=areas) for areas in AREAS
    ]
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://e") as http:
        yield Crowd(http, pool, tokens, random.Random(33_26), await counting(pool))
    await pool.close()


@pytest.mark.timeout(150)
async def test_a_thousand_callers_on_two_connections_see_their_own(crowd: Crowd) -> None:
    """Lists, pages, refusals, hang-ups and callers without an area, all in between each other."""
    kinds: list[Callable[[int], object]] = [crowd.lists, crowd.opens, crowd.fails]
    kinds += [crowd.lists, crowd.leaves, crowd.unset]
    gate = asyncio.Semaphore(TOGETHER)

    async def come(number: int) -> None:
        async with gate:
            await kinds[number % len(kinds)](crowd.dice.randrange(len(AREAS)))  # type: ignore[misc]

    await asyncio.gather(*(come(number) for number in range(CALLERS)))

    for who in range(len(AREAS)):
        await crowd.lists(who)
        await crowd.unset(who)
