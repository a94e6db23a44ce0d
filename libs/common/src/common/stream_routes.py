"""Routes of a publishing service for those who reconcile: how far each stream has come."""

# Not `from __future__ import annotations`: FastAPI reads the annotations of these closures.
import re
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Security
from pydantic import BaseModel, ConfigDict

from common.security import requires
from common.stream_counters import MAX_DIGESTS, StreamCounters

TOPIC = r"[a-z]{1,40}\.[a-z]{1,40}"
KEY = r"[0-9.]{2,13}"
_WITHDRAWN = re.compile(rf"({TOPIC})/({KEY})/([1-9]\d{{0,18}})/([0-9a-f-]{{36}})")

Limit = Annotated[int, Query(ge=1, le=10_000)]


class _View(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True, use_attribute_docstrings=True)


class StreamView(_View):
    topic: str
    village_key: str
    last_sequence: int
    last_time: datetime
    published: int
    """Up to this sequence nothing waits to leave for the topic."""
    digest: str | None
    """SHA-256 over the ids of all its events in order of sequence, 16 bytes each; hexadecimal."""


class StreamsPage(_View):
    """`next` is the `after` of the following page; null: this is the last one."""

    streams: tuple[StreamView, ...]
    next: str | None


class WithdrawnView(_View):
    topic: str
    village_key: str
    sequence: int
    id: UUID
    replaced_by: int
    """The sequence at which its fact was published again."""


class WithdrawnPage(_View):
    """`next` is the `after` of the following page; null: this is the last one."""

    withdrawn: tuple[WithdrawnView, ...]
    next: str | None


def counter_routes(counters: StreamCounters, scope: str) -> APIRouter:
    """`GET /streams` and `GET /streams/withdrawn`, for callers with `scope`."""
    router = APIRouter(tags=["streams"], dependencies=[Security(requires(scope))])

    @router.get("/streams")
    async def streams(
        after: Annotated[
            str | None,
            Query(
                pattern=f"^{TOPIC}/{KEY}$",
                description="`next` of the page before.",
                examples=["registry.enrollments/33.26.10.2001"],
            ),
        ] = None,
        limit: Limit = 1_000,
        *,
        digests: Annotated[
            bool, Query(description=f"With digests; at most {MAX_DIGESTS:,} streams a page then.")
        ] = False,
    ) -> StreamsPage:
        """The last sequence and time of every stream, by village key and topic."""
        topic, village_key = (after or "/").split("/")
        most = min(limit, MAX_DIGESTS) if digests else limit
        found = await counters.page((village_key, topic), most, digests=digests)
        last = found[-1] if len(found) == most else None
        return StreamsPage(
            streams=tuple(StreamView.model_validate(one) for one in found),
            next=f"{last.topic}/{last.village_key}" if last else None,
        )

    @router.get("/streams/withdrawn")
    async def withdrawn(
        after: Annotated[
            str | None,
            Query(
                pattern=f"^{_WITHDRAWN.pattern}$",
                description="`next` of the page before.",
                examples=["registry.outreach/33.26.10.2001/7/0198f1c2-7b1e-7c33-9d55-6b1f0c9a1e00"],
            ),
        ] = None,
        limit: Limit = 1_000,
    ) -> WithdrawnPage:
        """Records that a restored service wrote at sequences which were taken; to be discarded."""
        place = _WITHDRAWN.fullmatch(after or "")
        key = (place[2], place[1], int(place[3]), UUID(place[4])) if place else _FIRST
        found = await counters.withdrawn(key, limit)
        last = found[-1] if len(found) == limit else None
        return WithdrawnPage(
            withdrawn=tuple(WithdrawnView.model_validate(one) for one in found),
            next=f"{last.topic}/{last.village_key}/{last.sequence}/{last.id}" if last else None,
        )

    return router


_FIRST = ("", "", 0, UUID(int=0))
