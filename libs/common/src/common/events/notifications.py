"""What notifications tells: how each message to an office ended; never an address."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from pydantic import Field

from common.events import topics
from common.events.envelope import EventData, KecamatanCode, RegencyCode
from common.events.words import AlertKind, DeliveryState, OfficeKind


class DeliverySettled(EventData):
    """A message to an office was sent, failed for good, became unknown or was suppressed."""

    type: ClassVar[str] = "notifications.delivery.settled.v1"
    topic: ClassVar[str] = topics.NOTIFICATIONS_DELIVERIES

    delivery_id: UUID
    decision_id: UUID
    alert_kind: AlertKind
    office_kind: OfficeKind
    office_area: RegencyCode | KecamatanCode
    """Code of the office's area: a regency or a kecamatan."""
    state: DeliveryState
    attempts: int = Field(ge=0)
