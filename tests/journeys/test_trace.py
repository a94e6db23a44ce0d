"""One trace from the request to the decision and the message, through outbox and Kafka."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from common.events import topics
from support.system import System
from support.waiting import eventually

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120)]

SUKOSEWU = "35.05.15.2004"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = f"00-{TRACE}-00f067aa0ba902b7-01"


async def test_one_trace_from_request_to_decision(system: System) -> None:
    """The trace of a request is in its event, in the decision it causes, and in the logs of both.

    Each hop is a span of its own: the trace id stays, the parent id does not.
    """
    async with system.client("registry") as registry:
        answer = await registry.post(
            f"/villages/{SUKOSEWU}/sosialisasi",
            json={"effective_on": "2026-03-02", "organiser": "BRANCH_OFFICE"},
            headers={"traceparent": TRACEPARENT, "Idempotency-Key": "one"},
        )
    assert 201 == answer.status_code

    async def decided() -> int:
        return len(await system.records(topics.ELIGIBILITY_CERTIFICATIONS))

    await eventually(decided, 1)
    [held] = await envelopes(system, topics.REGISTRY_OUTREACH)
    [decision] = await envelopes(system, topics.ELIGIBILITY_CERTIFICATIONS)

    parents = [event["traceparent"].split("-") for event in (held, decision)]
    assert [TRACE, TRACE] == [parent[1] for parent in parents]
    assert 3 == len({"00f067aa0ba902b7", *(parent[2] for parent in parents)})
    assert [held["id"]] == decision["data"]["inputs"]
    assert held["time"] == decision["data"]["newest_input_time"]
    assert TRACE in system.processes["registry"].log.read_text()


async def envelopes(system: System, topic: str) -> list[dict[str, Any]]:
    return [msgspec.json.decode(record.value) for record in await system.records(topic)]
