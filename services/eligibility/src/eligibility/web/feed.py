"""The live feed: a list that works by itself, and the stream that adds to it."""

# Not `from __future__ import annotations`: FastAPI reads the annotations of these closures.
import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Annotated
from uuid import UUID

from common.problems import Problem
from common.web import Viewer, viewing
from fastapi import APIRouter, Depends, Header, Query, Request, Security
from fastapi.responses import HTMLResponse, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from eligibility.feed import TooManyStreams
from eligibility.reading import Reading
from eligibility.storage.feed import BEGINNING
from eligibility.web.happenings import said
from eligibility.web.rendering import Pages

Reader = Annotated[Viewer, Security(viewing("eligibility:read"))]
LISTED = 40
STREAM_SECONDS = 900.0
"""Then the browser connects anew and is asked again who it is."""
RETRY = 2_000
"""Milliseconds until the browser connects again."""


def feed_pages(reading: Reading, pages: Pages) -> APIRouter:
    """The page of what happens, and its stream."""
    router = APIRouter(prefix="/langsung")

    @router.get("", response_class=HTMLResponse)
    async def happening(request: Request, viewer: Reader) -> Response:
        """The newest in the viewer's areas, in words."""
        found = await reading.feed.newest(viewer.caller.areas, LISTED)
        return pages.render(request, viewer, "feed.html", happenings=found, said=said)

    def place() -> Iterator[asyncio.Event]:
        """One of the streams that this process may keep open."""
        try:
            with reading.feed.place() as news:
                yield news
        except TooManyStreams:
            raise Problem(
                503,
                "Terlalu banyak yang mengikuti",
                "Muat ulang halaman ini untuk melihat yang terbaru.",
                code="too-many-streams",
                headers={"Retry-After": "60"},
            ) from None

    @router.get("/aliran", response_class=EventSourceResponse)
    async def stream(
        viewer: Reader,
        news: Annotated[asyncio.Event, Depends(place)],
        after: Annotated[UUID, Query(alias="setelah")] = BEGINNING,
        last_event_id: Annotated[UUID | None, Header()] = None,
    ) -> AsyncIterator[ServerSentEvent]:
        """Each new entry as a part of the page, with its id to go on from."""
        yield ServerSentEvent(comment="siap", retry=RETRY)
        begun = last_event_id or after
        areas = viewer.caller.areas
        async for one in reading.feed.follow(news, areas, begun, STREAM_SECONDS):
            text = pages.part("board/happening.html", one=one, said=said, new=True)
            yield ServerSentEvent(raw_data=text.strip(), id=str(one.id))

    return router
