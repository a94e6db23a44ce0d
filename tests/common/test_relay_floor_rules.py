"""The floor's own rules, without a database."""

from __future__ import annotations

from common.outbox_queue import Floor


def test_the_floor_never_falls() -> None:
    """Deletions in any order of ids, and reads that find an early row, leave it where it is."""
    floor = Floor()
    floor.deleted(10, transaction=100)
    floor.ended(99)
    floor.read(None)
    assert 0 == floor.value
    floor.ended(100)
    floor.read(8)
    assert 7 == floor.value
    floor.read(None)
    assert 10 == floor.value
    floor.deleted(9, transaction=120)
    floor.ended(130)
    floor.read(None)

    assert 10 == floor.value
    assert not floor.awaits


def test_the_floor_remembers_the_latest_deletion_while_it_waits() -> None:
    """A writer that stays long holds it; afterwards it goes to the end and not page by page."""
    floor = Floor()
    for page in range(1, 50):
        floor.deleted(10 * page, transaction=100 + page)
        floor.ended(50)
    floor.ended(200)
    assert floor.awaits
    floor.ended(200)
    floor.read(None)

    assert 490 == floor.value
