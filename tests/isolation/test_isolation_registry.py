"""Deeds of the registry against each other: in every order one of the serial results."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from common.database import Database
from registry.domain.refusals import Conflict
from registry.storage.queries import SQL
from support.isolation import COMMIT, IsolationTester, Play
from support.isolation_registry import (
    FIRST_DAY,
    Branch,
    all_events,
    check_streams,
    of_enrollments,
    persons,
    short,
)
from support.streams import KETANON, WONOPRINGGO

ENDS = date(2020, 1, 1)


async def check_enrollment(database: Database, enrollment: UUID, expected: dict[str, int]) -> None:
    """Its versions have no gap, its row is its last event, its effects add up."""
    events = await all_events(database, KETANON, WONOPRINGGO)
    check_streams(events)
    own = of_enrollments(events, enrollment)
    steps = {(event["data"]["version"], event["data"]["status"]) for event in own}
    async with database.transaction() as connection:
        await connection.execute(SQL["see"], "*")
        row = await connection.fetchrow(
            "SELECT version, status FROM enrollments WHERE enrollment_id = $1", enrollment
        )
    assert list(range(1, len(steps) + 1)) == sorted(version for version, _ in steps)
    assert tuple(row) == max(steps)
    assert expected == {village: sum_ for village, sum_ in persons(own).items() if sum_}


async def test_activating_against_ending(registry: Database, deeds: IsolationTester) -> None:
    """One membership activated and ended at once: one of the two orders, never half of each."""
    branch = Branch()

    async def scenario(play: Play) -> None:
        enrollment = await branch.enrolled(registry, branch.new_nik(), KETANON)
        told = await play(
            activate=lambda stage: branch.registry(stage.database).activate_enrollment(
                branch.request(), enrollment, effective_on=FIRST_DAY
            ),
            end=lambda stage: branch.registry(stage.database).end_enrollment(
                branch.request(), enrollment, effective_on=ENDS
            ),
            refusals=(Conflict,),
        )
        assert told.done in ({"activate", "end"}, {"end"})
        await check_enrollment(registry, enrollment, {})

    seen = await deeds.every(
        scenario, activate=("lock_villages", "append", COMMIT), end=("spans", "append", COMMIT)
    )

    assert 2 == len(seen.outcomes)
    assert seen.waits


async def test_recording_against_ending_elsewhere(
    registry: Database, deeds: IsolationTester
) -> None:
    """A new membership while the old one ends in another village: only after it has ended."""
    branch = Branch()

    async def scenario(play: Play) -> None:
        nik = branch.new_nik()
        old = await branch.active(registry, nik, WONOPRINGGO)
        told = await play(
            enroll=lambda stage: branch.registry(stage.database).record_enrollment(
                branch.request(), KETANON, branch.wish(nik)
            ),
            end=lambda stage: branch.registry(stage.database).end_enrollment(
                branch.request(), old, effective_on=ENDS
            ),
            refusals=(Conflict,),
        )
        assert told.done in ({"enroll", "end"}, {"end"})
        if "enroll" in told.done:
            events = await all_events(registry, KETANON, WONOPRINGGO)
            new = UUID(told.answers["enroll"].body["enrollment_id"])
            assert ["enrollment.ended", "enrollment.recorded"] == short(
                of_enrollments(events, old, new)
            )[-2:]
        await check_enrollment(registry, old, {})

    seen = await deeds.every(
        scenario,
        enroll=("lock_villages", "unended_enrollments", COMMIT),
        end=("lock_villages", "change_enrollment", COMMIT),
    )

    assert 2 == len(seen.outcomes)
    assert seen.waits


async def test_two_enrolled_into_one_village(registry: Database, deeds: IsolationTester) -> None:
    """Strangers in one village wait for its lock before their sequences are drawn."""
    branch = Branch()

    async def scenario(play: Play) -> None:
        one, other = branch.new_nik(), branch.new_nik()
        await play(
            one=lambda stage: branch.registry(stage.database).record_enrollment(
                branch.request(), KETANON, branch.wish(one)
            ),
            other=lambda stage: branch.registry(stage.database).record_enrollment(
                branch.request(), KETANON, branch.wish(other)
            ),
        )
        check_streams(await all_events(registry, KETANON))

    stops = ("lock_villages", "append", COMMIT)
    seen = await deeds.every(scenario, one=stops, other=stops)

    assert seen.waits


async def test_one_person_enrolled_twice(registry: Database, deeds: IsolationTester) -> None:
    """A person unknown until now, enrolled in two villages at once: one of the two is refused."""
    branch = Branch()

    async def scenario(play: Play) -> None:
        nik = branch.new_nik()
        told = await play(
            here=lambda stage: branch.registry(stage.database).record_enrollment(
                branch.request(), KETANON, branch.wish(nik)
            ),
            there=lambda stage: branch.registry(stage.database).record_enrollment(
                branch.request(), WONOPRINGGO, branch.wish(nik)
            ),
            refusals=(Conflict,),
        )
        assert 1 == len(told.done)

    stops = ("add_participant", "unended_enrollments", COMMIT)
    seen = await deeds.every(scenario, here=stops, there=stops)

    assert 2 == len(seen.outcomes)
    assert seen.waits


async def test_moves_across_each_other(registry: Database, deeds: IsolationTester) -> None:
    """Here to there and there to here: no order deadlocks, each village hears its halves."""
    branch = Branch()

    async def scenario(play: Play) -> None:
        out = await branch.active(registry, branch.new_nik(), KETANON)
        back = await branch.active(registry, branch.new_nik(), WONOPRINGGO)
        await play(
            out=lambda stage: branch.registry(stage.database).move_enrollment(
                branch.request(), out, WONOPRINGGO, effective_on=ENDS
            ),
            back=lambda stage: branch.registry(stage.database).move_enrollment(
                branch.request(), back, KETANON, effective_on=ENDS
            ),
        )
        await check_enrollment(registry, out, {WONOPRINGGO: 1})
        await check_enrollment(registry, back, {KETANON: 1})

    stops = ("lock_villages", "append", COMMIT)
    seen = await deeds.every(scenario, out=stops, back=stops)

    assert seen.waits


async def test_three_acts_on_one_membership(registry: Database, deeds: IsolationTester) -> None:
    """Activated, moved and ended by three offices at once: some serial order, all effects zero."""
    branch = Branch()

    async def scenario(play: Play) -> None:
        enrollment = await branch.enrolled(registry, branch.new_nik(), KETANON)
        told = await play(
            activate=lambda stage: branch.registry(stage.database).activate_enrollment(
                branch.request(), enrollment, effective_on=FIRST_DAY
            ),
            move=lambda stage: branch.registry(stage.database).move_enrollment(
                branch.request(), enrollment, WONOPRINGGO, effective_on=ENDS
            ),
            end=lambda stage: branch.registry(stage.database).end_enrollment(
                branch.request(), enrollment, effective_on=ENDS
            ),
            refusals=(Conflict,),
        )
        assert "end" in told.done
        await check_enrollment(registry, enrollment, {})

    stops = ("append",)
    seen = await deeds.every(scenario, activate=stops, move=stops, end=stops)

    assert seen.waits


async def test_a_repeat_against_the_first(registry: Database, deeds: IsolationTester) -> None:
    """A request and its repeat at once: done once, and both are answered the same."""
    branch = Branch()

    async def scenario(play: Play) -> None:
        nik, request = branch.new_nik(), branch.request()
        told = await play(
            **{
                name: lambda stage: branch.registry(stage.database).record_enrollment(
                    request, KETANON, branch.wish(nik)
                )
                for name in ("first", "repeat")
            }
        )
        assert told.answers["first"] == told.answers["repeat"]
        enrollment = UUID(told.answers["first"].body["enrollment_id"])
        events = await all_events(registry, KETANON)
        assert ["enrollment.recorded"] == short(of_enrollments(events, enrollment))

    stops = ("claim", "append", COMMIT)
    seen = await deeds.every(scenario, first=stops, repeat=stops)

    assert seen.waits
