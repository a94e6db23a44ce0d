"""Publishing what a newer edition changes: in pages that each commit; again, it goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

from common.database import Connection, Database
from common.events.envelope import EventData, Origin
from common.events.registry import VillageAttributesChanged, VillageMerged, VillageSplit
from common.outbox import Draft, Outbox, VillageLocks

from registry.areas.changes import Changed, Country, Merged, Plan
from registry.areas.edition import Edition
from registry.areas.files import EditionRefused
from registry.areas.load import add_upper_levels, add_villages, batch_of
from registry.domain.areas import regency_kind, search_name
from registry.storage import areas
from registry.storage.queries import SQL

PAGE = 1_000
"""Villages of one transaction; a writing transaction is cut after 30 seconds."""
TOGETHER = 20_000
"""Villages changed at once: they may take each other's codes, or share a renamed area."""

TIED = frozenset({"re-coded", "area renamed"})
"""What ties changes of several villages together."""

Item = TypeVar("Item")


async def known_country(database: Database) -> Country:
    """What is known now, to be compared with an edition."""
    async with database.transaction() as connection:
        return Country(await areas.open_villages(connection), await areas.former_codes(connection))


class Publisher:
    """Writes the changes of one edition and tells the topics."""

    def __init__(self, database: Database, outbox: Outbox, edition: Edition) -> None:
        self._database = database
        self._outbox = outbox
        self._edition = edition

    async def publish(self, plan: Plan, progress: Callable[[int], None] = lambda _: None) -> None:
        """Upper levels, changed villages, new ones, splits, merged ones; then the edition's name.

        `progress` hears after each transaction how many villages it went through.
        """
        together = [one for one in plan.changed if TIED & set(one.kinds)]
        if len(together) > TOGETHER:
            raise EditionRefused([f"{len(together)} villages change at once; at most {TOGETHER}"])
        async with self._database.transaction() as connection:
            await self._change(connection, together, upper_levels=True)
        progress(len(together))
        for changed in _pages([one for one in plan.changed if not TIED & set(one.kinds)]):
            async with self._database.transaction() as connection:
                await self._change(connection, changed)
            progress(len(changed))
        for new in _pages(plan.new):
            async with self._database.transaction() as connection:
                await add_villages(connection, self._outbox, self._edition, new)
                keys = {village.village_key for village in new}
                await self._split(
                    connection, {k: v for k, v in plan.split_from.items() if k in keys}
                )
            progress(len(new))
        for merged in _pages(plan.merged):
            async with self._database.transaction() as connection:
                await self._close(connection, merged)
            progress(len(merged))
        async with self._database.transaction() as connection:
            await areas.note_edition(connection, self._edition)

    async def _upper_levels(self, connection: Connection) -> None:
        edition = self._edition
        await add_upper_levels(connection, edition)
        await connection.execute(
            SQL["rename_provinces"], list(edition.provinces), list(edition.provinces.values())
        )
        kinds, names = zip(*map(regency_kind, edition.regencies.values()), strict=True)
        await connection.execute(
            SQL["rename_regencies"],
            list(edition.regencies),
            kinds,
            names,
            list(map(search_name, names)),
        )
        kecamatan = edition.kecamatan
        await connection.execute(
            SQL["rename_kecamatan"],
            list(kecamatan),
            list(kecamatan.values()),
            list(map(search_name, kecamatan.values())),
        )

    async def _change(
        self, connection: Connection, changed: Sequence[Changed], *, upper_levels: bool = False
    ) -> None:
        """Change and tell what is not as the edition has it yet; a twin may have been here."""
        await connection.execute(SQL["lock_area_load"])
        locks = await areas.lock(connection, [one.before.village_key for one in changed])
        now = await areas.villages(connection, locks.keys)
        due = [one for one in changed if now[one.before.village_key] != one.after]
        if upper_levels:
            await self._upper_levels(connection)
        leaving = [one.before.village_key for one in due if "re-coded" in one.kinds]
        await connection.execute(SQL["free_codes"], leaving)
        rows = [
            (
                one.after.village_key,
                one.after.village_code,
                one.after.kecamatan_code,
                one.after.kind.value,
                one.after.name,
                search_name(one.after.name),
            )
            for one in due
        ]
        if rows:
            await connection.execute(SQL["change_villages"], *zip(*rows, strict=True))
        told: dict[str, EventData] = {
            one.after.village_key: VillageAttributesChanged(
                **dict(one.after.known(self._edition.effective_on, self._edition.name)),
                previous_code=one.before.village_code,
            )
            for one in due
        }
        await self._tell(connection, locks, told)

    async def _split(self, connection: Connection, split_from: Mapping[str, str]) -> None:
        locks = await areas.lock(connection, split_from)
        rows = await connection.fetch(
            SQL["split_villages"], list(split_from), list(split_from.values())
        )
        children = await areas.villages(connection, [row["village_key"] for row in rows])
        told: dict[str, EventData] = {
            key: VillageSplit(
                effective_on=self._edition.effective_on,
                village_code=child.village_code,
                split_from=split_from[key],
            )
            for key, child in children.items()
        }
        await self._tell(connection, locks, told)

    async def _close(self, connection: Connection, merged: Sequence[Merged]) -> None:
        into = {one.village.village_key: one.into for one in merged}
        locks = await areas.lock(connection, into)
        rows = await connection.fetch(
            SQL["close_villages"], list(into), list(into.values()), self._edition.effective_on
        )
        closed = await areas.villages(connection, [row["village_key"] for row in rows])
        told: dict[str, EventData] = {
            key: VillageMerged(
                effective_on=self._edition.effective_on,
                village_code=village.village_code,
                merged_into=into[key],
            )
            for key, village in closed.items()
        }
        await self._tell(connection, locks, told)

    async def _tell(
        self, connection: Connection, locks: VillageLocks, told: Mapping[str, EventData]
    ) -> None:
        batch = batch_of(self._edition)
        drafts = [Draft(key, data, Origin.IMPORT, batch) for key, data in sorted(told.items())]
        await self._outbox.append(connection, locks, drafts)


def _pages(items: Sequence[Item], size: int = PAGE) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
