"""What is refused to a person, in formal Bahasa Indonesia.

Refusal
├── HolderNotFound
├── NotInTerm
├── DeliveryNotFound
├── NotInState
└── OutsideAreas
"""

from __future__ import annotations

from datetime import date
from uuid import UUID

from common.events.words import DeliveryState


class Refusal(Exception):
    """The request cannot be done as things stand."""


class HolderNotFound(Refusal):
    def __init__(self, holder_id: UUID) -> None:
        super().__init__(f"Pejabat {holder_id} tidak tercatat.")


class NotInTerm(Refusal):
    def __init__(self, ends: date, begins: date) -> None:
        super().__init__(
            f"Masa jabatan yang mulai {begins} tidak dapat berakhir pada {ends}: tanggal itu "
            "mendahului awalnya atau melewati awal masa jabatan penggantinya."
        )


class DeliveryNotFound(Refusal):
    def __init__(self, delivery_id: UUID) -> None:
        super().__init__(f"Pengiriman {delivery_id} tidak ditemukan.")


class NotInState(Refusal):
    def __init__(self, state: DeliveryState, wanted: str) -> None:
        super().__init__(
            f"Pengiriman berada dalam keadaan {state}; tindakan ini hanya untuk {wanted}."
        )


class OutsideAreas(Refusal):
    def __init__(self, area: str) -> None:
        super().__init__(f"Token ini tidak mencakup wilayah {area}.")
