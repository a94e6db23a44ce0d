"""The stored bytes of one event, for a consumer whose topic is broken."""

# Not `from __future__ import annotations`: FastAPI reads the annotations of these closures.
from typing import Annotated

from common.events import topics
from common.events.envelope import CONTENT_TYPE
from fastapi import APIRouter, Path
from fastapi.responses import Response

from eligibility.api.asking import StreamReader
from eligibility.reading import Reading


def streams_router(reading: Reading) -> APIRouter:
    router = APIRouter(tags=["streams"])

    @router.get(
        "/streams/{topic}/{village_key}/{sequence}",
        response_class=Response,
        responses={200: {"content": {CONTENT_TYPE: {}}, "description": "The event's bytes."}},
    )
    async def stored_event(
        caller: StreamReader,
        topic: Annotated[
            str,
            Path(
                pattern=r"^[a-z]{1,40}\.[a-z]{1,40}$",
                examples=[topics.ELIGIBILITY_CERTIFICATIONS],
            ),
        ],
        village_key: Annotated[str, Path(pattern=r"^[0-9.]{2,13}$", examples=["33.26.12.2008"])],
        sequence: Annotated[int, Path(ge=1, lt=2**63)],
    ) -> Response:
        """One event exactly as it was published, to put in the place of a broken record."""
        del caller
        value = await reading.stored_event(topic, village_key, sequence)
        return Response(value, media_type=CONTENT_TYPE)

    return router
