"""Read your own write."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest
from common.inbox import Inbox
from support.programme import TODAY, Registry, activated, coverage_changed, known
from support.streams import KETANON, SUKOSEWU, WONOPRINGGO

READ = "eligibility:read"


async def test_the_answer_waits_for_the_event(api, inbox: Inbox, registry: Registry):
    """`wait_for` answers once the event has had its effect, and then shows it."""
    client = await api(READ)
    await inbox.receive(registry.tell(known()))
    asking = asyncio.create_task(
        client.get(f"/villages/{KETANON}?wait_for=registry.enrollments/{KETANON}/1&timeout=10")
    )
    await asyncio.sleep(0)
    assert not asking.done()

    await inbox.receive(registry.tell(activated()))

    answer = await asking
    assert (200, 1) == (answer.status_code, answer.json()["counts"]["persons"])


async def test_it_waits_for_a_village_that_is_not_known_yet(api, inbox: Inbox, registry: Registry):
    """The first event of a village can be waited for."""
    client = await api(READ)
    asking = asyncio.create_task(
        client.get(f"/villages/{KETANON}?wait_for=registry.villages/{KETANON}/1&timeout=10")
    )
    await asyncio.sleep(0)

    await inbox.receive(registry.tell(known()))

    assert 200 == (await asking).status_code


async def test_positions_of_other_villages_are_theirs(api, inbox: Inbox, registry: Registry):
    """A move writes to two villages; each answers for its own."""
    client = await api(READ)
    await inbox.receive(registry.tell(known(), activated()))
    positions = f"registry.enrollments/{KETANON}/1, registry.enrollments/{SUKOSEWU}/9"

    answer = await client.get(f"/villages/{KETANON}", params={"wait_for": positions})

    assert 200 == answer.status_code


async def test_a_time_out_says_how_far_it_was(api, inbox: Inbox, registry: Registry):
    """504 with the marks when the event does not come in time."""
    client = await api(READ)
    await inbox.receive(registry.tell(known(), activated()))

    answer = await client.get(
        f"/villages/{KETANON}?wait_for=registry.enrollments/{KETANON}/5&timeout=0.1"
    )

    problem = answer.json()
    assert (504, "/problems/position-not-reached") == (answer.status_code, problem["type"])
    assert "marks.registry.enrollments" in [error["field"] for error in problem["errors"]]


async def test_a_parked_village_says_so_at_once(api, inbox: Inbox, registry: Registry):
    """409 when a person must act first; the status shows since when it may be old."""
    client = await api(READ)
    bad = coverage_changed(uuid4(), uuid4(), TODAY)
    await inbox.receive(registry.tell(known(), bad))

    answer = await client.get(f"/villages/{KETANON}?wait_for=registry.officials/{KETANON}/1")
    shown = (await client.get(f"/villages/{KETANON}")).json()

    assert (409, "/problems/village-parked") == (answer.status_code, answer.json()["type"])
    assert (False, True) == (shown["settled"], shown["stale_since"] is not None)


async def test_outside_the_areas_there_is_nothing_to_wait_for(
    api, inbox: Inbox, registry: Registry
):
    """404 at once and without marks, whether the village is waiting, parked or not there."""
    stranger = await api(READ, areas=["35.05"])
    bad = coverage_changed(uuid4(), uuid4(), TODAY)
    await inbox.receive(registry.tell(known(), bad))

    for village in (KETANON, WONOPRINGGO):
        for query in ("", f"?wait_for=registry.officials/{village}/9&timeout=10"):
            answer = await stranger.get(f"/villages/{village}{query}")

            assert (404, "/problems/village-unknown", []) == (
                answer.status_code,
                answer.json()["type"],
                answer.json().get("errors", []),
            )


@pytest.mark.parametrize(
    "positions", ["x", "registry.enrollments/33.26", "a.b/33.26/0", "a.b/1/2;"]
)
async def test_a_malformed_position_is_refused(api, positions):
    """What Event-Position never says is not waited for."""
    client = await api(READ)

    answer = await client.get(f"/villages/{KETANON}", params={"wait_for": positions})

    assert (400, "query.wait_for") == (answer.status_code, answer.json()["errors"][0]["field"])
