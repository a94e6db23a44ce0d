"""Each event has its effect once, in order, whatever else the topic brings."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import pytest
from common.events import topics
from common.systemic import StillStopped
from support.inbox_rig import Rig
from support.streams import KETANON, START, SUKOSEWU, WONOPRINGGO, Offsets, sosialisasi, value_of
from support.waiting import eventually

pytestmark = pytest.mark.stack
OUTREACH = topics.REGISTRY_OUTREACH


@pytest.fixture
def offsets() -> Offsets:
    return Offsets()


def some(offsets: Offsets, village: str, *sequences: int, **changes):
    return [
        offsets.record(sosialisasi(village), village=village, sequence=n, **changes)
        for n in sequences
    ]


async def test_events_have_their_effect_once_in_order(rig: Rig, offsets: Offsets) -> None:
    """A batch delivered three times has one effect."""
    batch = some(offsets, KETANON, 1, 2, 3) + some(offsets, SUKOSEWU, 1, 2)
    for _ in range(3):
        await rig.inbox.receive(batch)

    assert [1, 2, 3] == await rig.effects(KETANON)
    assert [1, 2] == await rig.effects(SUKOSEWU)


async def test_an_early_event_is_held_and_follows(rig: Rig, offsets: Offsets) -> None:
    """Events behind a gap wait without parking the village, and drain by themselves."""
    one, two, three, four = some(offsets, KETANON, 1, 2, 3, 4)
    await rig.inbox.receive([one, four, three])
    await rig.inbox.receive([three])
    held = await rig.rows("SELECT sequence FROM held ORDER BY sequence")
    assert [3, 4] == [row["sequence"] for row in held]
    await rig.inbox.receive([two])

    assert [1, 2, 3, 4] == await rig.effects(KETANON)
    assert [] == await rig.rows("SELECT FROM held")
    assert [(0, 0)] == [tuple(r) for r in await rig.rows("SELECT parked, held FROM marks")]


async def test_a_gap_closed_within_one_batch_needs_no_table(rig: Rig, offsets: Offsets) -> None:
    """A re-sent batch may bring an early event and its predecessor together."""
    one, two, three = some(offsets, KETANON, 1, 2, 3)
    await rig.inbox.receive([one, three, two, three])

    assert [1, 2, 3] == await rig.effects(KETANON)
    assert [] == await rig.rows("SELECT FROM held")


async def test_undecodable_bytes_park_their_village_only(rig: Rig, offsets: Offsets) -> None:
    """The village waits in order behind the broken record; another village goes on."""
    one, two = some(offsets, KETANON, 1, 2)
    broken = offsets.raw(OUTREACH, KETANON.encode(), b"{not json")
    await rig.inbox.receive([one, broken, two, *some(offsets, SUKOSEWU, 1)])
    await rig.inbox.receive(some(offsets, KETANON, 3))

    assert [1] == await rig.effects(KETANON)
    assert [1] == await rig.effects(SUKOSEWU)
    assert ["UNDECODABLE", "BEHIND_PARKED", "BEHIND_PARKED"] == await rig.reasons(KETANON)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "UNDECODABLE"),
        (b"", "UNDECODABLE"),
        (b"\xff\xfe", "UNDECODABLE"),
        (b"[]", "UNDECODABLE"),
        (b'{"specversion":"1.0"}', "UNDECODABLE"),
        (value_of(sosialisasi(SUKOSEWU), village=SUKOSEWU, sequence=2), "SUBJECT_DIFFERS"),
        (value_of(sosialisasi(), village=KETANON, sequence=2, sequence_="x"), None),
        (
            value_of(sosialisasi(), village=KETANON, sequence=2, type="registry.official.left.v1"),
            "WRONG_TOPIC",
        ),
        (
            value_of(sosialisasi(), village=KETANON, sequence=2, dataschema="x" * 262_144),
            "TOO_LARGE",
        ),
        (
            json.dumps(json.loads(value_of(sosialisasi(), village=KETANON, sequence=2))).replace(
                "0000000002", "zwei"
            ),
            "BAD_ENVELOPE",
        ),
        (
            value_of(sosialisasi(), village=KETANON, sequence=2).replace(
                b"0000000002", b"0000000000"
            ),
            "BAD_ENVELOPE",
        ),
    ],
)
async def test_a_bad_record_parks_with_its_reason(
    rig: Rig, offsets: Offsets, value: bytes | str | None, reason: str | None
) -> None:
    """Each kind of bad record has a reason of its own; an unknown attribute is no fault."""
    bad = value.encode() if isinstance(value, str) else value
    await rig.inbox.receive(
        [*some(offsets, KETANON, 1), offsets.raw(OUTREACH, KETANON.encode(), bad)]
    )

    assert ([reason] if reason else []) == await rig.reasons(KETANON)
    assert ([1] if reason else [1, 2]) == await rig.effects(KETANON)


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "registry.village\u0000.x"},
        {"type": "a type"},
        {"time": "0001-01-01T00:00:00+14:00"},
        {"time": "9999-12-31T23:59:59-14:00"},
        {"nested": True},
    ],
)
async def test_a_hostile_record_stops_its_village_only(
    rig: Rig, offsets: Offsets, changes: dict[str, object]
) -> None:
    """What no database could store, or no reader unfold, is parked like any broken record."""
    value = value_of(sosialisasi(), village=KETANON, sequence=1, **changes)
    if changes.get("nested"):
        value = value[: value.index(b'"data":')] + b'"data":' + b"[" * 5000 + b"]" * 5000 + b"}"
    await rig.inbox.receive(
        [offsets.raw(OUTREACH, KETANON.encode(), value), *some(offsets, SUKOSEWU, 1)]
    )

    assert [1] == await rig.effects(SUKOSEWU)
    assert [] == await rig.effects(KETANON)
    assert await rig.reasons(KETANON) in (["BAD_ENVELOPE"], ["UNDECODABLE"])


async def test_an_event_whose_rows_are_refused_is_parked_itself(
    rig: Rig, offsets: Offsets, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row that the database does not take is the trouble of one event, not of the batch."""
    write = rig.inbox._aside.write

    async def refuse(connection, ways):
        if any(e.sequence == 2 for way in ways.values() for e in way.accepted):
            await connection.execute("SELECT 1 / 0")
        await write(connection, ways)

    monkeypatch.setattr(rig.inbox._aside, "write", refuse)
    await rig.inbox.receive(some(offsets, KETANON, 1, 2, 3) + some(offsets, SUKOSEWU, 1))

    assert [1] == await rig.effects(KETANON)
    assert ["UNSTORABLE", "BEHIND_PARKED"] == await rig.reasons(KETANON)
    assert [1] == await rig.effects(SUKOSEWU)


async def test_a_batch_that_takes_too_long_is_taken_in_parts(
    rig: Rig, offsets: Offsets, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A transaction that our own time-out cuts is tried village by village."""
    apply = rig.ledger.apply

    async def slow(connection, locks, accepted):
        await connection.execute("SET LOCAL statement_timeout = '400ms'")
        await connection.execute("SELECT pg_sleep($1)", 0.2 * len(accepted))
        await apply(connection, locks, accepted)

    monkeypatch.setattr(rig.ledger, "apply", slow)
    villages = (KETANON, SUKOSEWU, WONOPRINGGO)
    await rig.inbox.receive([r for village in villages for r in some(offsets, village, 1)])

    for village in villages:
        assert [1] == await rig.effects(village)


async def test_a_pretty_printed_event_is_an_event(rig: Rig, offsets: Offsets) -> None:
    """Line breaks inside a value do not shift the values beside it."""
    pretty = json.dumps(
        json.loads(value_of(sosialisasi(), village=KETANON, sequence=1)), indent=2
    ).encode()
    await rig.inbox.receive(
        [
            offsets.raw(OUTREACH, KETANON.encode(), pretty),
            *some(offsets, SUKOSEWU, 1),
            offsets.raw(OUTREACH, WONOPRINGGO.encode(), b""),
            *some(offsets, KETANON, 2),
        ]
    )

    assert [1, 2] == await rig.effects(KETANON)
    assert [1] == await rig.effects(SUKOSEWU)


@pytest.mark.parametrize("key", [None, b"", b"\xff", b"a village", b"33.26.10.9001"])
async def test_a_record_without_usable_key_is_set_aside(
    rig: Rig, offsets: Offsets, key: bytes | None
) -> None:
    """It belongs to no village, so it stops none."""
    await rig.inbox.receive([offsets.raw(OUTREACH, key, b"x"), *some(offsets, KETANON, 1)])

    assert [1] == await rig.effects(KETANON)
    assert ["NO_USABLE_KEY"] == [
        row["reason"] for row in await rig.rows("SELECT reason FROM unroutable")
    ]


async def test_an_unknown_type_is_skipped_and_kept(rig: Rig, offsets: Offsets) -> None:
    """A newer producer's event passes the mark on and waits for the release that knows it."""
    await rig.inbox.receive(
        [
            *some(offsets, KETANON, 1),
            *some(offsets, KETANON, 2, type="registry.village.twinned.v1"),
            *some(offsets, KETANON, 3),
        ]
    )

    assert [1, 3] == await rig.effects(KETANON)
    assert [(2, "registry.village.twinned.v1")] == [
        tuple(row) for row in await rig.rows("SELECT sequence, type FROM skipped")
    ]


async def test_an_impossible_event_parks_its_village_there(rig: Rig, offsets: Offsets) -> None:
    """What came before it in the same batch has its effect, what comes after waits."""
    rig.ledger.impossible.add((KETANON, 2))
    await rig.inbox.receive(some(offsets, KETANON, 1, 2, 3) + some(offsets, SUKOSEWU, 1, 2))

    assert [1] == await rig.effects(KETANON)
    assert ["IMPOSSIBLE", "BEHIND_PARKED"] == await rig.reasons(KETANON)
    assert [1, 2] == await rig.effects(SUKOSEWU)


async def test_an_effect_that_fails_names_its_event(rig: Rig, offsets: Offsets) -> None:
    """An error of no known kind parks the event that raised it, not the batch."""
    rig.ledger.failing.add((KETANON, 3))
    await rig.inbox.receive(some(offsets, KETANON, 1, 2, 3, 4) + some(offsets, SUKOSEWU, 1))

    assert [1, 2] == await rig.effects(KETANON)
    assert ["EFFECT_FAILED", "BEHIND_PARKED"] == await rig.reasons(KETANON)
    assert [1] == await rig.effects(SUKOSEWU)


async def test_a_held_event_that_fails_is_parked_itself(rig: Rig, offsets: Offsets) -> None:
    """The event that closed the gap is not blamed for the one that followed it."""
    rig.ledger.failing.add((KETANON, 3))
    one, two, three, four = some(offsets, KETANON, 1, 2, 3, 4)
    await rig.inbox.receive([one, three, four])
    await rig.inbox.receive([two])

    assert [1, 2] == await rig.effects(KETANON)
    assert [3] == [row["sequence"] for row in await rig.rows("SELECT sequence FROM parked")]


async def test_a_reused_sequence_is_no_duplicate(rig: Rig, offsets: Offsets) -> None:
    """The same number with a later time tells of a restored producer: the village is parked."""
    await rig.inbox.receive(some(offsets, KETANON, 1, 2))
    await rig.inbox.receive(some(offsets, KETANON, 2, time=START + timedelta(days=1)))

    assert ["SEQUENCE_REUSED"] == await rig.reasons(KETANON)


async def test_two_members_with_the_same_records_have_one_effect(
    rig: Rig, offsets: Offsets
) -> None:
    """A zombie member is harmless: marks are read again under the lock."""
    batch = [
        record
        for village in (KETANON, SUKOSEWU, WONOPRINGGO)
        for record in some(offsets, village, *range(1, 21))
    ]
    await asyncio.gather(*(rig.inbox.receive(batch) for _ in range(4)))

    for village in (KETANON, SUKOSEWU, WONOPRINGGO):
        assert list(range(1, 21)) == await rig.effects(village)


async def test_a_systemic_failure_stops_consuming_until_resumed(rig: Rig, offsets: Offsets) -> None:
    """When too many villages fail for one reason none is parked, and the stop is written down."""
    villages = [f"33.26.{k:02}.{2000 + n}" for k in range(1, 4) for n in range(1, 11)]
    rig.ledger.impossible |= {(village, 1) for village in villages}
    batch = [record for village in villages for record in some(offsets, village, 1)]
    receiving = asyncio.create_task(rig.inbox.receive(batch))
    await eventually(
        rig.inbox.stopped, "consuming stopped: IMPOSSIBLE: 21 villages within a minute, 20 allowed"
    )
    parked = (await rig.rows("SELECT count(*) FROM parked"))[0][0]
    assert parked <= 20
    other = asyncio.create_task(rig.member().receive(some(offsets, SUKOSEWU, 1)))
    assert set() == (await asyncio.wait({receiving, other}, timeout=0.5))[0]
    assert [] == await rig.effects(SUKOSEWU)
    rig.ledger.impossible.clear()
    await rig.parking.resume()
    await asyncio.gather(receiving, other)
    waiting = await rig.rows("SELECT village_key FROM marks WHERE parked > 0")

    assert parked == len(waiting)
    assert 31 - parked == len(await rig.rows("SELECT FROM effects"))


async def test_too_many_early_events_of_a_village_stop_consuming(
    rig: Rig, offsets: Offsets
) -> None:
    """A gap that grows without end is a lost stretch of the topic, not an event on its way."""
    await rig.inbox.receive(some(offsets, KETANON, 1))
    await rig.inbox.receive(some(offsets, KETANON, *range(3, 1003)))
    assert await rig.inbox.stopped() is None
    receiving = asyncio.create_task(rig.inbox.receive(some(offsets, KETANON, 1003)))
    await eventually(
        rig.inbox.stopped, f"consuming stopped: HELD: more than 1000 events of village {KETANON}"
    )
    await rig.parking.discard(KETANON, topic=OUTREACH, sequence=2, reason="lost", actor="a")
    await rig.parking.resume()
    await receiving

    assert [1, *range(3, 1004)] == await rig.effects(KETANON)


async def test_too_many_villages_with_gaps_stop_consuming(rig: Rig, offsets: Offsets) -> None:
    """One village in a hundred (and more than twenty) may wait for an event, not more."""
    villages = [f"33.26.{k:02}.{2000 + n}" for k in range(1, 4) for n in range(1, 11)]
    early = [record for village in villages[:20] for record in some(offsets, village, 2)]
    await rig.inbox.receive(early)
    assert await rig.inbox.stopped() is None
    receiving = asyncio.create_task(rig.inbox.receive(some(offsets, villages[20], 2)))
    await eventually(rig.inbox.stopped, "consuming stopped: HELD: 21 villages wait, 20 allowed")
    for village in villages[:2]:
        await rig.parking.discard(village, topic=OUTREACH, sequence=1, reason="x", actor="a")
    await rig.parking.resume()
    await receiving

    assert 19 == len(await rig.rows("SELECT FROM held"))


async def test_a_person_may_let_all_broken_villages_be_parked(rig: Rig, offsets: Offsets) -> None:
    """A stop whose cause cannot be mended ends by parking what fails, for a while."""
    villages = [f"33.26.{k:02}.{2000 + n}" for k in range(1, 4) for n in range(1, 11)]
    rig.ledger.impossible |= {(village, 1) for village in villages}
    batch = [record for village in villages for record in some(offsets, village, 1)]
    receiving = asyncio.create_task(rig.inbox.receive(batch))
    await eventually(rig.stopped, True)
    await rig.parking.resume(park_for=timedelta(minutes=1))
    await receiving

    assert len(villages) == len(await rig.rows("SELECT FROM marks WHERE parked > 0"))
    assert await rig.inbox.stopped() is None


async def test_a_stopped_inbox_lets_its_process_end(rig: Rig, offsets: Offsets) -> None:
    """Closing ends the wait at once; the batch was not committed and comes again."""
    await rig.rows("INSERT INTO consuming_stopped VALUES (true, 'a test', now()) RETURNING reason")
    receiving = asyncio.create_task(rig.inbox.receive(some(offsets, KETANON, 1)))
    rig.inbox.close()

    with pytest.raises(StillStopped):
        await asyncio.wait_for(receiving, 3)
    assert [] == await rig.effects(KETANON)
