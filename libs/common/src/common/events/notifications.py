"""What notifications tells: how each message to an office ended; never an address."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from common.events import topics
from common.events.envelope import EventData, KecamatanCode, RegencyCode
from common.events.words import AlertKind, DeliveryState, OfficeKind

AlertWord = Annotated[str, Field(pattern=r"^[A-Z][A-Z_]{0,63}$", examples=["STATUS_LOST"])]
"""A kind of alert; a later release may add one."""


class FirstAlertKind(StrEnum):
    """The kinds of the first release, which its readers know."""

    VILLAGE_ELIGIBLE = AlertKind.VILLAGE_ELIGIBLE
    VILLAGE_DESIGNATED = AlertKind.VILLAGE_DESIGNATED
    STATUS_AT_RISK = AlertKind.STATUS_AT_RISK


class DeliverySettled(EventData):
    """A message to an office was sent, failed for good, became unknown or was suppressed."""

    type: ClassVar[str] = "notifications.delivery.settled.v2"
    topic: ClassVar[str] = topics.NOTIFICATIONS_DELIVERIES

    delivery_id: UUID
    decision_id: UUID
    """What the message is about: a decision, the event of a ceremony, or a term of office."""
    alert_kind: AlertWord
    office_kind: OfficeKind
    office_area: RegencyCode | KecamatanCode
    """Code of the office's area: a regency or a kecamatan."""
    state: DeliveryState
    attempts: int = Field(ge=0)


class DeliverySettledV1(DeliverySettled):
    """A message to an office was sent, failed for good, became unknown or was suppressed."""

    type: ClassVar[str] = "notifications.delivery.settled.v1"

    decision_id: UUID
    alert_kind: FirstAlertKind


SETTLED = frozenset({DeliverySettled.type, DeliverySettledV1.type})
"""Both tell the same; messages of the first release's kinds are still told in its words."""
