"""Is the process alive, is it ready for work, and what does it measure."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from prometheus_client import CollectorRegistry, Gauge
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

PROBE_TIMEOUT = 2.0

READY = Gauge("service_ready", "1 while a check of readiness finds nothing wrong", ["check"])

Probe = Callable[[], Awaitable[str | None]]

logger = structlog.get_logger(__name__)


class Health:
    """The probes of one process and its three public routes."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self._probes: dict[str, Probe] = {}

    def check(self, name: str, probe: Probe) -> None:
        """Ask `probe` for readiness: None is fine, a text is the reason why not."""
        if name in self._probes:
            raise ValueError(f"there is a check named {name} already")
        self._probes[name] = probe

    async def reasons(self) -> dict[str, str]:
        """Why the process is not ready; empty when it is. At most 2 s, all probes at once."""
        answers = await asyncio.gather(
            *(self._ask(name, probe) for name, probe in self._probes.items())
        )
        found = dict(zip(self._probes, answers, strict=True))
        for name, reason in found.items():
            READY.labels(name).set(reason is None)
        return {name: reason for name, reason in found.items() if reason is not None}

    async def _ask(self, name: str, probe: Probe) -> str | None:
        try:
            async with asyncio.timeout(PROBE_TIMEOUT):
                return await probe()
        except TimeoutError:
            return f"no answer within {PROBE_TIMEOUT:.0f} s"
        except Exception as error:
            # Whatever it raised is the answer; the text may hold an address or a password.
            logger.warning("probe_failed", check=name, exc_info=error)
            return type(error).__name__

    def router(self) -> APIRouter:
        """/live touches nothing; /ready asks the probes; /metrics is Prometheus text."""
        router = APIRouter(include_in_schema=False)

        @router.get("/live")
        async def live() -> dict[str, bool]:
            return {"live": True}

        @router.get("/ready")
        async def ready() -> JSONResponse:
            reasons = await self.reasons()
            return JSONResponse(
                {"ready": not reasons, "reasons": reasons},
                status_code=503 if reasons else 200,
                headers={"Cache-Control": "no-store"},
            )

        @router.get("/metrics")
        async def metrics() -> Response:
            await self.reasons()
            return Response(generate_latest(self.registry), media_type=CONTENT_TYPE_LATEST)

        return router
