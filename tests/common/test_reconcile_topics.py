"""The reader of topics: what stands there, by stream, to an end that was taken before."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from common.events import topics
from common.topic_streams import StreamIds, each_event, open_topics
from support.streams import KETANON, WONOPRINGGO, publish, sosialisasi, value_of

TOPIC = topics.REGISTRY_OUTREACH


def ids_of(count: int) -> list[bytes]:
    return [UUID(int=number).bytes for number in range(1, count + 1)]


@pytest.mark.parametrize(
    "order",
    [(1, 2, 3, 4), (1, 3, 4, 2), (4, 3, 2, 1), (3, 4, 1, 2), (1, 2, 2, 3, 1, 4)],
    ids=lambda order: "".join(map(str, order)),
)
def test_a_stream_is_one_run_in_any_order(order: tuple[int, ...]) -> None:
    """Copies and early records do not matter: the ids stand by sequence."""
    ids = ids_of(4)
    stream = StreamIds()
    for sequence in order:
        stream.add(sequence, ids[sequence - 1])
    assert [(1, b"".join(ids))] == list(stream.runs())
    assert [] == stream.others


def test_a_hole_parts_two_runs() -> None:
    """What is missing can be told from the runs."""
    ids = ids_of(6)
    stream = StreamIds()
    for sequence in (1, 2, 4, 6, 5):
        stream.add(sequence, ids[sequence - 1])
    assert [(1, b"".join(ids[:2])), (4, b"".join(ids[3:]))] == list(stream.runs())


@pytest.mark.parametrize("second_at", [1, 3, 5], ids=["in the run", "its end", "apart"])
def test_a_second_id_is_kept_apart_and_the_first_stands(second_at: int) -> None:
    """Consumers apply the first; the other is told with its sequence."""
    ids = ids_of(5)
    stream = StreamIds()
    for sequence in (1, 2, 3, 5):
        assert stream.add(sequence, ids[sequence - 1])
    other = uuid4().bytes
    assert not stream.add(second_at, other)
    assert [(second_at, other)] == stream.others
    assert [(1, b"".join(ids[:3])), (5, ids[4])] == list(stream.runs())


async def test_a_topic_is_read_to_an_end_taken_before(kafka: str, prefix: str) -> None:
    """Records that come later, and records that are no events, are not among them."""
    events = {
        (village, sequence): value_of(sosialisasi(village), village=village, sequence=sequence)
        for village in (KETANON, WONOPRINGGO)
        for sequence in (1, 2, 3)
    }
    records = [(village.encode(), value) for (village, _), value in events.items()]
    await publish(kafka, f"{prefix}{TOPIC}", *records, (KETANON.encode(), b"{"), (b"?", b"{}"))
    async with open_topics(kafka, partitions=3, prefix=prefix, client="tests") as reader:
        ends = await reader.ends(TOPIC)
        await publish(
            kafka,
            f"{prefix}{TOPIC}",
            (KETANON.encode(), value_of(sosialisasi(), village=KETANON, sequence=4)),
        )
        found = [
            (village, event.sequence, event.value)
            for partition, end in ends.items()
            async for village, event in each_event(reader, TOPIC, partition, end)
        ]
    assert 8 == sum(ends.values())
    assert sorted((*place, value) for place, value in events.items()) == sorted(found)
