"""Participants: found by the NIK's HMAC, sealed under keys of their own that a master key wraps."""

from __future__ import annotations

import hashlib
import hmac
import os
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from asyncpg import Record
from common.database import Connection
from common.ids import Ids
from common.sealing import Sealer

from registry.domain.nik import Nik
from registry.domain.refusals import ParticipantUnknown
from registry.storage.queries import SQL

_KEY_BYTES = 32
_HASH_BYTES = 16
"""Of the HMAC: enough that no two of a country's numbers meet (RFC 2104, section 5)."""


@dataclass(frozen=True, slots=True)
class Participant:
    """A participant whose row this transaction has locked."""

    participant_id: UUID
    participant_no: int


@dataclass(frozen=True, slots=True, repr=False)
class Identity:
    """Who a participant is; opened only to be masked."""

    participant_id: UUID
    nik: Nik
    named: bool
    recorded_at: datetime


class ParticipantStore:
    """`master_key` wraps the participants' keys; `hmac_key` finds a NIK without storing it."""

    def __init__(self, *, master_key: bytes, hmac_key: bytes, ids: Ids) -> None:
        self._master = Sealer(master_key)
        self._hmac_key = hmac_key
        self._ids = ids

    async def find_or_add(
        self, connection: Connection, nik: Nik, name: str | None, now: datetime
    ) -> Participant:
        """The participant of this NIK, locked; a name is kept if there was none."""
        digest = hmac.digest(self._hmac_key, nik.digits.encode(), hashlib.sha256)
        nik_hash = digest[:_HASH_BYTES]
        row = await connection.fetchrow(SQL["lock_participant_by_nik"], nik_hash)
        if row is None:
            participant_id, key = self._ids.random(), os.urandom(_KEY_BYTES)
            row = await connection.fetchrow(
                SQL["add_participant"],
                participant_id,
                nik_hash,
                self._master.seal(key, context=_place(participant_id, "key")),
                Sealer(key).seal(nik.digits.encode(), context=_place(participant_id, "nik")),
                _sealed_name(key, participant_id, name) if name else None,
                now,
            ) or await connection.fetchrow(SQL["lock_participant_by_nik"], nik_hash)
        participant = _locked(row)
        if row is not None and name and not row["named"]:
            key = self._key(participant.participant_id, row["wrapped_key"])
            sealed = _sealed_name(key, participant.participant_id, name)
            await connection.execute(SQL["name_participant"], participant.participant_id, sealed)
        return participant

    async def lock(self, connection: Connection, participant_id: UUID) -> Participant:
        """A known participant, locked; raises ParticipantUnknown."""
        return _locked(await connection.fetchrow(SQL["lock_participant"], participant_id))

    async def lock_of_enrollment(
        self, connection: Connection, enrollment_id: UUID
    ) -> Participant | None:
        """The participant of an enrollment, locked, before the enrollment is read."""
        row = await connection.fetchrow(SQL["lock_participant_of_enrollment"], enrollment_id)
        return _locked(row) if row else None

    async def identity(self, connection: Connection, participant_id: UUID) -> Identity:
        """Who a participant is; raises ParticipantUnknown."""
        row = await connection.fetchrow(SQL["participant"], participant_id)
        if row is None:
            raise _unknown()
        sealer = Sealer(self._key(participant_id, row["wrapped_key"]))
        digits = sealer.open(row["nik_sealed"], context=_place(participant_id, "nik")).decode()
        named = row["name_sealed"] is not None
        return Identity(participant_id, Nik(digits), named, row["recorded_at"])

    async def seal_kpj(
        self,
        connection: Connection,
        participant: Participant,
        enrollment_id: UUID,
        kpj: str | None,
    ) -> bytes | None:
        """A card number, if there is one, sealed under its participant's key for its enrollment."""
        if kpj is None:
            return None
        row = await connection.fetchrow(SQL["participant"], participant.participant_id)
        if row is None:
            raise _unknown()
        key = self._key(participant.participant_id, row["wrapped_key"])
        return Sealer(key).seal(kpj.encode(), context=_place(enrollment_id, "kpj"))

    def _key(self, participant_id: UUID, wrapped: bytes) -> bytes:
        return self._master.open(wrapped, context=_place(participant_id, "key"))


def _place(row_id: UUID, column: str) -> bytes:
    """Binds what is sealed to its row and column: moved elsewhere, it does not open."""
    return row_id.bytes + column.encode()


def _sealed_name(key: bytes, participant_id: UUID, name: str) -> bytes:
    return Sealer(key).seal(name.encode(), context=_place(participant_id, "name"))


def _locked(row: Record | None) -> Participant:
    if row is None:
        raise _unknown()
    return Participant(row["participant_id"], row["participant_no"])


def _unknown() -> ParticipantUnknown:
    return ParticipantUnknown("Peserta itu tidak dikenal; periksa participant_id atau pakai nik.")
