"""Alive, ready and measured: what an orchestrator asks."""

from __future__ import annotations

import asyncio
import time

import httpx2
import pytest
from common.health import Health
from fastapi import FastAPI
from prometheus_client import REGISTRY, CollectorRegistry, Counter


@pytest.fixture
def health() -> Health:
    return Health(CollectorRegistry())


async def ask(health: Health, path: str) -> httpx2.Response:
    app = FastAPI(docs_url=None, redoc_url=None)
    app.include_router(health.router())
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=app), base_url="http://test"
    ) as client:
        return await client.get(path)


async def fine() -> None:
    return None


async def behind() -> str:
    return "120 events behind"


async def broken() -> None:
    raise ConnectionError("postgresql://work:s3cret@db refused")


async def hanging() -> None:
    await asyncio.Event().wait()


async def test_live_asks_nobody(health: Health) -> None:
    """A lost dependency must not make the orchestrator restart the process."""
    health.check("postgres", broken)

    response = await ask(health, "/live")

    assert (response.status_code, response.json()) == (200, {"live": True})


async def test_ready_when_every_probe_is_fine(health: Health) -> None:
    """200 and no reasons."""
    health.check("postgres", fine)

    response = await ask(health, "/ready")

    assert (response.status_code, response.json()) == (200, {"ready": True, "reasons": {}})


async def test_not_ready_says_why_within_two_seconds(health: Health) -> None:
    """503 with a reason per check; probes run at once, none may hang, none tells a secret."""
    for name, probe in {
        "postgres": broken,
        "kafka": hanging,
        "outbox": hanging,
        "consumer": behind,
        "disk": fine,
    }.items():
        health.check(name, probe)

    started = time.monotonic()
    response = await ask(health, "/ready")

    assert time.monotonic() - started < 3
    assert response.status_code == 503
    assert response.json() == {
        "ready": False,
        "reasons": {
            "postgres": "ConnectionError",
            "kafka": "no answer within 2 s",
            "outbox": "no answer within 2 s",
            "consumer": "120 events behind",
        },
    }
    assert "s3cret" not in response.text


async def test_metrics_are_prometheus_text(health: Health) -> None:
    """What the registry holds, in the format that Prometheus reads."""
    Counter("events_applied", "Events applied.", registry=health.registry).inc(3)

    response = await ask(health, "/metrics")

    assert "events_applied_total 3.0" in response.text
    assert response.headers["content-type"].startswith("text/plain")


async def test_metrics_say_which_check_is_not_ready() -> None:
    """Measured when it is asked for, so that an alert needs no second probe."""
    health = Health(REGISTRY)
    health.check("postgres", fine)
    health.check("consumer", behind)

    response = await ask(health, "/metrics")

    assert 'service_ready{check="postgres"} 1.0' in response.text
    assert 'service_ready{check="consumer"} 0.0' in response.text


def test_a_check_has_one_name(health: Health) -> None:
    """A second probe of the same name would hide the first."""
    health.check("postgres", fine)

    with pytest.raises(ValueError, match="postgres"):
        health.check("postgres", fine)
