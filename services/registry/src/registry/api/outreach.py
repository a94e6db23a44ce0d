"""Routes about what was done for a village's workers, and about launches in an area."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from registry.api import outreach_bodies as bodies
from registry.api.callers import RECORDED, Reader, Writer, recorded
from registry.api.requests import Dated
from registry.application import Registry
from registry.orders import LaunchWish, WorkersWish
from registry.questions import Questions


def outreach_routes(registry: Registry, questions: Questions) -> APIRouter:
    """What was done to inform and to help, and what workers live from."""
    router = APIRouter(tags=["outreach"])

    @router.post("/villages/{code}/sosialisasi", **_deed(bodies.SosialisasiRecorded))
    async def hold_sosialisasi(code: str, body: bodies.Held, request: Writer) -> JSONResponse:
        """Record an information event that was held."""
        answer = await registry.outreach.hold_sosialisasi(
            request,
            code,
            organiser=body.organiser,
            attendance=body.attendance,
            occasion=body.occasion,
            effective_on=body.effective_on,
        )
        return recorded(answer, f"/villages/{answer.body['village_code']}/sosialisasi")

    @router.get("/villages/{code}/sosialisasi", response_model=tuple[bodies.SosialisasiView, ...])
    async def sosialisasi(code: str, caller: Reader) -> list[dict[str, object]]:
        """What was held in the village, newest first, at most 200."""
        return await questions.outreach(caller, code, "sosialisasi_of_village")

    @router.post("/villages/{code}/potentials", **_deed(bodies.PotentialRecorded))
    async def note_potential(code: str, body: bodies.Noted, request: Writer) -> JSONResponse:
        """Record what the village's workers live from; later statements of a sector replace it."""
        answer = await registry.outreach.note_potential(
            request,
            code,
            sector=body.sector,
            businesses=body.businesses,
            effective_on=body.effective_on,
        )
        return recorded(answer, f"/villages/{answer.body['village_code']}/potentials")

    @router.get("/villages/{code}/potentials", response_model=tuple[bodies.PotentialView, ...])
    async def potentials(code: str, caller: Reader) -> list[dict[str, object]]:
        """What was stated of the village, newest first, at most 200."""
        return await questions.outreach(caller, code, "potentials_of_village")

    @router.post("/villages/{code}/aid", **_deed(bodies.AidRecorded))
    async def grant_aid(code: str, body: bodies.Granted, request: Writer) -> JSONResponse:
        """Record what the village was given within the programme."""
        answer = await registry.outreach.grant_aid(
            request,
            code,
            kind=body.kind,
            amount_rupiah=body.amount_rupiah,
            effective_on=body.effective_on,
        )
        return recorded(answer, f"/villages/{answer.body['village_code']}/aid")

    @router.get("/villages/{code}/aid", response_model=tuple[bodies.AidView, ...])
    async def aid(code: str, caller: Reader) -> list[dict[str, object]]:
        """What the village was given, newest first, at most 200."""
        return await questions.outreach(caller, code, "aid_of_village")

    return router


def worker_routes(registry: Registry, questions: Questions) -> APIRouter:
    """Perisai agents, how many workers there are, and launches for all of an area."""
    router = APIRouter(tags=["outreach"])

    @router.post("/villages/{code}/perisai-agents", **_deed(bodies.AgentRecorded))
    async def assign_perisai(code: str, body: Dated, request: Writer) -> JSONResponse:
        """Record that an agent works in the village from a day on; who it is, is not kept."""
        answer = await registry.outreach.assign_perisai(
            request, code, effective_on=body.effective_on
        )
        return recorded(answer, f"/villages/{answer.body['village_code']}/perisai-agents")

    @router.get("/villages/{code}/perisai-agents", response_model=tuple[bodies.AgentView, ...])
    async def agents(code: str, caller: Reader) -> list[dict[str, object]]:
        """The village's agents, newest first, at most 200."""
        return await questions.outreach(caller, code, "agents_of_village")

    @router.post("/perisai-agents/{agent_id}/inactive", **_deed(bodies.AgentRecorded))
    async def make_inactive(agent_id: UUID, body: Dated, request: Writer) -> JSONResponse:
        """Record the first day on which the agent no longer works in the village."""
        answer = await registry.outreach.make_perisai_inactive(
            request, agent_id, effective_on=body.effective_on
        )
        return recorded(answer, f"/villages/{answer.body['village_code']}/perisai-agents")

    @router.post("/villages/{code}/worker-counts", **_deed(bodies.WorkersRecorded))
    async def count_workers(code: str, body: bodies.Counted, request: Writer) -> JSONResponse:
        """Record how many workers the village has; of one day the later statement holds."""
        answer = await registry.outreach.count_workers(
            request, code, WorkersWish(**body.model_dump())
        )
        return recorded(answer, f"/villages/{answer.body['village_code']}/worker-counts")

    @router.get("/villages/{code}/worker-counts", response_model=tuple[bodies.WorkersView, ...])
    async def worker_counts(code: str, caller: Reader) -> list[dict[str, object]]:
        """Counts of the village's workers, newest first, at most 200; the first holds now."""
        return await questions.outreach(caller, code, "worker_counts_of_village")

    @router.post("/areas/{code}/launches", **_deed(bodies.LaunchRecorded))
    async def hold_launch(code: str, body: bodies.Launched, request: Writer) -> JSONResponse:
        """Record that the programme was launched in a province or a regency."""
        answer = await registry.outreach.hold_launch(request, code, LaunchWish(**body.model_dump()))
        return recorded(answer, f"/areas/{answer.body['area_code']}/launches")

    @router.get("/areas/{code}/launches", response_model=tuple[bodies.LaunchView, ...])
    async def launches(code: str, caller: Reader) -> list[dict[str, object]]:
        """Launches held in the province or regency, newest first, at most 200."""
        return await questions.launches(caller, code)

    return router


def _deed(answer: type[BaseModel]) -> dict[str, Any]:
    """What every deed's route says of its answer."""
    return {"status_code": 201, "response_model": answer, "responses": {201: RECORDED}}
