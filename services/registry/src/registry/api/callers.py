"""Who may call what, and what every POST needs."""

from __future__ import annotations

from typing import Annotated, Final

from common.idempotency import Answer, Once, required
from common.security import Caller, requires
from fastapi import Depends, Security
from fastapi.responses import JSONResponse

from registry.deed import Request

READ: Final = "registry:read"
"""Areas, villages, posts, outreach: nothing about a person."""
PEOPLE: Final = "registry:people"
"""Enrollments and participants, masked, in the caller's areas."""
WRITE: Final = "registry:write"
"""Every deed, in the caller's areas."""
STREAMS: Final = "registry:streams"
"""Stored events and stream counters, for consumers that repair and reconcile."""

SCOPES: Final = (READ, PEOPLE, WRITE, STREAMS)

Reader = Annotated[Caller, Security(requires(READ))]
PeopleReader = Annotated[Caller, Security(requires(PEOPLE))]
StreamReader = Annotated[Caller, Security(requires(STREAMS))]


async def _request(
    caller: Annotated[Caller, Security(requires(WRITE))],
    repeatable: Annotated[Once, Depends(required)],
) -> Request:
    return Request(caller, repeatable)


Writer = Annotated[Request, Depends(_request)]

RECORDED: Final[dict[str, object]] = {
    "description": "Recorded; a repeat with the same Idempotency-Key is answered the same.",
    "headers": {
        "Location": {"description": "Where to read it.", "schema": {"type": "string"}},
        "Event-Position": {
            "description": "Last position of every stream written, `topic/village_key/sequence`, "
            "separated by commas; what `wait_for` takes.",
            "schema": {"type": "string"},
            "example": "registry.enrollments/33.26.10.2001/12",
        },
    },
}


def recorded(answer: Answer, location: str) -> JSONResponse:
    """The answer to a deed, first or repeated."""
    return JSONResponse(
        answer.body,
        status_code=answer.status,
        headers={"Location": location, "Event-Position": ", ".join(answer.positions)},
    )
