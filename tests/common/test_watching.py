"""What waits is seen, and an alarm is raised when it waits too long."""

from __future__ import annotations

from datetime import timedelta

import pytest
from common.clock import Clock
from common.ids import Ids
from common.outbox import Draft, Outbox, lock_villages
from common.watching import Watch
from prometheus_client import REGISTRY
from support.inbox_rig import Rig
from support.streams import KETANON, Offsets, sosialisasi

pytestmark = pytest.mark.stack


class Later(Clock):
    """A clock that reads the system's time some minutes on."""

    def __init__(self, minutes: int) -> None:
        super().__init__(timedelta(minutes=minutes))


async def test_a_held_event_is_an_alarm_after_two_minutes(rig: Rig) -> None:
    """Before that it is on its way; the gauges show it at once."""
    early = Offsets().record(sosialisasi(), village=KETANON, sequence=2)
    await rig.inbox.receive([early])
    soon = await Watch(rig.database, Clock()).look()
    late = await Watch(rig.database, Later(3)).look()

    assert [] == soon
    assert ["an early event is held for 180 s"] == late
    assert 1 == REGISTRY.get_sample_value("inbox_waiting", {"what": "held"})
    assert 180 == pytest.approx(REGISTRY.get_sample_value("inbox_oldest_held_seconds"), abs=10)


async def test_an_event_that_does_not_leave_is_an_alarm_after_a_minute(rig: Rig, ids: Ids) -> None:
    """No relay runs, or Kafka is away."""
    async with rig.database.transaction() as connection:
        locks = await lock_villages(
            connection, [KETANON], "SELECT k AS village_key FROM unnest($1::text[]) AS k"
        )
        await Outbox(clock=Clock(), ids=ids).append(
            connection, locks, [Draft(KETANON, sosialisasi())]
        )
    soon = await Watch(rig.database, Clock()).look()
    late = await Watch(rig.database, Later(2)).look()

    assert [] == soon
    assert ["an event has not left for 120 s"] == late
    assert 1 == REGISTRY.get_sample_value("outbox_unpublished")
