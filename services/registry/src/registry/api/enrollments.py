"""Routes about memberships and the people who have them."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import structlog
from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from registry.api import answers, requests
from registry.api.callers import RECORDED, PeopleReader, Writer, recorded
from registry.application import Registry
from registry.orders import NewEnrollment
from registry.questions import Questions

FIRST = UUID(int=0)

logger = structlog.get_logger(__name__)


def enrollment_routes(registry: Registry, questions: Questions) -> APIRouter:
    """Recording, activating, moving and ending memberships, and reading them."""
    router = APIRouter(tags=["enrollments"])

    @router.post(
        "/villages/{code}/enrollments",
        status_code=201,
        response_model=answers.EnrollmentRecorded,
        responses={201: RECORDED},
    )
    async def record_enrollment(
        code: str, body: requests.Enrolled, request: Writer
    ) -> JSONResponse:
        """Record a membership; it counts once it is activated."""
        wish = NewEnrollment(
            nik=body.nik.get_secret_value(),
            segment=body.segment,
            programmes=body.programmes,
            effective_on=body.effective_on,
            name=body.name.get_secret_value() if body.name else None,
            birth_date=body.birth_date,
            kpj=body.kpj.get_secret_value() if body.kpj else None,
        )
        answer = await registry.record_enrollment(request, code, wish)
        return recorded(answer, f"/enrollments/{answer.body['enrollment_id']}")

    @router.get("/villages/{code}/enrollments", response_model=answers.EnrollmentsPage)
    async def enrollments(
        code: str,
        caller: PeopleReader,
        after: UUID = FIRST,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
    ) -> answers.EnrollmentsPage:
        """The enrollments that are in the village now, by key."""
        village, found = await questions.enrollments(caller, code, after=after, limit=limit)
        return answers.EnrollmentsPage(
            enrollments=tuple(answers.EnrollmentView.of(one, village) for one in found),
            next=found[-1].enrollment_id if len(found) == limit else None,
        )

    @router.get("/enrollments/{enrollment_id}", response_model=answers.EnrollmentView)
    async def enrollment(enrollment_id: UUID, caller: PeopleReader) -> answers.EnrollmentView:
        """An enrollment as it stands after its last act."""
        return answers.EnrollmentView.of(*await questions.enrollment(caller, enrollment_id))

    @router.post(
        "/enrollments/{enrollment_id}/activation",
        status_code=201,
        response_model=answers.EnrollmentRecorded,
        responses={201: RECORDED},
    )
    async def activate(enrollment_id: UUID, body: requests.Dated, request: Writer) -> JSONResponse:
        """Record the first contribution: protection begins."""
        answer = await registry.activate_enrollment(
            request, enrollment_id, effective_on=body.effective_on
        )
        return recorded(answer, f"/enrollments/{enrollment_id}")

    @router.post(
        "/enrollments/{enrollment_id}/ending",
        status_code=201,
        response_model=answers.EnrollmentRecorded,
        responses={201: RECORDED},
    )
    async def end(enrollment_id: UUID, body: requests.Dated, request: Writer) -> JSONResponse:
        """Record the first day without the membership."""
        answer = await registry.end_enrollment(
            request, enrollment_id, effective_on=body.effective_on
        )
        return recorded(answer, f"/enrollments/{enrollment_id}")

    @router.post(
        "/enrollments/{enrollment_id}/move",
        status_code=201,
        response_model=answers.EnrollmentMoved,
        responses={201: RECORDED},
    )
    async def move(enrollment_id: UUID, body: requests.Moved, request: Writer) -> JSONResponse:
        """Record that the membership goes on in another village."""
        answer = await registry.move_enrollment(
            request, enrollment_id, body.to_village_code, effective_on=body.effective_on
        )
        return recorded(answer, f"/enrollments/{enrollment_id}")

    @router.get("/participants/{participant_id}", response_model=answers.ParticipantView)
    async def participant(participant_id: UUID, caller: PeopleReader) -> answers.ParticipantView:
        """A participant, masked; the reading is logged with the caller."""
        found = await questions.participant(caller, participant_id)
        logger.info("participant_read", participant_id=participant_id, caller=caller.identity)
        return answers.ParticipantView(
            participant_id=found.participant_id,
            nik=found.nik.masked,
            named=found.named,
            recorded_at=found.recorded_at,
        )

    return router
