"""What fails is found with few transactions, however large the batch; the others lose little."""

from __future__ import annotations

import pytest
from support.inbox_rig import Rig
from support.streams import KETANON, Offsets, sosialisasi

pytestmark = pytest.mark.stack
MANY = [f"33.26.{k:02}.2{n:03}" for k in range(1, 9) for n in range(1, 65)]


def some(offsets: Offsets, village: str, *sequences: int):
    return [offsets.record(sosialisasi(village), village=village, sequence=n) for n in sequences]


def of_many(offsets: Offsets, sequence: int):
    return [record for village in MANY for record in some(offsets, village, sequence)]


async def totals(rig: Rig) -> list[tuple[int, int]]:
    """How many events had their effect, and how many are parked."""
    query = "SELECT (SELECT count(*) FROM effects), (SELECT count(*) FROM parked)"
    return [tuple(row) for row in await rig.rows(query)]


async def test_a_named_failure_costs_one_transaction(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An event found impossible is parked in the second attempt, the 511 others with it."""
    offsets = Offsets()
    rig.ledger.impossible.add((MANY[200], 1))
    commits = rig.count_commits(monkeypatch)
    await rig.inbox.receive(of_many(offsets, 1))

    assert [512, 512] == commits
    assert [(511, 1)] == await totals(rig)


async def test_what_cannot_be_read_costs_no_transaction(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Events found before anything is written park in the batch's own transaction, however many."""
    rig.ledger.unreadable |= {(village, 1) for village in MANY[10::50]}
    commits = rig.count_commits(monkeypatch)
    await rig.inbox.receive(of_many(Offsets(), 1))

    assert [512] == commits
    assert [(501, 11)] == await totals(rig)
    assert ["IMPOSSIBLE"] == await rig.reasons(MANY[10])


async def test_what_cannot_be_read_is_found_beside_what_fails(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A village whose later event breaks too waits behind its first; a named failure costs one."""
    offsets = Offsets()
    rig.ledger.unreadable |= {(MANY[7], 1), (MANY[7], 2), (MANY[300], 2)}
    rig.ledger.impossible.add((MANY[200], 2))
    commits = rig.count_commits(monkeypatch)
    await rig.inbox.receive(of_many(offsets, 1) + of_many(offsets, 2))

    assert [512, 512] == commits
    assert [(2 * 512 - 4, 4)] == await totals(rig)
    assert ["IMPOSSIBLE", "BEHIND_PARKED"] == await rig.reasons(MANY[7])
    assert ["IMPOSSIBLE"] == await rig.reasons(MANY[300])


async def test_a_parked_village_costs_the_others_nothing(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its later events are parked on the way: no batch fails for them."""
    offsets = Offsets()
    rig.ledger.impossible.add((MANY[200], 1))
    await rig.inbox.receive(of_many(offsets, 1))
    commits = rig.count_commits(monkeypatch)
    for sequence in (2, 3, 4):
        await rig.inbox.receive(of_many(offsets, sequence))

    assert [512] * 3 == commits
    assert [(4 * 511, 4)] == await totals(rig)


async def test_a_failure_without_a_name_is_found_by_halves(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 512 villages the one that fails is found with 9 halvings, not 512 transactions."""
    rig.ledger.failing.add((MANY[200], 1))
    commits = rig.count_commits(monkeypatch)
    await rig.inbox.receive(of_many(Offsets(), 1))

    assert 2 * 9 + 2 >= len(commits)
    assert [(511, 1)] == await totals(rig)
    assert ["EFFECT_FAILED"] == await rig.reasons(MANY[200])


async def test_a_failure_in_a_long_stream_is_found_by_halves(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 1,000 events of one village the 700th fails: 699 have their effect, 301 wait."""
    rig.ledger.failing.add((KETANON, 700))
    commits = rig.count_commits(monkeypatch)
    await rig.inbox.receive(some(Offsets(), KETANON, *range(1, 1001)))

    assert 2 * 10 + 4 >= len(commits)
    assert list(range(1, 700)) == await rig.effects(KETANON)
    assert ["EFFECT_FAILED", *["BEHIND_PARKED"] * 300] == await rig.reasons(KETANON)


async def test_many_failures_at_once(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twelve villages of 512, named or not: each parks alone, and the rest is not taken apart."""
    for village in MANY[10::90]:
        rig.ledger.failing.add((village, 1))
    for village in MANY[30::90]:
        rig.ledger.impossible.add((village, 1))
    commits = rig.count_commits(monkeypatch)
    await rig.inbox.receive(of_many(Offsets(), 1))

    assert 150 >= len(commits)
    assert [(500, 12)] == await totals(rig)
    assert 12 == len(await rig.waiting())
