"""Routes about areas, villages and their governments."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from registry.api import answers, requests
from registry.api.callers import RECORDED, Reader, Writer, recorded
from registry.application import Registry
from registry.areas import edition
from registry.orders import Appointment
from registry.questions import Questions

AreaText = Annotated[str, Query(min_length=2, max_length=100, description="A code or a name.")]


def area_routes(questions: Questions) -> APIRouter:
    """What can be asked about areas."""
    router = APIRouter(tags=["areas"])

    @router.get("/areas", response_model=answers.EditionView)
    async def areas(_: Reader) -> answers.EditionView:
        """The edition of the area data, its licence, and how many areas are loaded."""
        loaded, counts = await questions.areas()
        name, effective_on = loaded or (edition.NAME, edition.EFFECTIVE_ON)
        return answers.EditionView(
            edition=name,
            effective_on=effective_on,
            licence=edition.LICENCE,
            attribution=edition.ATTRIBUTION,
            **counts,
        )

    @router.get("/areas/villages", response_model=answers.VillagesFound)
    async def find_villages(
        caller: Reader,
        name: Annotated[str, Query(min_length=1, max_length=100, examples=["Ketanon Ageng"])],
        regency: AreaText | None = None,
        kecamatan: AreaText | None = None,
    ) -> answers.VillagesFound:
        """Villages by name, ignoring case, spaces and punctuation; ambiguity is reported."""
        found = await questions.find_villages(caller, name, regency=regency, kecamatan=kecamatan)
        return answers.VillagesFound.of(found)

    @router.get("/villages/{code}", response_model=answers.VillageView)
    async def village(code: str, caller: Reader) -> answers.VillageView:
        """A village by its Kemendagri code, dotted or not."""
        return answers.VillageView.model_validate(await questions.village(caller, code))

    return router


def government_routes(registry: Registry, questions: Questions) -> APIRouter:
    """Posts and their holders."""
    router = APIRouter(tags=["villages"])

    @router.post(
        "/villages/{code}/posts",
        status_code=201,
        response_model=answers.DecreeRecorded,
        responses={201: RECORDED},
    )
    async def decree_posts(code: str, body: requests.DecreedPosts, request: Writer) -> JSONResponse:
        """Record the whole list of the village government's posts from a day on."""
        answer = await registry.decree_posts(
            request,
            code,
            [name for listed in body.posts for name in listed.names()],
            number=body.number,
            effective_on=body.effective_on,
        )
        return recorded(answer, f"/villages/{answer.body['village_code']}/posts")

    @router.get("/villages/{code}/posts", response_model=answers.PostsView)
    async def posts(code: str, caller: Reader, on: requests.Day | None = None) -> answers.PostsView:
        """The posts in force on a day (today), who holds them by term, and their coverage."""
        return answers.PostsView.of(await questions.posts(caller, code, on))

    @router.post(
        "/villages/{code}/officials",
        status_code=201,
        response_model=answers.TermBegun,
        responses={201: RECORDED},
    )
    async def appoint(code: str, body: requests.Appointed, request: Writer) -> JSONResponse:
        """Record that somebody holds a post from a day on.

        A new holder who replaces the one in office is one deed: `replaces_holder`. The term before
        ends and the new one begins in one transaction: no other deed comes between.
        """
        wish = Appointment(
            post_id=body.post_id,
            effective_on=body.effective_on,
            acting=body.acting,
            replaces_holder=body.replaces_holder,
            nik=body.nik.get_secret_value() if body.nik else None,
            name=body.name.get_secret_value() if body.name else None,
            participant_id=body.participant_id,
        )
        answer = await registry.appoint(request, code, wish)
        return recorded(answer, f"/villages/{answer.body['village_code']}/posts")

    @router.post(
        "/officials/{term_id}/dismissal",
        status_code=201,
        response_model=answers.TermEnded,
        responses={201: RECORDED},
    )
    async def dismiss(term_id: UUID, body: requests.Dated, request: Writer) -> JSONResponse:
        """Record the first day on which the holder no longer holds the post."""
        answer = await registry.dismiss(request, term_id, effective_on=body.effective_on)
        return recorded(answer, f"/villages/{answer.body['village_code']}/posts")

    return router
