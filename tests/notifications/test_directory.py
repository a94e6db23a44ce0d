"""The directory in Postgres: sealed, without overlaps, and safe against two at once."""

from __future__ import annotations

import asyncio
from datetime import date

import asyncpg
import pytest
from notifications.domain.terms import Appointment, TermsOverlap
from notifications.refusals import HolderNotFound, NotInTerm
from notifications_rig import BUPATI_PEKALONGAN, CAMAT_SRAGI, Service
from support.waiting import eventually

BEGINS = date(2025, 2, 20)
WAITING_FOR_A_LOCK = (
    "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid) "
    "WHERE NOT granted AND datname = current_database()"
)


async def test_names_and_addresses_are_sealed(service: Service):
    """Nothing in the tables reads as a name or an address."""
    await service.appoint(CAMAT_SRAGI, "camat@sragi.example")
    async with service.app.transaction() as connection:
        stored = await connection.fetchrow(
            "SELECT name, address FROM holders JOIN contacts USING (holder_id)"
        )

    assert b"camat" not in stored["name"] + stored["address"]


async def test_an_office_shows_its_holders(service: Service):
    """The latest first, the one before ended by its successor, with the addresses of each."""
    await service.appoint(CAMAT_SRAGI, "lama@sragi.example")
    await service.appoint(CAMAT_SRAGI, "baru@sragi.example", begins=date(2026, 3, 1))

    new, old = await service.directory.holders(CAMAT_SRAGI)

    assert (date(2026, 3, 1), None) == (new.begins, new.ends)
    assert (BEGINS, date(2026, 3, 1)) == (old.begins, old.ends)
    assert ((BEGINS, "lama@sragi.example"),) == old.addresses


async def test_offices_of_an_area(service: Service):
    """A regency lists its own head and the camat inside it, and says which is vacant today."""
    await service.appoint(CAMAT_SRAGI, "camat@sragi.example")
    await service.appoint(BUPATI_PEKALONGAN, "b@p.example", begins=date(2027, 1, 1))

    offices = await service.directory.offices("33.26")
    following = await service.directory.offices("33.26", after=("33.26", "BUPATI"))

    assert [(BUPATI_PEKALONGAN, None), (CAMAT_SRAGI, "Pejabat camat@sragi.example")] == [
        (today.office, today.holder.name if today.holder else None) for today in offices
    ]
    assert [CAMAT_SRAGI] == [today.office for today in following]


async def test_terms_do_not_overlap_whoever_writes(service: Service):
    """The table itself refuses two holders of one office on one day."""
    await service.appoint(CAMAT_SRAGI, "camat@sragi.example")
    twice = (
        "INSERT INTO holders SELECT gen_random_uuid(), office_id, name, acting, "
        "'[2025-12-31,2026-01-02)', recorded_at, recorded_by FROM holders"
    )
    with pytest.raises(asyncpg.ExclusionViolationError):
        async with service.app.transaction() as connection:
            await connection.execute(twice)


async def test_two_appointments_at_once(service: Service):
    """Two for one office on one day: the second waits for the first and is refused by the rule."""
    await service.appoint(CAMAT_SRAGI, "lama@sragi.example", begins=date(2020, 1, 1))
    appointment = Appointment(CAMAT_SRAGI, "Pejabat", BEGINS)
    async with service.app.transaction() as connection:
        await service.directory._appoint(connection, [appointment], "petugas")
        second = asyncio.create_task(service.directory.appoint(appointment, by="petugas"))
        await eventually(lambda: service.count(WAITING_FOR_A_LOCK), 1)

    with pytest.raises(TermsOverlap):
        await second
    assert 2 == len(await service.directory.holders(CAMAT_SRAGI))


async def test_ending_a_term(service: Service):
    """An office becomes vacant on the day; an impossible end and a stranger are refused."""
    holder = await service.appoint(CAMAT_SRAGI, "camat@sragi.example")

    with pytest.raises(NotInTerm):
        await service.directory.end_term(CAMAT_SRAGI, holder, BEGINS)
    with pytest.raises(HolderNotFound):
        await service.directory.end_term(BUPATI_PEKALONGAN, holder, date(2026, 1, 1))
    await service.directory.end_term(CAMAT_SRAGI, holder, date(2026, 1, 1))

    assert [None] == [today.holder for today in await service.directory.offices("33.26")]


async def test_an_end_may_not_run_into_the_successor(service: Service):
    """A term cannot be stretched over the next one's first day."""
    holder = await service.appoint(CAMAT_SRAGI, "lama@sragi.example")
    await service.appoint(CAMAT_SRAGI, "baru@sragi.example", begins=date(2026, 3, 1))

    with pytest.raises(NotInTerm):
        await service.directory.end_term(CAMAT_SRAGI, holder, date(2026, 3, 2))


async def test_an_import_is_all_or_nothing(service: Service):
    """One row that overlaps, and nothing of the file is recorded."""
    rows = [
        Appointment(BUPATI_PEKALONGAN, "Satu", BEGINS),
        Appointment(CAMAT_SRAGI, "Dua", BEGINS, date(2026, 1, 1)),
        Appointment(CAMAT_SRAGI, "Tiga", date(2025, 12, 1)),
    ]
    with pytest.raises(TermsOverlap):
        await service.directory.appoint_all(rows, by="petugas")

    assert 0 == await service.count("SELECT count(*) FROM holders")


async def test_an_import_again_changes_nothing(service: Service):
    """The same file a second time finds every term on record."""
    rows = [
        Appointment(BUPATI_PEKALONGAN, "Satu", BEGINS, email="b@p.example"),
        Appointment(CAMAT_SRAGI, "Dua", BEGINS),
    ]
    first = await service.directory.appoint_all(rows, by="petugas")
    second = await service.directory.appoint_all(rows, by="petugas")

    assert ((2, 0), (0, 2)) == ((first.added, first.known), (second.added, second.known))
