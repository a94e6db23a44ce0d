"""A golden example: a declared event and the bytes that the outbox makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID

from common.events.envelope import AnyEventData, Origin
from common.outbox import Appended, Draft, event_bytes
from common.telemetry import _TRACEPARENT  # trace() draws a new span; a golden one is fixed

RECORDED = datetime(2026, 3, 2, 2, 0, 0, 123456, tzinfo=UTC)
"""09:00 WIB on a Monday."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """An event as one producer would record it; all of it is synthetic."""

    name: str
    data: AnyEventData
    village_key: str | None = None
    """None: the village still has the code under which it was first known."""
    sequence: int = 1
    origin: Origin = Origin.LIVE
    batch_id: UUID | None = None
    traceparent: str | None = None

    @property
    def path(self) -> str:
        return f"examples/{self.data.type}/{self.name}.json"

    @property
    def subject(self) -> str:
        return self.village_key or self.data.code

    @property
    def time(self) -> datetime:
        """A minute after the one before in its stream."""
        return RECORDED + timedelta(minutes=self.sequence)

    @property
    def id(self) -> UUID:
        """A UUIDv7 of the event's time whose random part is the path's."""
        milliseconds = int(self.time.timestamp() * 1000)
        noise = UUID(bytes=sha256(self.path.encode()).digest()[:16], version=4).int
        return UUID(int=milliseconds << 80 | 0x7 << 76 | noise & ((1 << 76) - 1) & ~(0xF << 76))

    @property
    def draft(self) -> Draft:
        return Draft(self.subject, self.data, self.origin, self.batch_id)


def golden_bytes(example: Example) -> bytes:
    """The value as it stands on the topic."""
    appended = Appended(
        example.id, example.subject, example.data.topic, example.sequence, example.time
    )
    token = _TRACEPARENT.set(example.traceparent)
    try:
        return event_bytes(example.draft, appended)
    finally:
        _TRACEPARENT.reset(token)


def some_id(name: str) -> UUID:
    """The random UUID of a synthetic row, the same at every run."""
    return UUID(bytes=sha256(name.encode()).digest()[:16], version=4)
