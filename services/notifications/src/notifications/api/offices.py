"""Routes about offices, their holders and how these are reached."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from common.events.words import OfficeKind
from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response

from notifications.api import bodies
from notifications.api.callers import Reader, Repeatable, Writer, answered, check_area
from notifications.api.forms import AreaPath, AreaQuery, OfficeCursor
from notifications.directory import Directory
from notifications.domain.offices import Office
from notifications.domain.terms import Appointment


def office_routes(directory: Directory) -> APIRouter:
    """Who is written to."""
    router = APIRouter(tags=["offices"])

    @router.get("/offices")
    async def offices(
        caller: Reader,
        area: AreaQuery,
        after: OfficeCursor | None = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> bodies.OfficesPage:
        """The known offices of an area and of those inside it, with today's holders."""
        check_area(caller, area)
        area_code, kind = (after or "/").split("/")
        page = await directory.offices(area, after=(area_code, kind), limit=limit)
        last = page[-1].office if len(page) == limit else None
        return bodies.OfficesPage(
            offices=[bodies.OfficeView.of(office) for office in page],
            next=f"{last.area}/{last.kind}" if last else None,
        )

    @router.get("/offices/{kind}/{area}")
    async def holders(caller: Reader, kind: OfficeKind, area: AreaPath) -> bodies.HoldersView:
        """The holders of an office, the latest first, with their addresses."""
        check_area(caller, area)
        found = await directory.holders(Office(kind, area))
        return bodies.HoldersView(holders=[bodies.HolderView.of(holder) for holder in found])

    @router.post(
        "/offices/{kind}/{area}/holders", status_code=201, response_model=bodies.HolderAdded
    )
    async def appoint(
        caller: Writer, once: Repeatable, kind: OfficeKind, area: AreaPath, body: bodies.NewHolder
    ) -> JSONResponse:
        """A person takes the office; what waited for one is sent."""
        check_area(caller, area)
        appointment = Appointment(Office(kind, area), **body.model_dump())
        return answered(await directory.appoint(appointment, by=caller.identity, once=once))

    @router.put("/offices/{kind}/{area}/holders/{holder_id}/end", status_code=204)
    async def end_term(
        caller: Writer, kind: OfficeKind, area: AreaPath, holder_id: UUID, body: bodies.TermEnd
    ) -> Response:
        """The holder leaves; until the next one comes the office is vacant and messages wait."""
        check_area(caller, area)
        await directory.end_term(Office(kind, area), holder_id, body.ends)
        return Response(status_code=204)

    @router.put("/offices/{kind}/{area}/holders/{holder_id}/address", status_code=204)
    async def change_address(
        caller: Writer, kind: OfficeKind, area: AreaPath, holder_id: UUID, body: bodies.NewAddress
    ) -> Response:
        """The holder's e-mail address from a day on."""
        check_area(caller, area)
        await directory.change_address(
            Office(kind, area), holder_id, body.email, body.since, by=caller.identity
        )
        return Response(status_code=204)

    return router
