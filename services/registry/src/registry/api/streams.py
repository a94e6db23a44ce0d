"""Routes for consumers: the stored bytes of one event, and how far each stream has come."""

from __future__ import annotations

from typing import Annotated

from common.events.envelope import CONTENT_TYPE
from fastapi import APIRouter, Path, Query
from fastapi.responses import Response

from registry.api import answers
from registry.api.callers import StreamReader
from registry.questions import Questions

_TOPIC = r"[a-z]{1,40}\.[a-z]{1,40}"
_KEY = r"[0-9.]{2,13}"


def stream_routes(questions: Questions) -> APIRouter:
    """What a consumer asks when its topic is broken or when it reconciles."""
    router = APIRouter(tags=["streams"])

    @router.get("/streams", response_model=answers.StreamsPage)
    async def streams(
        _: StreamReader,
        after: Annotated[
            str | None,
            Query(
                pattern=f"^{_TOPIC}/{_KEY}$",
                description="`next` of the page before.",
                examples=["registry.enrollments/33.26.10.2001"],
            ),
        ] = None,
        limit: Annotated[int, Query(ge=1, le=10_000)] = 1_000,
    ) -> answers.StreamsPage:
        """The last sequence and time of every stream, by village key and topic."""
        topic, village_key = (after or "/").split("/")
        counters = await questions.stream_counters((village_key, topic), limit)
        last = counters[-1] if len(counters) == limit else None
        return answers.StreamsPage(
            streams=tuple(answers.StreamView.model_validate(one) for one in counters),
            next=f"{last.topic}/{last.village_key}" if last else None,
        )

    @router.get(
        "/streams/{topic}/{village_key}/{sequence}",
        response_class=Response,
        responses={200: {"content": {CONTENT_TYPE: {}}, "description": "The event's bytes."}},
    )
    async def stored_event(
        _: StreamReader,
        topic: Annotated[str, Path(pattern=f"^{_TOPIC}$", examples=["registry.villages"])],
        village_key: Annotated[str, Path(pattern=f"^{_KEY}$", examples=["33.26.10.2001"])],
        sequence: Annotated[int, Path(ge=1, lt=2**63)],
    ) -> Response:
        """One event exactly as it was published, to put in the place of a broken record."""
        value = await questions.stored_event(topic, village_key, sequence)
        return Response(value, media_type=CONTENT_TYPE)

    return router
