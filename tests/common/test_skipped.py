"""Events of a type that an earlier release did not know have their effect after the upgrade."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest
from common import received
from common.database import Database, Queries
from common.events import EVENT_TYPES, registry, topics
from common.ids import Ids
from common.inbox import Inbox
from common.parking import Parking
from common.refolding import Refolded, Refolding
from common.sealing import Sealer
from eligibility.application import Certification
from eligibility.consumers import INPUTS
from eligibility.domain.fold import fold
from eligibility.domain.rules import default_rule_sets
from eligibility.domain.status import canonical
from eligibility.storage.facts import FactStore
from support.cutting import cut_off_after
from support.databases import ServiceUrls, TestDatabases
from support.histories import cut, history
from support.inbox_rig import Rig
from support.programme import TODAY, Registry, SteadyClock, fetch, state
from support.streams import KETANON, SUKOSEWU, Offsets, sosialisasi

pytestmark = pytest.mark.stack
VILLAGES = [f"33.26.12.2{n:03d}" for n in range(1, 16)]
SEALER = Sealer(bytes(32))
LATER = (
    registry.PostsDecreed,
    registry.OfficialAppointed,
    registry.OfficialCoverageChanged,
    registry.OfficialLeft,
    registry.EnrollmentActivated,
    registry.SosialisasiHeld,
    registry.VillageKnown,
)
"""What a village's history is told in: each of them was new once."""


@contextlib.contextmanager
def not_knowing(*types: str) -> Iterator[None]:
    """An earlier release: some types are in none of its registries."""
    with pytest.MonkeyPatch.context() as patch:
        for name in types:
            patch.delitem(EVENT_TYPES, name)
            patch.delitem(received._TOPIC_OF, name)
        yield


@dataclass
class Member:
    """A member of eligibility's group on a database."""

    database: Database
    inbox: Inbox
    refolding: Refolding
    parking: Parking


@contextlib.asynccontextmanager
async def member_on(url: str) -> AsyncIterator[Member]:
    database, clock = await Database.open(url, name="test", size=3), SteadyClock()
    effect = Certification(database, clock=clock, ids=Ids())
    await effect.install_default_rules()
    inbox = Inbox(database, inputs=INPUTS, effect=effect, clock=clock, sealer=SEALER)
    refolding = Refolding(database, inbox, sealer=SEALER, clock=clock)
    parking = Parking(database, inbox, sealer=SEALER, clock=clock, ids=Ids())
    yield Member(database, inbox, refolding, parking)
    await database.close()


async def everything(member: Member) -> dict[str, Any]:
    """State of all villages and their histories, byte by byte, and what waits."""
    found: dict[str, Any] = await state(member.database)
    async with member.database.transaction() as connection:
        stored = await FactStore(Queries.of("eligibility.storage")).of(connection, VILLAGES)
    rules = default_rule_sets()
    found["histories"] = {
        key: canonical(fold(some.facts, rules, until=TODAY)) for key, some in stored.items()
    }
    found["aside"] = await fetch(
        member.database,
        "SELECT (SELECT count(*) FROM skipped) + (SELECT count(*) FROM parked) + count(*)"
        " FROM marks WHERE parked + held + discards > 0",
    )
    return found


def told(seed: int) -> list:
    source = Registry()
    return [r for n, key in enumerate(VILLAGES) for r in history(seed * 100 + n, key, source)]


@pytest.mark.parametrize("later", LATER, ids=lambda data: data.type)
async def test_after_an_upgrade_nothing_tells_that_it_came_later(
    databases: TestDatabases, later: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A type unknown at first, two members that fold it at once, one cut off in the middle of it:
    state and histories are those of a release that knew the type from the start.
    """
    monkeypatch.setattr("common.refolding.PAGE", 3)
    seed = LATER.index(later) + 1
    records = told(seed)
    chance = random.Random(seed)
    async with databases.fresh("eligibility") as urls, member_on(urls.work) as member:
        await member.inbox.receive(records)
        expected = await everything(member)
    async with databases.fresh("eligibility") as urls, member_on(urls.work) as member:
        with not_knowing(later.type):
            for batch in cut(chance, records):
                await member.inbox.receive(batch)
        skipped = (await fetch(member.database, "SELECT count(*) FROM skipped"))[0][0]
        # At another statement of the pass for each type.
        assert await cut_off_after(member.database, 4 * seed, member.refolding.refold())
        async with member_on(urls.work) as second:
            await asyncio.gather(member.refolding.refold(), second.refolding.refold())
        for row in await member.parking.villages():
            await member.parking.retry(row["village_key"])
        found = await everything(member)

    assert skipped >= len(VILLAGES) // 2
    if issubclass(later, registry.EnrollmentFact):
        for some in (expected, found):  # which later earliest day was known when is not told again
            some["facts"] = [fact for fact in some["facts"] if fact[5] != "enrolled"]
    for name, some in expected.items():
        assert some == found[name], name


def outreach(offsets: Offsets, village: str, *sequences: int, **changes):
    return [
        offsets.record(sosialisasi(village), village=village, sequence=n, **changes)
        for n in sequences
    ]


@pytest.fixture
def refolding(rig: Rig, clock) -> Refolding:
    return Refolding(rig.database, rig.inbox, sealer=Sealer(b"k" * 32), clock=clock)


async def skip(rig: Rig, records: list) -> None:
    with not_knowing(registry.SosialisasiHeld.type):
        await rig.inbox.receive(records)


async def reasons(rig: Rig) -> list[tuple]:
    found = await rig.rows("SELECT sequence, reason, attempts FROM skipped ORDER BY sequence")
    return [tuple(row) for row in found]


async def test_what_is_still_unknown_stays(rig: Rig, refolding: Refolding) -> None:
    """Only what this release knows is folded, in order; the rest waits for the next one."""
    offsets = Offsets()
    await skip(rig, outreach(offsets, KETANON, 1, 2))
    await rig.inbox.receive(outreach(offsets, KETANON, 3, type="registry.village.twinned.v1"))
    await rig.inbox.receive(outreach(offsets, KETANON, 4))

    assert Refolded(2, 0) == await refolding.refold()
    assert [4, 1, 2] == await rig.effects(KETANON)
    assert [(3, None, 0)] == await reasons(rig)
    assert Refolded(0, 0) == await refolding.refold(again=True)


async def test_one_that_cannot_be_stays_with_its_reason(rig: Rig, refolding: Refolding) -> None:
    """It stops neither its village nor the others, is tried again when asked, and is never lost."""
    offsets = Offsets()
    await skip(rig, outreach(offsets, KETANON, 1, 2, 3) + outreach(offsets, SUKOSEWU, 1))
    rig.ledger.impossible.add((KETANON, 2))
    rig.ledger.failing.add((KETANON, 3))

    assert Refolded(2, 2) == await refolding.refold()
    assert ([1], [1]) == (await rig.effects(KETANON), await rig.effects(SUKOSEWU))
    assert [(2, "IMPOSSIBLE: cannot be", 1), (3, "EFFECT_FAILED: KeyError", 1)] == await reasons(
        rig
    )
    assert Refolded(0, 0) == await refolding.refold()
    rig.ledger.impossible.clear()
    assert Refolded(1, 1) == await refolding.refold(again=True)
    assert [1, 2] == await rig.effects(KETANON)
    assert [(3, "EFFECT_FAILED: KeyError", 2)] == await reasons(rig)


async def test_a_release_that_can_fold_none_stops_trying(rig: Rig, refolding: Refolding) -> None:
    """After twenty failures the reason is not theirs: the rest waits unharmed."""
    await skip(rig, outreach(Offsets(), KETANON, *range(1, 41)))
    rig.ledger.impossible |= {(KETANON, n) for n in range(1, 41)}

    assert Refolded(0, 20) == await refolding.refold()
    assert 20 == len([reason for _, reason, _ in await reasons(rig) if reason is None])
    rig.ledger.impossible.clear()
    assert Refolded(40, 0) == await refolding.refold(again=True)
    assert [] == await reasons(rig)


async def test_a_foreign_use_of_the_type_is_told_apart(rig: Rig, refolding: Refolding) -> None:
    """Read with this release's checks: a type on a topic that is not its own is refused."""
    record = Offsets().record(sosialisasi(), village=KETANON, sequence=1)
    with not_knowing(registry.SosialisasiHeld.type):
        await rig.inbox.receive(
            [type(record)(topics.REGISTRY_OFFICIALS, record.key, record.value, 0, 0)]
        )

    assert Refolded(0, 1) == await refolding.refold()
    [(_, reason, _)] = await reasons(rig)
    assert reason.startswith("WRONG_TOPIC")


async def test_an_effect_that_keeps_the_latest_is_not_set_back(rig: Rig, clock) -> None:
    """Where the latest counts, an event behind which others had their effect only stays."""
    refolding = Refolding(
        rig.database, rig.inbox, sealer=Sealer(b"k" * 32), clock=clock, latest_only=True
    )
    offsets = Offsets()
    await skip(rig, outreach(offsets, KETANON, 1, 2) + outreach(offsets, SUKOSEWU, 1))
    await rig.inbox.receive(outreach(offsets, SUKOSEWU, 2))

    assert Refolded(2, 1) == await refolding.refold()
    assert ([1, 2], [2]) == (await rig.effects(KETANON), await rig.effects(SUKOSEWU))
    assert [(1, "SUPERSEDED: a later event of its stream has had its effect", 1)] == (
        await reasons(rig)
    )


async def test_the_next_page_is_found_by_its_key(common_urls: ServiceUrls) -> None:
    """However many are skipped, a page reads its own rows."""
    query = Queries.of("common", "inbox.sql")["skipped_page"]
    owner = await asyncpg.connect(common_urls.owner)
    try:
        await owner.execute(
            "INSERT INTO skipped (village_key, topic, sequence, type, value, skipped_at)"
            " SELECT '33.26.10.2' || lpad((n % 900)::text, 3, '0'), 't', n, 'a', '', now()"
            " FROM generate_series(1, 20000) n"
        )
        await owner.execute("ANALYZE skipped")
        plan = await owner.fetch(f"EXPLAIN {query}", ["a"], KETANON, "t", 5, 100)
    finally:
        await owner.close()

    assert "Index Scan using skipped_pkey" in "\n".join(row[0] for row in plan)
