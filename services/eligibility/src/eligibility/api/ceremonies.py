"""Ceremonies: planned, moved and listed."""

# Not `from __future__ import annotations`: FastAPI reads the annotations of these closures.
from datetime import date
from typing import Annotated
from uuid import UUID

from common.events.eligibility import TimeOfDay
from common.events.words import CeremonyKind, OfficeKind, Venue
from common.idempotency import Answer, Once, required
from fastapi import APIRouter, Depends, Response
from pydantic import ConfigDict

from eligibility.api.asking import Actor, Code, Reader
from eligibility.api.bodies import Body
from eligibility.application import Certification
from eligibility.domain.ceremonies import Plan, When
from eligibility.reading import Reading


class MoveRequest(Body):
    """Another day or hour, on the village's own clocks."""

    planned_for: date
    begins_at: TimeOfDay | None = None
    """None: not said yet."""

    def when(self) -> When:
        return When(self.planned_for, self.begins_at)


class CeremonyRequest(MoveRequest):
    """A ceremony to which offices are invited; its act is recorded on its day."""

    kind: CeremonyKind
    venue: Venue
    host: OfficeKind

    def plan(self) -> Plan:
        return Plan(self.kind, self.when(), self.venue, self.host)


class CeremonyRecorded(Body):
    ceremony_id: UUID
    village_key: str


class CeremonyBody(Body):
    model_config = ConfigDict(from_attributes=True)

    ceremony_id: UUID
    kind: CeremonyKind
    planned_for: date
    begins_at: TimeOfDay | None
    venue: Venue
    host: OfficeKind
    moved: bool


class CeremoniesBody(Body):
    ceremonies: list[CeremonyBody]


def ceremonies_router(reading: Reading, certification: Certification) -> APIRouter:
    router = APIRouter(tags=["ceremonies"])

    @router.get("/villages/{code}/ceremonies")
    async def list_ceremonies(code: Code, caller: Reader) -> CeremoniesBody:
        """The village's ceremonies, the latest first."""
        found = await reading.ceremonies(caller.areas, code)
        return CeremoniesBody(ceremonies=[CeremonyBody.model_validate(one) for one in found])

    @router.post("/villages/{code}/ceremonies", status_code=201)
    async def plan(
        code: Code,
        caller: Actor,
        request: CeremonyRequest,
        response: Response,
        once: Annotated[Once, Depends(required)],
    ) -> CeremonyRecorded:
        """Plan a ceremony; the offices concerned are invited."""
        answer = await certification.ceremonies.plan(code, request.plan(), caller, once)
        key = answer.body["village_key"]
        response.headers["Location"] = f"/villages/{key}/ceremonies"
        return _recorded(answer, response)

    @router.post("/ceremonies/{ceremony_id}/moved")
    async def move(
        ceremony_id: UUID,
        caller: Actor,
        request: MoveRequest,
        response: Response,
        once: Annotated[Once, Depends(required)],
    ) -> CeremonyRecorded:
        """Move a ceremony to another day or hour; who was invited is told."""
        answer = await certification.ceremonies.move(ceremony_id, request.when(), caller, once)
        return _recorded(answer, response)

    return router


def _recorded(answer: Answer, response: Response) -> CeremonyRecorded:
    response.headers["Event-Position"] = ", ".join(answer.positions)
    return CeremonyRecorded.model_validate(answer.body)
