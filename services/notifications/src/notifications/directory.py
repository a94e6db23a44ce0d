"""The directory of offices: who holds which one when, and how the holder is reached."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import asyncpg
from common.clock import Clock
from common.database import Connection, Database
from common.events.words import OfficeKind, TimeZone
from common.idempotency import Answer, Once, claim, store
from common.ids import Ids
from common.sealing import Sealer

from notifications.domain.offices import Office
from notifications.domain.terms import (
    Appointment,
    TermsOverlap,
    check_beginning,
    check_end,
    succeed,
)
from notifications.refusals import HolderNotFound, NotInTerm
from notifications.storage import directory, local_days
from notifications.storage.directory import SealedHolder


@dataclass(frozen=True, slots=True)
class Holder:
    """A term as it is shown to who may see names."""

    holder_id: UUID
    name: str
    acting: bool
    begins: date
    ends: date | None
    addresses: tuple[tuple[date, str | None], ...] = ()


@dataclass(frozen=True, slots=True)
class OfficeToday:
    """An office, its holder of the day, and how many deliveries wait for one or for an address."""

    office: Office
    holder: Holder | None
    waiting: int


@dataclass(frozen=True, slots=True)
class Appointed:
    added: int
    known: int


class Directory:
    """Deeds on offices and their holders; names and addresses are sealed with `sealer`."""

    def __init__(self, database: Database, *, sealer: Sealer, clock: Clock, ids: Ids) -> None:
        self._database = database
        self._sealer = sealer
        self._clock = clock
        self._ids = ids

    async def appoint(
        self, appointment: Appointment, *, by: str, once: Once | None = None
    ) -> Answer:
        """Record that a person takes an office; an open term before it ends that day.

        Raises DayOutsideLimits and TermsOverlap.
        """
        async with self._database.transaction() as connection:
            now = self._clock.now()
            if once and (answer := await claim(connection, once, now)):
                return answer
            added, known = await self._appoint(connection, [appointment], by)
            if known:
                raise TermsOverlap(appointment.office, appointment.begins)
            answer = Answer(201, {"holder_id": str(added[0].holder_id)}, ())
            if once:
                await store(connection, once, answer, now)
            return answer

    async def appoint_all(self, appointments: Sequence[Appointment], *, by: str) -> Appointed:
        """Record many, all or none; those on record from the same day are passed over.

        Raises DayOutsideLimits and TermsOverlap.
        """
        async with self._database.transaction() as connection:
            added, known = await self._appoint(connection, appointments, by)
        return Appointed(len(added), known)

    async def _appoint(
        self, connection: Connection, appointments: Sequence[Appointment], by: str
    ) -> tuple[list[SealedHolder], int]:
        by_office: dict[Office, list[Appointment]] = defaultdict(list)
        today = self._clock.today(TimeZone.WIB)
        for appointment in appointments:
            check_beginning(appointment.begins, today)
            if appointment.ends is not None:
                check_end(appointment.ends, today)
            by_office[appointment.office].append(appointment)
        office_ids = await directory.lock_offices(connection, sorted(by_office))
        terms = await directory.terms(connection, list(office_ids.values()))
        ends: dict[UUID, date] = {}
        added: list[SealedHolder] = []
        known = 0
        for office, some in by_office.items():
            succession = succeed(terms[office_ids[office]], some)
            ends.update(succession.end)
            known += len(succession.known)
            added += [self._sealed(office_ids[office], item) for item in succession.add]
        now = self._clock.now()
        await directory.end_terms(connection, ends)
        await directory.add_holders(connection, added, by=by, now=now)
        await directory.wake_offices(connection, list(office_ids.values()), now)
        return added, known

    async def end_term(self, office: Office, holder_id: UUID, ends: date) -> None:
        """End a term: `ends` is the first day without this holder.

        Raises DayOutsideLimits, HolderNotFound and NotInTerm.
        """
        check_end(ends, self._clock.today(TimeZone.WIB))
        async with self._database.transaction() as connection:
            found = await directory.lock_holder(connection, office, holder_id)
            if found is None:
                raise HolderNotFound(holder_id)
            office_id, term = found
            if ends <= term.begins:
                raise NotInTerm(ends, term.begins)
            try:
                await directory.end_terms(connection, {holder_id: ends})
            except asyncpg.ExclusionViolationError:
                raise NotInTerm(ends, term.begins) from None
            await directory.wake_offices(connection, [office_id], self._clock.now())

    async def change_address(
        self, office: Office, holder_id: UUID, email: str | None, since: date, *, by: str
    ) -> None:
        """The holder's e-mail address from a day on; None: there is none.

        Raises DayOutsideLimits and HolderNotFound.
        """
        check_beginning(since, self._clock.today(TimeZone.WIB))
        async with self._database.transaction() as connection:
            found = await directory.lock_holder(connection, office, holder_id)
            if found is None:
                raise HolderNotFound(holder_id)
            sealed = None if email is None else self._seal_address(holder_id, email)
            now = self._clock.now()
            await directory.set_addresses(connection, [(holder_id, since, sealed)], by=by, now=now)
            await directory.wake_offices(connection, [found[0]], now)

    async def offices(
        self, area: str, *, after: tuple[str, str] = ("", ""), limit: int = 100
    ) -> list[OfficeToday]:
        """The known offices of an area and of those inside it, by area code."""
        async with self._database.transaction() as connection:
            rows = await directory.offices_in(
                connection, area, local_days(self._clock), after=after, limit=limit
            )
        return [
            OfficeToday(
                Office(OfficeKind(row["kind"]), row["area_code"]),
                None if row["holder_id"] is None else self._holder(row),
                row["waiting"],
            )
            for row in rows
        ]

    async def holders(self, office: Office) -> list[Holder]:
        """The holders of an office, the latest first, with their addresses."""
        async with self._database.transaction() as connection:
            rows = await directory.office_terms(connection, office)
        return [self._holder(row, row["since"] or (), row["addresses"] or ()) for row in rows]

    def open_address(self, holder_id: UUID, sealed: bytes) -> str:
        """An address as the courier needs it; raises InvalidTag when sealed with another key."""
        return self._sealer.open(sealed, context=b"address" + holder_id.bytes).decode()

    def _seal_address(self, holder_id: UUID, email: str) -> bytes:
        return self._sealer.seal(email.encode(), context=b"address" + holder_id.bytes)

    def _sealed(self, office_id: int, item: Appointment) -> SealedHolder:
        holder_id = self._ids.random()
        return SealedHolder(
            holder_id=holder_id,
            office_id=office_id,
            name=self._sealer.seal(item.name.encode(), context=b"name" + holder_id.bytes),
            acting=item.acting,
            begins=item.begins,
            ends=item.ends,
            address=None if item.email is None else self._seal_address(holder_id, item.email),
        )

    def _holder(
        self,
        row: asyncpg.Record,
        since: Sequence[date] = (),
        sealed: Sequence[bytes | None] = (),
    ) -> Holder:
        holder_id: UUID = row["holder_id"]
        return Holder(
            holder_id=holder_id,
            name=self._sealer.open(row["name"], context=b"name" + holder_id.bytes).decode(),
            acting=row["acting"],
            begins=row["begins"],
            ends=row["ends"],
            addresses=tuple(
                (day, None if address is None else self.open_address(holder_id, address))
                for day, address in zip(since, sealed, strict=True)
            ),
        )
