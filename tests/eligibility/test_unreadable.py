"""What breaks its schema is found before anything is written."""

from __future__ import annotations

from datetime import date
from typing import Any, cast
from unittest.mock import AsyncMock
from uuid import uuid4

import pytest
from common.database import Database
from common.events.registry import LaunchHeld
from common.events.words import HostOffice, LaunchLevel, Venue
from common.inbox import Inbox
from common.outbox import VillageLocks
from common.received import UnreadableEvents, decode
from eligibility.application import Certification
from support.programme import Registry, activated, fetch, known, sosialisasi
from support.streams import KETANON, SUKOSEWU, WONOPRINGGO, Record


def broken(registry: Registry, record: Record, true: bytes, false: bytes) -> Record:
    assert record.key is not None
    assert record.value is not None
    assert true in record.value
    return registry.place(record.topic, record.key.decode(), record.value.replace(true, false))


async def test_what_breaks_its_schema_parks_its_village_alone(
    inbox: Inbox, work: Database, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An effect and a fact that cannot be read: found at once, the others go on without them."""
    good = registry.tell(known(SUKOSEWU), activated(SUKOSEWU), village=SUKOSEWU)
    first, effect = registry.tell(known(), activated())
    other, fact = registry.tell(known(WONOPRINGGO), sosialisasi(WONOPRINGGO), village=WONOPRINGGO)
    tried = AsyncMock(wraps=inbox.commit)
    monkeypatch.setattr(inbox, "commit", tried)

    await inbox.receive(
        [
            *(*good, first, other),
            broken(registry, effect, b'"persons":1', b'"persons":"x"'),
            broken(registry, fact, b'"organiser":', b'"was":'),
        ]
    )

    assert 1 == tried.await_count
    counted = await fetch(work, "SELECT village_key, persons FROM villages WHERE persons > 0")
    assert [(SUKOSEWU, 1)] == [tuple(row) for row in counted]
    parked = await fetch(work, "SELECT village_key, reason FROM parked ORDER BY 1")
    assert [(KETANON, "IMPOSSIBLE"), (WONOPRINGGO, "IMPOSSIBLE")] == [tuple(row) for row in parked]
    assert [] == await fetch(work, "SELECT FROM decisions WHERE village_key <> $1", SUKOSEWU)


async def test_nothing_is_written_before_all_is_read(
    certification: Certification, registry: Registry
) -> None:
    """Also no launch of an area, which comes with the broken event of a village."""
    launch = LaunchHeld(
        effective_on=date(2026, 3, 2),
        area_code="33.26",
        launch_id=uuid4(),
        level=LaunchLevel.REGENCY,
        host_office=HostOffice.BUPATI,
        represented_by=None,
        venue=Venue.PENDOPO,
    )
    told = registry.tell(launch, village="33.26")
    (held,) = registry.tell(sosialisasi(KETANON), village=KETANON)
    told.append(broken(registry, held, b'"organiser":', b'"was":'))
    accepted = cast("dict[str, Any]", decode(told).villages)
    connection = AsyncMock()

    with pytest.raises(UnreadableEvents):
        await certification.apply(connection, VillageLocks(frozenset()), accepted)

    assert [] == connection.mock_calls
