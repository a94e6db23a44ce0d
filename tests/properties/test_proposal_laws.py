"""A proposal stands exactly while the log has warned long enough and grace is over."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from common.clock import local_date
from common.database import Database
from common.events.words import Eligibility, Stage, Standing, TimeZone, Title
from common.ids import Ids
from common.inbox import Inbox
from common.sealing import Sealer
from common.security import Caller
from eligibility.application import Act, Certification
from eligibility.consumers import INPUTS
from eligibility.domain.acts import ActRefused
from eligibility.domain.facts import ActKind
from eligibility.domain.proposals import Opens, Proposal, Warned, Withdraws, weigh
from eligibility.domain.status import Face, Status
from eligibility.storage.villages import UnknownVillage
from hypothesis import given, settings
from hypothesis import strategies as st
from support.databases import TestDatabases
from support.histories import arrival, cut, history
from support.programme import Registry, SteadyClock, fetch

BASE = date(2026, 3, 2)
OFFICER = Caller("urn:test", "petugas", frozenset(), frozenset({"*"}))
VILLAGES = 24


def status(standing: Standing, grace_ends: date | None) -> Status:
    at_risk = standing is Standing.TERANCAM
    return Status(
        Face(Eligibility.NOT_ELIGIBLE, Stage.SOSIALISASI, Title.DITETAPKAN, standing),
        failing_since=grace_ends - timedelta(days=90) if at_risk and grace_ends else None,
        grace_ends=grace_ends if at_risk else None,
    )


steps = st.lists(
    st.tuples(
        st.integers(0, 40),
        st.sampled_from([Standing.TERANCAM] * 4 + [Standing.BAIK, Standing.DITANGGUHKAN]),
        st.integers(-40, 60),
    ),
    min_size=1,
    max_size=20,
)


@settings(max_examples=1000, derandomize=True, deadline=None)
@given(steps)
def test_a_proposal_stands_while_it_is_due(told: Sequence[tuple[int, Standing, int]]):
    """Opened and withdrawn in turns, once each, and only by what an oracle of the log says."""
    warned, today, number = Warned(), BASE, 0
    said_since: date | None = None
    for days, standing, grace in told:
        today += timedelta(days=days)
        said = status(standing, BASE + timedelta(days=grace))
        said_since = (said_since or today) if standing is Standing.TERANCAM else None
        due = (
            said.grace_ends is not None
            and said_since is not None
            and today >= said.grace_ends
            and today >= said_since + timedelta(days=30)
        )
        before = warned.proposal
        warned, step = weigh(warned, said, today)
        assert isinstance(step, Opens) == (due and before is None)
        assert isinstance(step, Withdraws) == (not due and before is not None)
        if isinstance(step, Opens):
            number += 1
            warned = Warned(warned.announced_on, Proposal(UUID(int=number), today))
        assert (warned, None) == weigh(warned, said, today)
        if warned.propose_on is not None:
            assert warned.propose_on > today
            assert (warned, None) == weigh(warned, said, warned.propose_on - timedelta(days=1))
            assert isinstance(weigh(warned, said, warned.propose_on)[1], Opens)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_any_order_and_any_restart_leave_what_the_log_asks_for(
    databases: TestDatabases, seed: int, monkeypatch: pytest.MonkeyPatch
):
    """Histories out of order and twice, acts, nights and new processes: what stands is due."""
    monkeypatch.setattr("common.systemic.HOLDING_FLOOR", VILLAGES)
    chance, registry, clock = random.Random(seed), Registry(), SteadyClock()
    villages = [f"33.26.0{seed}.2{number:03d}" for number in range(1, VILLAGES + 1)]
    told = [history(seed * 500 + n, village, registry) for n, village in enumerate(villages)]
    batches = list(cut(chance, arrival(chance, [record for some in told for record in some])))
    async with databases.fresh("eligibility") as urls:
        work = await Database.open(urls.work, name="laws", size=2)
        app = await Database.open(urls.app, name="laws-app", size=2)
        branch = Certification(app, clock=clock, ids=Ids())
        early = len(batches) // 2
        opened = 0
        for night in range(24):
            certification = Certification(work, clock=clock, ids=Ids())  # a new process
            await certification.install_default_rules()
            inbox = Inbox(
                work, inputs=INPUTS, effect=certification, clock=clock, sealer=Sealer(bytes(32))
            )
            due, early = batches[:early], max(1, len(batches) // 8)
            again = chance.choices(due, k=2) if due else []
            for batch in (*due, *again):
                await inbox.receive(batch)
            batches = batches[len(due) :]
            await persons(branch, chance, villages, clock, first=night == 0)
            await certification.foresee()
            opened = await check(work, clock)
            clock.go_to(clock.at + timedelta(days=chance.choice([1, 2, 7, 20])))
            await certification.review_due()
            opened = await check(work, clock)
        await app.close()
        await work.close()
    assert opened >= 3  # otherwise the run has shown nothing


async def persons(
    branch: Certification,
    chance: random.Random,
    villages: Sequence[str],
    clock: SteadyClock,
    *,
    first: bool,
) -> None:
    """On the first day all are named; later now and then a title is suspended or restored."""
    today = clock.today(TimeZone.WIB)
    kinds = [ActKind.PENETAPAN] if first else [ActKind.PENANGGUHAN, ActKind.PEMULIHAN]
    for village in villages if first else chance.sample(villages, 2):
        for kind in kinds if first else chance.choices(kinds, k=1):
            act = Act(kind, "560/1", today, "Bupati", "tercatat")
            try:
                await branch.record_act(village, act, OFFICER)
            except (ActRefused, UnknownVillage):
                continue


async def check(database: Database, clock: SteadyClock) -> int:
    """Hold every village's log and working row to the oracle; how many proposals there were."""
    today = clock.today(TimeZone.WIB)
    rows = await fetch(
        database,
        "SELECT *, current->>'standing' AS standing FROM decisions "
        "ORDER BY village_key, decided_at",
    )
    working = {row["village_key"]: row for row in await fetch(database, "SELECT * FROM villages")}
    logs: dict[str, list[Any]] = {}
    for row in rows:
        logs.setdefault(row["village_key"], []).append(row)
    for village, log in logs.items():
        row = working[village]
        assert is_due(log, row, today) == (row["proposal_id"] is not None), village
        check_turns(log, row["proposal_id"])
    return sum(row["entry"] == "PROPOSED" for row in rows)


def is_due(log: Sequence[Any], row: Any, today: date) -> bool:
    """By the log alone, entry by entry, and the end of grace that holds today."""
    since = None
    for entry in log:
        if entry["standing"] != Standing.TERANCAM:
            since = None
        elif since is None:
            since = local_date(entry["decided_at"], TimeZone.WIB)
    if since is None:
        return False
    return today >= max(row["grace_ends"], since + timedelta(days=30))


def check_turns(log: Sequence[Any], open_id: UUID | None) -> None:
    """The log is a chain; proposals are opened and withdrawn in turns, each named once."""
    stands: UUID | None = None
    previous: UUID | None = None
    for entry in log:
        assert previous == entry["previous_decision_id"]
        previous = entry["decision_id"]
        if entry["entry"] == "PROPOSED":
            assert stands is None
            assert entry["decision_id"] == entry["proposal_id"]
            stands = entry["decision_id"]
        elif entry["entry"] == "WITHDRAWN":
            assert stands == entry["proposal_id"]
            stands = None
    assert stands == open_id
