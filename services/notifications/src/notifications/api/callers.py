"""Who may call what, where, and what every POST needs."""

from __future__ import annotations

from typing import Annotated, Final

from common.idempotency import Answer, Once, required
from common.security import Caller, requires
from fastapi import Depends, Security
from fastapi.responses import JSONResponse

from notifications.domain.offices import covers
from notifications.refusals import OutsideAreas

READ: Final = "notifications:read"
"""Offices with their holders, and deliveries, in the caller's areas."""
WRITE: Final = "notifications:write"
"""Who holds an office and how the holder is reached, in the caller's areas."""
DECIDE: Final = "notifications:decide"
"""To have a delivery sent again or given up, in the caller's areas."""

SCOPES: Final = (READ, WRITE, DECIDE)

Reader = Annotated[Caller, Security(requires(READ))]
Writer = Annotated[Caller, Security(requires(WRITE))]
Decider = Annotated[Caller, Security(requires(DECIDE))]


Repeatable = Annotated[Once, Depends(required)]


def check_area(caller: Caller, area: str) -> None:
    """Raises OutsideAreas."""
    if not covers(caller.areas, area):
        raise OutsideAreas(area)


def answered(answer: Answer) -> JSONResponse:
    """The answer to a deed, first or repeated."""
    headers = {"Event-Position": ", ".join(answer.positions)} if answer.positions else None
    return JSONResponse(answer.body, status_code=answer.status, headers=headers)
