"""The envelope of every event: CloudEvents 1.0, structured JSON (design: topics and events)."""

from __future__ import annotations

from abc import abstractmethod
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

CONTENT_TYPE = "application/cloudevents+json"
SEQUENCE_DIGITS = 10
MAX_EVENT_BYTES = 256 * 1024

# [0-9] and not \d, which is more than ten digits to some regular expression engines.
VILLAGE_CODE = r"[1-9][0-9]\.[0-9]{2}\.[0-9]{2}\.[123][0-9]{3}"

AREA_CODE = r"[1-9][0-9](\.[0-9]{2})?"
"""A province or a regency: the subject of facts that are no village's."""

VillageCode = Annotated[str, Field(pattern=f"^{VILLAGE_CODE}$")]
AreaCode = Annotated[str, Field(pattern=f"^{AREA_CODE}$")]
KecamatanCode = Annotated[str, Field(pattern=r"^[1-9][0-9]\.[0-9]{2}\.[0-9]{2}$")]
RegencyCode = Annotated[str, Field(pattern=r"^[1-9][0-9]\.[0-9]{2}$")]
ProvinceCode = Annotated[str, Field(pattern=r"^[1-9][0-9]$")]


class Origin(StrEnum):
    """Why an event was published; only LIVE makes single messages to people."""

    LIVE = "LIVE"
    IMPORT = "IMPORT"
    RULE = "RULE"
    REBUILD = "REBUILD"
    BACKFILL = "BACKFILL"


class AnyEventData(BaseModel):
    """What an event says; its class knows the event's type, topic and kind of subject."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    type: ClassVar[str]
    topic: ClassVar[str]
    subject_pattern: ClassVar[str]

    effective_on: date
    """Civil date, local to the village, from which the fact holds."""

    @property
    @abstractmethod
    def code(self) -> str:
        """The code of its village or area as of `effective_on`."""


class EventData(AnyEventData):
    """What an event of a village says."""

    subject_pattern: ClassVar[str] = VILLAGE_CODE

    village_code: VillageCode
    """The code valid at the time; the stream's subject is the village_key."""

    @property
    def code(self) -> str:
        return self.village_code


class AreaEventData(AnyEventData):
    """What an event of a province or a regency says."""

    subject_pattern: ClassVar[str] = AREA_CODE

    effective_on: date
    """Civil date, local to the area, from which the fact holds."""
    area_code: AreaCode
    """The stream's subject."""

    @property
    def code(self) -> str:
        return self.area_code


class Envelope(BaseModel):
    """One event as it stands on a topic."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    specversion: Literal["1.0"]
    id: UUID
    """UUIDv7; the same in every delivery of this event."""
    type: str
    """What happened; a breaking change makes a new type, `….v2`."""
    source: str
    """The stream: topic and village_key."""
    subject: VillageCode | AreaCode
    """The village_key: the code under which the village was first known; it never changes."""
    time: datetime
    """When it was recorded, UTC; strictly rising per village."""
    datacontenttype: Literal["application/json"]
    dataschema: str
    """`$id` of the JSON Schema of this event; its `data` is described there."""
    sequence: str = Field(pattern=r"^[0-9]{10}$")
    """Gapless from 0000000001 per topic and subject."""
    partitionkey: VillageCode | AreaCode
    """The record's key: the subject."""
    traceparent: str | None = Field(
        default=None, pattern=r"^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$"
    )
    """W3C Trace Context of the request that caused it."""
    origin: Origin
    batchid: UUID | None = None
    """The import, rule change or rebuild that it belongs to."""
    data: dict[str, object]


def schema_of(event_type: str) -> str:
    """`$id` of an event type's JSON Schema, the file `contracts/schemas/<type>.json`.

    Absolute, as CloudEvents 1.0 asks of `dataschema`.
    """
    return f"urn:desa-sadar:schema:{event_type}"


def sequence_text(sequence: int) -> str:
    return f"{sequence:0{SEQUENCE_DIGITS}d}"
