"""What callers send and get."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Self
from uuid import UUID

from common.events.words import AlertKind, DeliveryState, OfficeKind
from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from notifications.api.forms import Address, Day, Line
from notifications.application import DeliveryRecord
from notifications.directory import Holder, OfficeToday
from notifications.domain.deliveries import ChannelKind, WaitsFor


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewHolder(Body):
    """A person takes an office; an open term before it ends that day."""

    name: Line
    acting: bool = Field(default=False, description="Pj. or Plt.")
    begins: Day
    ends: Day | None = Field(default=None, description="The first day without this holder.")
    email: Address | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.ends is not None and self.ends <= self.begins:
            raise PydanticCustomError("ends", "Masa jabatan harus berakhir setelah dimulai.")
        return self


class TermEnd(Body):
    ends: Day = Field(description="The first day without this holder.")


class NewAddress(Body):
    email: Address | None = Field(description="null: the holder has none from that day on.")
    since: Day


class Note(Body):
    note: Line = Field(description="Why; kept with the decision.")


class HolderAdded(Body):
    holder_id: UUID


class AddressView(Body):
    since: date
    email: str | None


class HolderView(Body):
    holder_id: UUID
    name: str
    acting: bool
    begins: date
    ends: date | None
    addresses: list[AddressView] = []

    @classmethod
    def of(cls, holder: Holder) -> Self:
        return cls(
            holder_id=holder.holder_id,
            name=holder.name,
            acting=holder.acting,
            begins=holder.begins,
            ends=holder.ends,
            addresses=[AddressView(since=day, email=email) for day, email in holder.addresses],
        )


class OfficeView(Body):
    """An office and who holds it today; `holder` null is a vacancy."""

    kind: OfficeKind
    area: str
    holder: HolderView | None
    waiting: int = Field(description="Deliveries that wait for a holder, an address or names.")

    @classmethod
    def of(cls, today: OfficeToday) -> Self:
        return cls(
            kind=today.office.kind,
            area=today.office.area,
            holder=HolderView.of(today.holder) if today.holder else None,
            waiting=today.waiting,
        )


class OfficesPage(Body):
    offices: list[OfficeView]
    next: str | None = Field(description="`after` of the next page.")


class HoldersView(Body):
    holders: list[HolderView]


class DeliveryView(Body):
    """One message to one office; never an address."""

    delivery_id: UUID
    state: DeliveryState
    reason: str | None
    waits_for: WaitsFor | None
    due_at: datetime
    retry_at: datetime | None
    attempts: int
    channel: ChannelKind
    changed_at: datetime
    decision_id: UUID
    alert_kind: AlertKind
    village_key: str
    village_code: str
    office_kind: OfficeKind
    office_area: str

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        fields = {name: row[name] for name in cls.model_fields if name != "office_area"}
        return cls(office_area=row["area_code"], **fields)


class DeliveriesPage(Body):
    deliveries: list[DeliveryView]
    next: str | None = Field(description="`before` of the next page.")


class AttemptView(Body):
    attempt: int
    holder_id: UUID
    template: str
    body_sha256: str
    begun_at: datetime
    ended_at: datetime | None
    outcome: str | None
    detail: str | None


class ActView(Body):
    act: str
    actor: str
    note: str
    acted_at: datetime


class DeliveryDetail(Body):
    delivery: DeliveryView
    attempts: list[AttemptView]
    acts: list[ActView]

    @classmethod
    def of(cls, record: DeliveryRecord) -> Self:
        return cls(
            delivery=DeliveryView.of(record.delivery),
            attempts=[
                AttemptView(**(dict(row) | {"body_sha256": row["body_sha256"].hex()}))
                for row in record.attempts
            ],
            acts=[ActView(**dict(row)) for row in record.acts],
        )


class Decided(Body):
    delivery_id: UUID
    state: DeliveryState
