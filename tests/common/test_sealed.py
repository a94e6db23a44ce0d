"""What stands aside is sealed and bound to its place; rows of the first release stay readable."""

from __future__ import annotations

import pytest
from common.clock import Clock
from common.events import registry, topics
from common.inbox import Inbox
from common.parking import Parking
from common.refolding import Refolding
from common.sealing import Sealer
from cryptography.exceptions import InvalidTag
from support.inbox_rig import INPUTS, KEY, Rig
from support.streams import KETANON, SUKOSEWU, WONOPRINGGO, Offsets, sosialisasi, value_of

pytestmark = pytest.mark.stack
OUTREACH = topics.REGISTRY_OUTREACH
CANARY = "Siti Canary 3326121505850001"
TABLES = ("held", "parked", "skipped", "unroutable")


def one_of_each(offsets: Offsets):
    """A held, a parked, a skipped and an unroutable record, each with a name in it."""
    return [
        offsets.record(sosialisasi(), village=KETANON, sequence=2, note=CANARY),
        offsets.raw(OUTREACH, SUKOSEWU.encode(), f"? {CANARY}".encode()),
        offsets.record(
            sosialisasi(WONOPRINGGO),
            village=WONOPRINGGO,
            sequence=1,
            type="registry.village.twinned.v1",
            note=CANARY,
        ),
        offsets.raw(OUTREACH, None, CANARY.encode()),
    ]


async def kept(rig: Rig, table: str):
    (row,) = await rig.rows(f"SELECT * FROM {table}")  # noqa: S608  # a name of ours
    return row


@pytest.mark.parametrize("table", TABLES)
async def test_nothing_aside_is_in_the_clear(rig: Rig, table: str) -> None:
    """A broken record may hold anything, a name too: no table has it, the key opens it."""
    await rig.inbox.receive(one_of_each(Offsets()))
    row = await kept(rig, table)

    assert CANARY.encode() not in row["value"]
    assert CANARY.encode() in (rig.inbox._aside.opened(table, row) or b"")


@pytest.mark.parametrize("table", TABLES)
async def test_a_value_opens_in_its_place_only(rig: Rig, table: str) -> None:
    """Moved to another record, or to another table, it does not open."""
    await rig.inbox.receive(one_of_each(Offsets()))
    row = dict(await kept(rig, table))

    with pytest.raises(InvalidTag):
        rig.inbox._aside.opened(table, row | {"kafka_offset": row["kafka_offset"] + 1})
    with pytest.raises(InvalidTag):
        rig.inbox._aside.opened("another", row)


async def test_what_the_first_release_kept_is_read(rig: Rig, clock: Clock) -> None:
    """Held and skipped in the clear, parked sealed without a place: all have their effect."""
    parked = Sealer(KEY).seal(value_of(sosialisasi(SUKOSEWU), village=SUKOSEWU, sequence=1))
    held = value_of(sosialisasi(), village=KETANON, sequence=2)
    skipped = value_of(sosialisasi(WONOPRINGGO), village=WONOPRINGGO, sequence=1)
    await rig.rows(
        """WITH marked AS (
            INSERT INTO marks (village_key, sequences, times, parked, held) VALUES
                ($1, '{0,0}', '{NULL,NULL}', 0, 1), ($2, '{0,0}', '{NULL,NULL}', 1, 0),
                ($3, '{1,0}', '{now,NULL}', 0, 0)
        ), waits AS (
            INSERT INTO held (village_key, topic, sequence, kafka_partition, kafka_offset, value,
                held_at) VALUES ($1, $4, 2, 0, 7, $5, now())
        ), failed AS (
            INSERT INTO parked (village_key, topic, kafka_partition, kafka_offset, sequence,
                reason, detail, value, parked_at)
            VALUES ($2, $4, 0, 8, 1, 'IMPOSSIBLE', '', $6, now())
        )
        INSERT INTO skipped (village_key, topic, sequence, type, value, skipped_at)
        VALUES ($3, $4, 1, $8, $7, now()) RETURNING 1""",
        *(KETANON, SUKOSEWU, WONOPRINGGO, OUTREACH, held, parked, skipped),
        registry.SosialisasiHeld.type,
    )
    await rig.inbox.receive([Offsets().record(sosialisasi(), village=KETANON, sequence=1)])
    await rig.parking.retry(SUKOSEWU)
    await Refolding(rig.database, rig.inbox, sealer=Sealer(KEY), clock=clock).refold()

    assert [1, 2] == await rig.effects(KETANON)
    assert [1] == await rig.effects(SUKOSEWU)
    assert [1] == await rig.effects(WONOPRINGGO)
    assert [] == await rig.waiting()


async def test_a_lost_key_stops_nobody(rig: Rig, clock: Clock, ids) -> None:
    """Parked bytes are asked of the producer, held ones come again from it; the rest goes on."""
    offsets = Offsets()
    rig.ledger.impossible.add((SUKOSEWU, 1))
    one, two = (offsets.record(sosialisasi(), village=KETANON, sequence=n) for n in (1, 2))
    other = offsets.record(sosialisasi(SUKOSEWU), village=SUKOSEWU, sequence=1)
    await rig.inbox.receive([two, other])
    rig.ledger.impossible.clear()
    sealer = Sealer(b"n" * 32)
    inbox = Inbox(rig.database, inputs=INPUTS, effect=rig.ledger, clock=clock, sealer=sealer)

    async def stored(topic: str, village: str, sequence: int) -> bytes | None:
        return other.value if (topic, village, sequence) == (OUTREACH, SUKOSEWU, 1) else None

    parking = Parking(rig.database, inbox, sealer=sealer, clock=clock, ids=ids, stored=stored)
    await inbox.receive([one])
    await parking.retry(SUKOSEWU)
    assert [1] == await rig.effects(KETANON)
    await inbox.receive([two])

    assert [1, 2] == await rig.effects(KETANON)
    assert [1] == await rig.effects(SUKOSEWU)
