"""Routes about deliveries and what persons decide on them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from common.events.words import DeliveryState
from common.problems import FieldError, Problem
from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from notifications.api import bodies
from notifications.api.callers import Decider, Reader, Repeatable, answered, check_area
from notifications.api.forms import AreaQuery, DeliveryCursor
from notifications.application import Desk


def _cursor(before: str) -> tuple[datetime, UUID]:
    """The place that `next` named; raises Problem for one that nobody gave."""
    moment, _, delivery_id = before.partition("/")
    try:
        return datetime.fromisoformat(moment), UUID(delivery_id)
    except ValueError:
        raise Problem(
            400,
            "Permintaan tidak dapat dibaca",
            "Satu isian tidak dapat dibaca.",
            (
                FieldError(
                    "query.before",
                    "Pakailah nilai `next` dari halaman sebelumnya.",
                    "malformed",
                ),
            ),
            code="malformed",
        ) from None


def delivery_routes(desk: Desk) -> APIRouter:
    """What became of every message."""
    router = APIRouter(tags=["deliveries"])

    @router.get("/deliveries")
    async def deliveries(
        caller: Reader,
        area: AreaQuery,
        state: DeliveryState | None = None,
        before: DeliveryCursor | None = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> bodies.DeliveriesPage:
        """Deliveries to the offices of an area and of those inside it, latest change first."""
        check_area(caller, area)
        cursor = _cursor(before) if before is not None else None
        rows = await desk.deliveries(area, state=state, before=cursor, limit=limit)
        last = rows[-1] if len(rows) == limit else None
        return bodies.DeliveriesPage(
            deliveries=[bodies.DeliveryView.of(row) for row in rows],
            next=f"{last['changed_at'].isoformat()}/{last['delivery_id']}" if last else None,
        )

    @router.get("/deliveries/{delivery_id}")
    async def delivery(caller: Reader, delivery_id: UUID) -> bodies.DeliveryDetail:
        """One delivery with its attempts and what persons decided on it."""
        record = await desk.delivery(delivery_id, areas=caller.areas)
        return bodies.DeliveryDetail.of(record)

    @router.post("/deliveries/{delivery_id}/retry", response_model=bodies.Decided)
    async def retry(
        caller: Decider, once: Repeatable, delivery_id: UUID, body: bodies.Note
    ) -> JSONResponse:
        """Have a failed or unknown delivery sent again; after `unknown` it may arrive twice."""
        return answered(await desk.retry(delivery_id, caller=caller, note=body.note, once=once))

    @router.post("/deliveries/{delivery_id}/give-up", response_model=bodies.Decided)
    async def give_up(
        caller: Decider, once: Repeatable, delivery_id: UUID, body: bodies.Note
    ) -> JSONResponse:
        """End a waiting or unknown delivery without a further attempt."""
        return answered(await desk.give_up(delivery_id, caller=caller, note=body.note, once=once))

    return router
