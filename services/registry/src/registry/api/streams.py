"""The route for consumers whose topic is broken: the stored bytes of one event."""

from __future__ import annotations

from typing import Annotated

from common.events.envelope import CONTENT_TYPE
from common.stream_routes import KEY, TOPIC
from fastapi import APIRouter, Path
from fastapi.responses import Response

from registry.api.callers import StreamReader
from registry.questions import Questions


def stream_routes(questions: Questions) -> APIRouter:
    """What a consumer asks when its topic is broken."""
    router = APIRouter(tags=["streams"])

    @router.get(
        "/streams/{topic}/{village_key}/{sequence}",
        response_class=Response,
        responses={200: {"content": {CONTENT_TYPE: {}}, "description": "The event's bytes."}},
    )
    async def stored_event(
        _: StreamReader,
        topic: Annotated[str, Path(pattern=f"^{TOPIC}$", examples=["registry.villages"])],
        village_key: Annotated[str, Path(pattern=f"^{KEY}$", examples=["33.26.10.2001"])],
        sequence: Annotated[int, Path(ge=1, lt=2**63)],
    ) -> Response:
        """One event exactly as it was published, to put in the place of a broken record."""
        value = await questions.stored_event(topic, village_key, sequence)
        return Response(value, media_type=CONTENT_TYPE)

    return router
