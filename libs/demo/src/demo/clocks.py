"""Business time of the three services: one offset for all, and waiting until all is at rest."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from typing import Any

from common.clock import ZONES
from common.events.words import TimeZone

from demo.client import Client
from demo.places import SERVICES

WIB = ZONES[TimeZone.WIB]
OPENS = time_of_day(9)
CLOSES = time_of_day(16)
SATURDAY = 5
REST_SECONDS = 120.0
POLL_SECONDS = 0.1
MOVED_IN_ORDER = ("registry", "notifications", "eligibility")
"""Eligibility last: what it decides because a day began is heard by a service of that day."""

View = Mapping[str, Any]


class Restless(RuntimeError):
    """The services did not come to rest within two minutes."""


class Clocks:
    """The clocks of the three services."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def read(self) -> dict[str, View]:
        """What each service says of its time, by name."""
        views = await asyncio.gather(*(self._client.get(s, "/clock") for s in SERVICES))
        return dict(zip(SERVICES, views, strict=True))

    async def now(self) -> datetime:
        """Business time in Jakarta."""
        latest = max(view["now"] for view in (await self.read()).values())
        return datetime.fromisoformat(latest).astimezone(WIB)

    async def next_due(self) -> datetime | None:
        """When time alone will change something next; None: nothing is foreseen."""
        times = [view["next_due"] for view in (await self.read()).values() if view["next_due"]]
        return min(map(datetime.fromisoformat, times), default=None)

    async def rest(self, within: float = REST_SECONDS) -> None:
        """Wait until nothing is due and every event was heard; raises Restless."""
        deadline = time.monotonic() + within
        while busy := _busy(await self.read()):
            if time.monotonic() > deadline:
                raise Restless(f"Layanan belum selesai setelah {within:.0f} detik: {busy}.")
            await asyncio.sleep(POLL_SECONDS)

    async def move_to(self, moment: datetime) -> None:
        """Move all clocks to the moment, never back; the same offset for all."""
        ahead = (moment - datetime.now(UTC)).total_seconds()
        known = max(view["moved_by_seconds"] for view in (await self.read()).values())
        for service in MOVED_IN_ORDER:
            await self._client.move_clock(service, max(ahead, known, 0.0))

    async def open_the_office(self, day: date | None = None) -> date:
        """Move on to office hours of a working day (09.00 WIB of `day`, if given); the day."""
        now = await self.now()
        opening = datetime.combine(day, OPENS, WIB) if day else _next_opening(now)
        if opening > now:
            await self.move_to(opening)
        return max(now, opening).date()


def _next_opening(now: datetime) -> datetime:
    """`now` within office hours, else when the office opens next."""
    if now.weekday() < SATURDAY and OPENS <= now.time() < CLOSES:
        return now
    day = now.date() if now.time() < OPENS else now.date() + timedelta(days=1)
    while day.weekday() >= SATURDAY:
        day += timedelta(days=1)
    return datetime.combine(day, OPENS, WIB)


def _busy(views: Mapping[str, View]) -> str:
    """What still moves, in words; empty at rest."""
    published: dict[str, int] = {}
    for view in views.values():
        published |= view["published"]
    found = [f"{s} mengerjakan {view['due']}" for s, view in views.items() if view["due"]]
    for service, view in views.items():
        behind = sum(published.get(topic, 0) - heard for topic, heard in view["heard"].items())
        found += [f"{service} belum mendengar {behind} peristiwa"] if behind > 0 else []
    return ", ".join(found)
