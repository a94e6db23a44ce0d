"""The envelope of every event: CloudEvents 1.0, structured JSON (design: topics and events)."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

CONTENT_TYPE = "application/cloudevents+json"
SEQUENCE_DIGITS = 10
MAX_EVENT_BYTES = 256 * 1024

VillageCode = Annotated[str, Field(pattern=r"^[1-9]\d\.\d{2}\.\d{2}\.[123]\d{3}$")]
KecamatanCode = Annotated[str, Field(pattern=r"^[1-9]\d\.\d{2}\.\d{2}$")]
RegencyCode = Annotated[str, Field(pattern=r"^[1-9]\d\.\d{2}$")]
ProvinceCode = Annotated[str, Field(pattern=r"^[1-9]\d$")]


class Origin(StrEnum):
    """Why an event was published; only LIVE makes single messages to people."""

    LIVE = "LIVE"
    IMPORT = "IMPORT"
    RULE = "RULE"
    REBUILD = "REBUILD"
    BACKFILL = "BACKFILL"


class EventData(BaseModel):
    """What an event says; its class knows the event's type and topic."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: ClassVar[str]
    topic: ClassVar[str]

    effective_on: date
    """Civil date, local to the village, from which the fact holds."""
    village_code: VillageCode
    """The code valid at the time; the stream's subject is the village_key."""


class Envelope(BaseModel):
    """One event as it stands on a topic."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    specversion: Literal["1.0"] = "1.0"
    id: UUID
    type: str
    source: str
    subject: str
    time: datetime
    datacontenttype: Literal["application/json"] = "application/json"
    dataschema: str
    sequence: str = Field(pattern=r"^\d{10}$")
    partitionkey: str
    traceparent: str | None = None
    origin: Origin = Origin.LIVE
    batchid: UUID | None = None
    data: dict[str, object]


def schema_of(event_type: str) -> str:
    """The relative reference of an event type's JSON Schema in `contracts/`."""
    return f"schemas/{event_type}.json"


def sequence_text(sequence: int) -> str:
    return f"{sequence:0{SEQUENCE_DIGITS}d}"
