"""A topic that takes less than it is sent: what fits leaves, what does not waits with an alarm."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import MessageSizeTooLargeError
from aiokafka.partitioner import murmur2
from common.clock import Clock
from common.database import Database
from common.events import topics
from common.ids import Ids
from common.kafka import build_admin
from common.outbox import Draft, Outbox, lock_villages
from common.relay import OutboxRelay
from common.relay_refusals import REFUSED, Refusals
from prometheus_client import REGISTRY
from support.databases import ServiceUrls
from support.relay_rig import LOCK, Appending, account, carrying
from support.streams import KETANON, SUKOSEWU, WONOPRINGGO, sosialisasi
from support.waiting import eventually

pytestmark = pytest.mark.stack
VILLAGES = [KETANON, SUKOSEWU, WONOPRINGGO]
SMALL = 20_000

Limit = Callable[[int], Awaitable[None]]


@pytest.fixture
async def append(common_urls: ServiceUrls) -> AsyncIterator[Appending]:
    database = await Database.open(common_urls.work, name="test")
    yield Appending(database)
    await database.close()


@pytest.fixture
def relay(common_urls: ServiceUrls, kafka: str, prefix: str) -> OutboxRelay:
    return OutboxRelay(common_urls.work, kafka, prefix=prefix, service="test", read=300)


@pytest.fixture
async def limit(kafka: str, prefix: str) -> AsyncIterator[Limit]:
    """Sets how many bytes a batch on the topic may have."""
    admin = build_admin(kafka, client="tests")
    await admin.start()

    async def limit(size: int) -> None:
        settings = {"max.message.bytes": str(size)}
        topic = f"{prefix}{topics.REGISTRY_OUTREACH}"
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, settings)])
        await eventually(lambda: shown(topic), str(size))

    async def shown(topic: str) -> str:
        """What the broker goes by; it takes a change over after the command has returned."""
        [answer] = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
        [(_, _, _, _, entries)] = answer.resources
        return {entry[0]: entry[1] for entry in entries}["max.message.bytes"]

    yield limit
    await admin.close()


async def large(append: Appending, village: str, size: int) -> None:
    """An event of more than `size` bytes, by a field that no deed would fill so."""
    data = sosialisasi(village).model_copy(update={"village_code": "X" * size})
    async with append.database.transaction() as connection:
        locks = await lock_villages(connection, [village], LOCK)
        await Outbox(clock=Clock(), ids=Ids()).append(connection, locks, [Draft(village, data)])


async def test_batches_become_smaller_until_the_topic_takes_them(
    append: Appending, relay: OutboxRelay, limit: Limit, kafka: str, prefix: str
) -> None:
    """A limit below our batches costs restarts, and nothing else: nothing lost, doubled, early."""
    await limit(SMALL)
    for village in VILLAGES:
        await append(village, 200)
    async with carrying(relay):
        await eventually(append.waiting, 0)
    stands = await account(kafka, prefix)

    assert {village: list(range(1, 201)) for village in VILLAGES} == stands.seen
    assert 0 == stands.early


async def test_an_event_too_large_for_its_topic_holds_its_village_only(
    append: Appending,
    relay: OutboxRelay,
    limit: Limit,
    kafka: str,
    prefix: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The alarm names it, the others go on, and when the topic takes it all follow in order."""
    monkeypatch.setattr("common.relay_refusals.WAIT_SECONDS", 0.5)
    await limit(SMALL)
    for village in VILLAGES:
        await append(village, 10)
    await large(append, KETANON, 2 * SMALL)
    async with carrying(relay):
        for _ in range(5):
            for village in VILLAGES:
                await append(village, 20)
        await eventually(append.waiting, 101)
        stands = await account(kafka, prefix)
        await eventually(lambda: alarms(caplog), True)
        assert 1 == REGISTRY.get_sample_value("relay_refused_villages")
        assert {
            KETANON: list(range(1, 11)),
            SUKOSEWU: list(range(1, 111)),
            WONOPRINGGO: list(range(1, 111)),
        } == stands.seen
        await limit(10 * SMALL)
        await eventually(append.waiting, 0)
    stands = await account(kafka, prefix)

    assert list(range(1, 112)) == stands.seen[KETANON]
    assert 0 == stands.early


async def alarms(caplog: pytest.LogCaptureFixture) -> bool:
    wanted = "alarm: registry.outreach takes no event of"
    return any(wanted in text and KETANON in text for text in caplog.messages)


@pytest.mark.parametrize("village", [KETANON, SUKOSEWU])
async def test_what_arrived_of_a_page_is_not_sent_again(
    append: Appending, relay: OutboxRelay, limit: Limit, kafka: str, prefix: str, village: str
) -> None:
    """One partition refuses its batch while the others take theirs: only the one is repeated."""
    await limit(SMALL)
    for other in set(VILLAGES) - {village}:
        await append(other, 5)
    await append(village, 200)
    assert 3 == len({(murmur2(v.encode()) & 0x7FFFFFFF) % 3 for v in VILLAGES}), "a partition each"
    async with carrying(relay):
        await eventually(append.waiting, 0)
    stands = await account(kafka, prefix)

    assert 0 == stands.duplicates
    assert 0 == stands.early


def test_only_size_makes_a_village_wait() -> None:
    """Any other failure is one of the way: all start again from the first row."""
    refusals, rows = Refusals(), [{"village_key": KETANON, "topic": "t", "event_id": 1}]
    refusals.learn(ConnectionResetError(), rows, 700)
    assert [] == refusals.waiting()
    refusals.learn(MessageSizeTooLargeError(), rows * 2, 100_000)
    assert [] == refusals.waiting()
    assert 50_000 == refusals.batch_bytes
    refusals.learn(MessageSizeTooLargeError(), rows, 700)

    assert [KETANON] == refusals.waiting()
    assert 50_000 == refusals.batch_bytes
    REFUSED.set(0)
