"""What a batch of the registry's events does here."""

from __future__ import annotations

from uuid import uuid4

from common.database import Database
from common.inbox import Inbox

from support.programme import Registry, staffed
from support.streams import KETANON


async def test_a_fully_covered_village_becomes_eligible(
    inbox: Inbox, work: Database, registry: Registry
):
    """Known, decreed, all posts held and covered: ELIGIBLE, and the log says so once."""
    posts = [uuid4() for _ in range(9)]

    await inbox.receive(staffed(registry, posts, [uuid4() for _ in posts]))

    async with work.transaction() as connection:
        row = await connection.fetchrow("SELECT * FROM villages")
        decisions = await connection.fetch("SELECT * FROM decisions")
        events = await connection.fetch("SELECT * FROM unpublished")
        parked = await connection.fetch("SELECT * FROM parked")
    assert [] == parked
    assert ("ELIGIBLE", "MEMENUHI_SYARAT", "NONE", "NONE") == tuple(
        row[name] for name in ("eligibility", "stage", "title", "standing")
    )
    assert [KETANON] == [decision["village_key"] for decision in decisions]
    assert 1 == len(events)
