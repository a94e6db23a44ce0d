"""Arrival is never an input: any order, any duplication and any cut end in the same state."""

from __future__ import annotations

import random

import pytest
from common.database import Database, Queries
from common.ids import Ids
from common.inbox import Inbox
from common.sealing import Sealer
from eligibility.application import Certification
from eligibility.consumers import INPUTS
from eligibility.domain.fold import fold
from eligibility.domain.rules import default_rule_sets
from eligibility.domain.status import canonical
from eligibility.storage.facts import FactStore
from support.databases import TestDatabases
from support.histories import arrival, cut, history
from support.programme import TODAY, Registry, SteadyClock, fetch, state

HISTORIES = 100
SEEDS = (1, 2)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", SEEDS)
async def test_any_order_ends_in_the_same_state(
    databases: TestDatabases, seed: int, monkeypatch: pytest.MonkeyPatch
):
    """100 histories, told in order and told anyhow: equal villages, facts, histories and status."""
    # Here every village has a gap now and then, which in operation would be an alarm.
    monkeypatch.setattr("common.systemic.HOLDING_FLOOR", HISTORIES)
    chance = random.Random(seed)
    registry = Registry()
    villages = [f"33.26.{n // 50 + 1:02d}.2{n % 50 + 1:03d}" for n in range(HISTORIES)]
    told = [history(seed * 1000 + n, village, registry) for n, village in enumerate(villages)]

    in_order = await after(databases, told)
    records = arrival(chance, [record for some in told for record in some])
    anyhow = await after(databases, list(cut(chance, records)))

    assert HISTORIES == len(in_order["villages"])
    for name, expected in in_order.items():
        assert expected == anyhow[name], name


async def after(databases: TestDatabases, batches) -> dict[str, list]:
    """What stands in an empty database after it received the batches."""
    async with databases.fresh("eligibility") as urls:
        database = await Database.open(urls.work, name="any-order", size=2)
        clock = SteadyClock()
        certification = Certification(database, clock=clock, ids=Ids())
        await certification.install_default_rules()
        inbox = Inbox(
            database, inputs=INPUTS, effect=certification, clock=clock, sealer=Sealer(bytes(32))
        )
        for batch in batches:
            await inbox.receive(batch)
        found = await state(database)
        found["histories"] = await histories(database)
        found["waiting"] = await fetch(database, "SELECT FROM marks WHERE parked + held > 0")
        found["unlike"] = await fetch(database, UNLIKE_THE_LAST_DECISION)
        await database.close()
        return found


UNLIKE_THE_LAST_DECISION = """
    SELECT v.village_key
    FROM villages v
    LEFT JOIN decisions d ON d.decision_id = v.last_decision_id
    WHERE (v.eligibility, v.stage, v.title, v.standing) IS DISTINCT FROM (
        coalesce(d.current->>'eligibility', 'CANNOT_DECIDE'),
        coalesce(d.current->>'stage', 'NONE'),
        coalesce(d.current->>'title', 'NONE'),
        coalesce(d.current->>'standing', 'NONE')
    )"""


async def histories(database: Database) -> list[tuple[str, bytes]]:
    """Every village's history, byte by byte."""
    keys = [row[0] for row in await fetch(database, "SELECT village_key FROM villages ORDER BY 1")]
    async with database.transaction() as connection:
        stored = await FactStore(Queries.of("eligibility.storage")).of(connection, keys)
    rules = default_rule_sets()
    return [(key, canonical(fold(stored[key].facts, rules, until=TODAY))) for key in keys]
