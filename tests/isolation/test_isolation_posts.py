"""A post in one village, its holder's membership in another: the post always hears of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from common.database import Database
from support.isolation import COMMIT, IsolationTester, Play
from support.isolation_registry import (
    FIRST_DAY,
    Branch,
    Event,
    all_events,
    check_streams,
)
from support.streams import KETANON, WONOPRINGGO

LEAVES = date(2020, 1, 1)


def told_of(events: Sequence[Event], post: UUID) -> list[Event]:
    """What was told of a post's holder, in its order."""
    return [event["data"] for event in events if event["data"].get("post_id") == str(post)]


async def test_appointing_against_activating(registry: Database, deeds: IsolationTester) -> None:
    """Whoever comes first, the last that is told of the post is that its holder is covered."""
    branch = Branch()
    [*posts] = await branch.posts(registry, KETANON, 80)

    async def scenario(play: Play) -> None:
        nik, post = branch.new_nik(), posts.pop()
        enrollment = await branch.enrolled(registry, nik, WONOPRINGGO)
        await play(
            appoint=lambda stage: branch.appoint(stage.database, KETANON, post, nik),
            activate=lambda stage: branch.registry(stage.database).activate_enrollment(
                branch.request(), enrollment, effective_on=FIRST_DAY
            ),
        )
        events = await all_events(registry, KETANON, WONOPRINGGO)
        check_streams(events)
        assert "AKTIF" == told_of(events, post)[-1]["coverage"][-1]["status"]

    seen = await deeds.every(
        scenario,
        appoint=("lock_villages", "add_term", COMMIT),
        activate=("lock_villages", "append", COMMIT),
    )

    assert seen.waits


async def test_dismissing_against_activating(registry: Database, deeds: IsolationTester) -> None:
    """A term that has ended is told no coverage from a later day.

    The term ends under its village's lock alone, so it is read again under that lock.
    """
    branch = Branch()
    [*posts] = await branch.posts(registry, KETANON, 80)

    async def scenario(play: Play) -> None:
        nik, post = branch.new_nik(), posts.pop()
        enrollment = await branch.enrolled(registry, nik, WONOPRINGGO)
        appointed = await branch.appoint(registry, KETANON, post, nik)
        term = UUID(appointed.body["term_id"])
        await play(
            dismiss=lambda stage: branch.registry(stage.database).dismiss(
                branch.request(), term, effective_on=LEAVES
            ),
            activate=lambda stage: branch.registry(stage.database).activate_enrollment(
                branch.request(), enrollment, effective_on=LEAVES
            ),
        )
        events = await all_events(registry, KETANON, WONOPRINGGO)
        check_streams(events)
        told = told_of(events, post)
        left = next(i for i, data in enumerate(told) if "coverage" not in data)
        assert len(told) == left + 1, "told of the coverage of a term that had ended"

    seen = await deeds.every(
        scenario,
        dismiss=("lock_villages", "end_term", COMMIT),
        activate=("lock_villages", "append", COMMIT),
    )

    assert seen.waits
