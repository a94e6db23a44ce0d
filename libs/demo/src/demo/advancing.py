"""`demo advance`: from due moment to due moment, and what each of them brought."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, TypeAlias

from common.events.words import Stage
from rich.console import Console

from demo.client import Client
from demo.clocks import OPENS, WIB, Clocks
from demo.mailboxes import Mailbox
from demo.printing import Printer
from demo.scenario import Scenario
from demo.wording import say_day

MOST = 500
"""Due moments in one go."""
MOST_DAYS = 3660
PAGE = 200

Standing: TypeAlias = Mapping[str, Mapping[str, Any]]
"""Villages by their key, as eligibility shows them."""


class NoAim(ValueError):
    """Time cannot be moved where it was asked to."""


def aim_of(days: str, until: str) -> timedelta | datetime | None:
    """So many days, or 09.00 WIB of a day, or None if neither is given; raises NoAim."""
    if days and until:
        raise NoAim("Pilih salah satu: DAYS atau UNTIL, bukan keduanya.")
    if days:
        try:
            number = float(days)
        except ValueError:
            number = -1
        if not 0 <= number <= MOST_DAYS:
            raise NoAim(f"DAYS harus berupa bilangan 0 sampai {MOST_DAYS}, misalnya DAYS=30.")
        return timedelta(days=number)
    if until:
        try:
            return datetime.combine(date.fromisoformat(until), OPENS, WIB)
        except ValueError:
            raise NoAim(
                "UNTIL harus berupa tanggal YYYY-MM-DD, misalnya UNTIL=2027-03-01."
            ) from None
    return None


class Advance:
    """Moves business time and says which villages changed and which mails went out."""

    def __init__(self, client: Client, *, mailbox: Mailbox, console: Console) -> None:
        self._client = client
        self._clocks = Clocks(client)
        self._mailbox = mailbox
        self._console = console
        self._printer = Printer(console, Scenario.load())

    async def to_next(self) -> None:
        """On to the next due moment that changes something for people, and rest there."""
        await self._clocks.rest()
        for _ in range(MOST):
            due = await self._clocks.next_due()
            if due is None:
                break
            if await self._step(due):
                return
        self._say("Tidak ada yang jatuh tempo; waktu tidak dimajukan lagi.")

    async def until(self, target: datetime) -> None:
        """On through every due moment up to the target, and rest there; raises NoAim."""
        now = await self._clocks.now()
        if target < now:
            raise NoAim(
                f"UNTIL {target:%Y-%m-%d} pukul {target:%H.%M} WIB sudah lewat: sekarang "
                f"{say_day(now.date(), weekday=True)}, pukul {now:%H.%M} WIB. Waktu tidak mundur."
            )
        await self._through(target)

    async def by_days(self, days: timedelta) -> None:
        """On by so many days."""
        await self._through(await self._clocks.now() + days)

    async def _through(self, target: datetime) -> None:
        furthest = datetime.now(WIB) + timedelta(days=MOST_DAYS)
        if target > furthest:
            raise NoAim(f"Waktu dapat dimajukan paling jauh sampai {say_day(furthest.date())}.")
        await self._clocks.rest()
        for _ in range(MOST):
            due = await self._clocks.next_due()
            if due is None or due > target:
                break
            await self._step(due)
        await self._clocks.move_to(target)
        await self._clocks.rest()
        now = await self._clocks.now()
        self._say(f"Sekarang {say_day(now.date(), weekday=True)}, pukul {now:%H.%M} WIB.")

    async def _step(self, moment: datetime) -> bool:
        """Move to a due moment and rest; whether anything came of it, which is said."""
        before, mails = await self._standing(), len(await self._mailbox())
        with self._console.status("Memajukan waktu ..."):
            await self._clocks.move_to(moment)
            await self._clocks.rest()
        after, arrived = await self._standing(), await self._mailbox()
        changed = [village for key, village in after.items() if before.get(key) != village]
        new = arrived[: len(arrived) - mails][::-1]
        if not changed and not new:
            return False
        local = moment.astimezone(WIB)
        self._console.print()
        self._say(f"[bold]{say_day(local.date(), weekday=True)}, pukul {local:%H.%M} WIB[/bold]")
        self._printer.changed(changed)
        self._printer.sent(new)
        return True

    async def _standing(self) -> Standing:
        """All villages of which more is known than their place, as told apart by people."""
        stages = [stage for stage in Stage if stage is not Stage.NONE]
        listed = await asyncio.gather(*(self._of_stage(stage) for stage in stages))
        return {
            village["village_key"]: {
                name: village.get(name)
                for name in ("name", "kind", "status", "grace_ends", "proposal")
            }
            for page in listed
            for village in page
        }

    async def _of_stage(self, stage: Stage) -> list[Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = []
        after = ""
        while True:
            page = await self._client.get(
                "eligibility", "/villages", stage=stage.value, after=after, limit=PAGE
            )
            found += page["villages"]
            if page["next"] is None:
                return found
            after = page["next"]

    def _say(self, text: str) -> None:
        self._console.print(f" {text}")
