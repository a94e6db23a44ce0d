"""Postgres is away: every service lives, says so, and goes on by itself when it is back."""

from __future__ import annotations

import time
from uuid import uuid4

import httpx2
import pytest
from embedded.stack import Stack
from support.reckoning import unrest
from support.system import SERVICES, System, in_villages
from support.waiting import eventually

pytestmark = [pytest.mark.stack, pytest.mark.faults, pytest.mark.timeout(180)]

[VILLAGE] = in_villages("35.05.15", [1])
QUESTIONS = {
    "registry": f"/villages/{VILLAGE}",
    "eligibility": f"/villages/{VILLAGE}",
    "notifications": "/deliveries?area=35.05",
}
HELD = {"effective_on": "2026-03-02", "organiser": "BRANCH_OFFICE"}
ANSWERS_WITHIN = 12.0
"""Seconds: a request waits at most 10 s for a connection."""
BACK_WITHIN = 30.0


async def test_each_service_says_so_and_recovers(system: System, own_stack: Stack) -> None:
    """503 as a problem (RFC 9457) with Retry-After, /live 200, /ready names the database; the
    deed that was refused is done once when it is repeated under its key.
    """
    key = {"Idempotency-Key": str(uuid4())}
    for service in SERVICES:
        assert 200 == (await asked(system, service)).status_code

    await own_stack.kill("postgres")

    for service in SERVICES:
        began = time.monotonic()
        refused(await asked(system, service))
        assert ANSWERS_WITHIN > time.monotonic() - began
        async with system.client(service) as client:
            assert 200 == (await client.get("/live")).status_code
            ready = await client.get("/ready")
            assert 503 == ready.status_code
            assert "database" in ready.json()["reasons"]
    async with system.client("registry") as client:
        refused(await client.post(f"/villages/{VILLAGE}/sosialisasi", json=HELD, headers=key))

    await own_stack.restart("postgres")

    for service in SERVICES:
        await system.ready(service, within=BACK_WITHIN)
    async with system.client("registry") as client:
        path = f"/villages/{VILLAGE}/sosialisasi"
        first = await client.post(path, json=HELD, headers=key)
        again = await client.post(path, json=HELD, headers=key)
    assert (201, first.json()) == (again.status_code, again.json())
    await eventually(lambda: unrest(system), {}, within=30)


async def asked(system: System, service: str) -> httpx2.Response:
    async with system.client(service, seconds=20) as client:
        return await client.get(QUESTIONS[service])


def refused(answer: httpx2.Response) -> None:
    """A clear refusal for now."""
    assert 503 == answer.status_code, answer.text
    assert "application/problem+json" == answer.headers["Content-Type"]
    assert int(answer.headers["Retry-After"]) > 0
    problem = answer.json()
    assert 503 == problem["status"]
    assert problem["title"]
    assert problem["detail"]
