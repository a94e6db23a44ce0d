"""Deciding against everything else that decides: the log stays a chain that ends in the fold."""

from __future__ import annotations

from datetime import date

from eligibility.application import Certification
from eligibility.domain.acts import ActRefused
from eligibility.domain.facts import ActKind
from support.isolation import COMMIT, Play
from support.isolation_eligibility import (
    AT_RISK_ON,
    MIDNIGHT,
    OFFICER,
    PENETAPAN,
    Rig,
    Village,
    act,
)
from support.programme import fetch

SUSPENDED = act(ActKind.PENANGGUHAN, date(2026, 3, 1))


async def test_deciding_against_an_act(rig: Rig) -> None:
    """An event that costs the village its eligibility, and its naming, at the same moment."""

    async def scenario(play: Play) -> None:
        village = await rig.village(named=False)
        lost = village.cover(3, lost=True)
        await play(
            decide=lambda stage: rig.inbox_of(stage.database).receive(lost),
            act=lambda stage: rig.certification_of(stage.database).record_act(
                village.key, PENETAPAN, OFFICER
            ),
        )
        assert "BAIK" == (await rig.check(village))[-1]

    seen = await rig.tester.every(
        scenario, decide=("lock", "facts_of", COMMIT), act=("lock_only", "append", COMMIT)
    )

    assert seen.waits


async def test_two_acts_of_one_kind(rig: Rig) -> None:
    """A village named by two offices at once is named once: the other act is refused."""

    async def scenario(play: Play) -> None:
        village = await rig.village(named=False)
        told = await play(
            act=lambda stage: rig.certification_of(stage.database).record_act(
                village.key, PENETAPAN, OFFICER
            ),
            second_act=lambda stage: rig.certification_of(stage.database).record_act(
                village.key, PENETAPAN, OFFICER
            ),
            refusals=(ActRefused,),
        )
        assert 1 == len(told.done)
        await rig.check(village)

    stops = ("lock_only", "add_act", COMMIT)
    seen = await rig.tester.every(scenario, act=stops, second_act=stops)

    assert 2 == len(seen.outcomes)


async def test_two_members_with_the_same_events(rig: Rig) -> None:
    """A zombie member and its heir work on the same records: each has its effect once."""

    async def scenario(play: Play) -> None:
        village = await rig.village()
        records = [*village.cover(2, lost=True), *village.cover(3, lost=True)]
        await play(
            member=lambda stage: rig.inbox_of(stage.database).receive(records),
            zombie=lambda stage: rig.inbox_of(stage.database).receive(records[:1]),
        )
        await rig.check(village)
        rows = await fetch(
            rig.work, "SELECT sequences FROM marks WHERE village_key = $1", village.key
        )
        assert [2, 0, 11, 0, 0] == rows[0]["sequences"]

    stops = ("lock", "append", COMMIT)
    seen = await rig.tester.every(scenario, member=stops, zombie=("lock", "advance_one", COMMIT))

    assert seen.waits


async def check_risk(rig: Rig, village: Village) -> list[str]:
    """TERANCAM is said at most once, from its due day on; the due moment is noted once."""
    standings = await rig.check(village)
    rows = await fetch(
        rig.work,
        "SELECT effective_on, previous->>'standing' AS before FROM decisions "
        "WHERE village_key = $1 AND current->>'standing' = 'TERANCAM'",
        village.key,
    )
    said = [row["effective_on"] for row in rows if row["before"] != "TERANCAM"]
    assert said in ([], [AT_RISK_ON])
    emitted = await fetch(rig.work, "SELECT due_at FROM emitted WHERE subject = $1", village.key)
    assert len(emitted) <= 1
    return standings


async def fresh(rig: Rig) -> Village:
    """A village that becomes at risk now, by time alone."""
    village = await rig.village(failing=True)
    rig.clock.go_to(MIDNIGHT)
    return village


async def review(certification: Certification, village: Village) -> int:
    return await certification.review([village.key])


async def test_two_schedulers(rig: Rig) -> None:
    """Two replicas with the same candidate: one reviews it, said once, from the due day on."""

    async def scenario(play: Play) -> None:
        village = await fresh(rig)
        told = await play(
            one=lambda stage: review(rig.certification_of(stage.database), village),
            other=lambda stage: review(rig.certification_of(stage.database), village),
        )
        assert 1 == sum(told.answers.values())
        assert "TERANCAM" == (await check_risk(rig, village))[-1]

    stops = ("lock_only", "still_due", COMMIT)
    seen = await rig.tester.every(scenario, one=stops, other=stops)

    assert seen.waits


async def test_the_scheduler_against_an_act(rig: Rig) -> None:
    """The day begins while the title is suspended: whoever comes first, both are in the log."""

    async def scenario(play: Play) -> None:
        village = await fresh(rig)
        await play(
            review=lambda stage: review(rig.certification_of(stage.database), village),
            act=lambda stage: rig.certification_of(stage.database).record_act(
                village.key, SUSPENDED, OFFICER
            ),
        )
        assert "DITANGGUHKAN" == (await check_risk(rig, village))[-1]

    seen = await rig.tester.every(
        scenario, review=("still_due", "append", COMMIT), act=("lock_only", "append", COMMIT)
    )

    assert seen.waits


async def test_the_scheduler_against_an_event(rig: Rig) -> None:
    """The day begins while the cover comes back: at risk for a moment, or never; then well."""

    async def scenario(play: Play) -> None:
        village = await fresh(rig)
        back = village.cover(2, lost=False)
        await play(
            review=lambda stage: review(rig.certification_of(stage.database), village),
            event=lambda stage: rig.inbox_of(stage.database).receive(back),
        )
        assert "BAIK" == (await check_risk(rig, village))[-1]

    seen = await rig.tester.every(
        scenario, review=("lock_only", "still_due", COMMIT), event=("lock", "facts_of", COMMIT)
    )

    assert seen.waits


async def test_scheduler_act_and_event(rig: Rig) -> None:
    """All three at once: some order of them, and the log ends where the facts do."""

    async def scenario(play: Play) -> None:
        village = await fresh(rig)
        lost = village.cover(4, lost=True)
        await play(
            review=lambda stage: review(rig.certification_of(stage.database), village),
            event=lambda stage: rig.inbox_of(stage.database).receive(lost),
            act=lambda stage: rig.certification_of(stage.database).record_act(
                village.key, SUSPENDED, OFFICER
            ),
        )
        assert "DITANGGUHKAN" == (await check_risk(rig, village))[-1]

    seen = await rig.tester.every(
        scenario, review=("still_due",), event=("facts_of",), act=("append",)
    )

    assert seen.waits


async def test_parking_is_retried_against_new_events(rig: Rig) -> None:
    """A retry drains while the next events arrive: none is lost, none overtakes."""

    async def scenario(play: Play) -> None:
        village = await rig.village()
        records = [record for number in (2, 3, 4) for record in village.cover(number, lost=True)]
        await rig.park(records[:2])
        await play(
            retry=lambda stage: rig.parking_of(stage.database).retry(village.key),
            receive=lambda stage: rig.inbox_of(stage.database).receive(records[2:]),
        )
        await rig.parking_of(rig.work).retry(village.key)
        await rig.check(village)
        row = (await fetch(rig.work, MARKS, village.key))[0]
        assert ([2, 0, 12, 0, 0], 0, 0) == tuple(row)
        assert [] == await fetch(rig.work, "SELECT FROM parked WHERE village_key = $1", village.key)

    seen = await rig.tester.every(
        scenario,
        retry=("lock", "unpark", COMMIT),
        receive=("lock", COMMIT),
    )

    assert seen.waits


MARKS = "SELECT sequences, parked, held FROM marks WHERE village_key = $1"
