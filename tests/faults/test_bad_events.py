"""Events that should not be, through the real Kafka and the running process of eligibility.

Each test has a village of its own; a sosialisasi that follows shows whether the village goes on,
another village's shows that the others do.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from common.events import topics
from common.events.envelope import MAX_EVENT_BYTES, EventData
from common.events.registry import OfficialLeft
from common.events.words import PostKind
from common.kafka import HEADERS, build_producer
from support.databases import TestDatabases
from support.streams import sosialisasi, value_of
from support.system import System, in_villages, system_on
from support.waiting import eventually

pytestmark = [pytest.mark.stack, pytest.mark.faults, pytest.mark.timeout(120)]

OTHER, *VILLAGES = in_villages("35.05.15", range(1, 15))
NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
TOPIC = topics.REGISTRY_OUTREACH
Headers = list[tuple[str, bytes | None]]


@pytest.fixture(scope="module")
async def system(
    tmp_path_factory: pytest.TempPathFactory, databases: TestDatabases, stack: Any
) -> AsyncIterator[System]:
    home = tmp_path_factory.mktemp("bad")
    kafka = await stack.kafka()
    villages = [OTHER, *VILLAGES]
    async with system_on(home, kafka=kafka, databases=databases, villages=villages) as started:
        yield started


@pytest.fixture(scope="module")
def unused() -> list[str]:
    return list(VILLAGES)


@pytest.fixture
async def village(system: System, unused: list[str]) -> AsyncIterator[Village]:
    """A village without events but its area data; another one goes on after the test."""
    yield Village(system, unused.pop())
    other = Village(system, OTHER)
    sequence = await other.mark() + 1
    await other.send(other.held(sequence))
    await other.reaches(sequence)
    assert system.fallen() == []


class Village:
    """One village's stream of registry.outreach, written past the registry as a stranger would."""

    def __init__(self, system: System, key: str) -> None:
        self.system = system
        self.key = key

    def held(self, sequence: int, **changes: Any) -> bytes:
        """A sosialisasi, the event `sequence` of the stream."""
        return self.event(sosialisasi(self.key, on=date(2026, 3, 1)), sequence, **changes)

    def event(self, data: EventData, sequence: int, **changes: Any) -> bytes:
        time = NOW + timedelta(seconds=sequence)
        return value_of(data, village=self.key, sequence=sequence, time=time, **changes)

    async def send(
        self,
        *values: bytes | None,
        topic: str = TOPIC,
        key: bytes | None = b"its own",
        headers: Headers | None = None,
    ) -> None:
        footing = self.system.footing
        async with build_producer(footing.kafka, client="tests") as producer:
            for value in values:
                await producer.send_and_wait(
                    f"{footing.prefix}{topic}",
                    value,
                    key=self.key.encode() if key == b"its own" else key,
                    headers=HEADERS if headers is None else headers,
                )

    async def mark(self, topic: str = TOPIC) -> int:
        """The last sequence that had its effect or was passed over, as the API says."""
        async with self.system.client("eligibility") as client:
            page = (await client.get("/marks")).json()["marks"]
        return next((m["sequences"].get(topic, 0) for m in page if m["village_key"] == self.key), 0)

    async def reaches(self, sequence: int) -> None:
        await eventually(self.mark, sequence)

    async def waiting(self) -> list[tuple[str, int | None]]:
        """Reason and sequence of what is parked, in order."""
        rows = await self.system.rows(
            "eligibility",
            "SELECT reason, sequence FROM parked WHERE village_key = $1 ORDER BY parked_id",
            self.key,
        )
        return [(row["reason"], row["sequence"]) for row in rows]

    async def held_back(self) -> list[int]:
        """Sequences of what came early."""
        rows = await self.system.rows(
            "eligibility",
            "SELECT sequence FROM held WHERE village_key = $1 ORDER BY sequence",
            self.key,
        )
        return [row["sequence"] for row in rows]

    async def facts(self) -> int:
        """How many sosialisasi had their effect."""
        query = "SELECT count(*) FROM facts WHERE village_key = $1 AND type = 'sosialisasi_held'"
        [[number]] = await self.system.rows("eligibility", query, self.key)
        assert isinstance(number, int)
        return number

    async def shown(self) -> Any:
        async with self.system.client("eligibility") as client:
            return (await client.get(f"/villages/{self.key}")).json()

    async def parked(self, *words: str) -> tuple[int | None, str]:
        """`python -m eligibility parked ...`; exit code and output."""
        return await self.system.command("eligibility", "parked", *words)

    async def parked_id(self) -> str:
        """The id of the first parked event, read off `parked list`."""
        code, printed = await self.parked("list")
        assert 0 == code, printed
        [line] = [line for line in printed.splitlines() if line.startswith(self.key)]
        return line.split()[1]

    async def discard(self, *words: str) -> None:
        told = ("--reason", "bukan dari registri", "--actor", "operator")
        code, printed = await self.parked("discard", self.key, *words, *told)
        assert 0 == code, printed


async def test_undecodable_bytes_park_their_village_in_order(village: Village) -> None:
    """A stranger's bytes park the village and what follows; retry says why; discarded, the rest
    has its effect in order. Meanwhile the status is shown as stale.
    """
    await village.send(village.held(1), b'{"specversion": "1.0", "id"', village.held(2))
    await eventually(village.waiting, [("UNDECODABLE", None), ("BEHIND_PARKED", 2)])
    assert 1 == await village.mark()
    assert (await village.shown())["stale_since"] is not None
    parked_id = await village.parked_id()

    code, printed = await village.parked("retry", village.key)
    assert (1, True) == (code, "UNDECODABLE" in printed), printed
    await village.send(village.held(3))
    await eventually(lambda: rows_of(village), 3)

    await village.discard("--id", parked_id)
    code, printed = await village.parked("retry", village.key)

    assert (0, f"{village.key}: 2 applied, 0 left") == (code, printed.strip())
    assert (3, 3, []) == (await village.mark(), await village.facts(), await village.waiting())
    assert (await village.shown())["stale_since"] is None


async def rows_of(village: Village) -> int:
    return len(await village.waiting())


async def test_broken_bytes_in_an_events_place(village: Village) -> None:
    """An event whose bytes broke on the way leaves a gap when they are discarded: what follows is
    held, until a person passes over the missing event too.
    """
    await village.send(b"\xff\xfe", village.held(2), village.held(3))
    await eventually(village.waiting, [("UNDECODABLE", None), ("BEHIND_PARKED", 2),
                                       ("BEHIND_PARKED", 3)])  # fmt: skip

    await village.discard("--id", await village.parked_id())
    await village.parked("retry", village.key)
    assert (0, [2, 3], []) == (
        await village.mark(), await village.held_back(), await village.waiting()
    )  # fmt: skip
    await village.discard("--topic", TOPIC, "--sequence", "1")

    await village.reaches(3)
    assert (2, []) == (await village.facts(), await village.held_back())


async def test_the_registrys_bytes_take_the_place_of_broken_ones(village: Village) -> None:
    """What broke on its way is asked of its producer, and has its effect once."""
    await village.send(b"\xff\xfe")
    async with village.system.client("registry") as client:
        answer = await client.post(
            f"/villages/{village.key}/sosialisasi",
            json={"effective_on": "2026-03-01", "organiser": "BRANCH_OFFICE"},
            headers={"Idempotency-Key": village.key},
        )
    assert (201, f"{TOPIC}/{village.key}/1") == (
        answer.status_code, answer.headers["Event-Position"]
    )  # fmt: skip
    await eventually(village.waiting, [("UNDECODABLE", None), ("BEHIND_PARKED", 1)])

    code, printed = await village.parked("retry", village.key)

    assert 0 == code, printed
    assert (1, 1, []) == (await village.mark(), await village.facts(), await village.waiting())


async def test_strange_headers_do_not_matter(village: Village) -> None:
    """Null and non-UTF-8 headers: the event has its effect like any other."""
    await village.send(village.held(1), headers=[("content-type", None), ("x", b"\xff\xfe")])
    await village.send(village.held(2), headers=[])

    await village.reaches(2)
    assert (2, []) == (await village.facts(), await village.waiting())


@pytest.mark.parametrize("key", [None, b"", b"\xff\xfe", b"Sukosewu", b"35.05.15"])
async def test_without_a_usable_key(system: System, key: bytes | None) -> None:
    """A record that belongs to no village of ours is set aside, and nobody waits for it.

    An area's code is a usable key of topics about areas; here it parks that area alone.
    """
    other = Village(system, OTHER)
    sequence = await other.mark() + 1
    aside = await set_aside(system)

    await other.send(other.held(sequence), key=key)
    await other.send(other.held(sequence))

    await other.reaches(sequence)
    await eventually(lambda: set_aside(system), aside + 1)


async def set_aside(system: System) -> int:
    """Records set aside, and those parked under an area that is no village."""
    [[number]] = await system.rows(
        "eligibility",
        "SELECT (SELECT count(*) FROM unroutable) "
        "+ (SELECT count(*) FROM parked WHERE village_key = '35.05.15')",
    )
    assert isinstance(number, int)
    return number


async def test_an_unknown_type_is_passed_over(village: Village) -> None:
    """An event of a later release is kept aside, counted, and blocks nothing."""
    later = village.held(2, type="registry.sosialisasi.filmed.v1")

    await village.send(village.held(1), later, village.held(3))

    await village.reaches(3)
    query = "SELECT type, sequence FROM skipped WHERE village_key = $1"
    [kept] = await village.system.rows("eligibility", query, village.key)
    assert ("registry.sosialisasi.filmed.v1", 2) == (kept["type"], kept["sequence"])
    assert (2, []) == (await village.facts(), await village.waiting())


async def test_an_impossible_transition(village: Village) -> None:
    """The end of a term that never began parks the village in all its streams, in order."""
    never = OfficialLeft(
        effective_on=date(2026, 3, 1),
        village_code=village.key,
        term_id=uuid4(),
        post_id=uuid4(),
        post_kind=PostKind.KAUR,
    )
    await village.send(village.event(never, 1), topic=topics.REGISTRY_OFFICIALS)
    await eventually(village.waiting, [("IMPOSSIBLE", 1)])

    await village.send(village.held(1), village.held(2))
    await eventually(
        village.waiting, [("IMPOSSIBLE", 1), ("BEHIND_PARKED", 1), ("BEHIND_PARKED", 2)]
    )
    code, printed = await village.parked("retry", village.key)
    assert (1, True) == (code, "never appointed" in printed), printed
    assert 0 == await village.facts()

    await village.discard("--topic", topics.REGISTRY_OFFICIALS, "--sequence", "1")
    code, printed = await village.parked("retry", village.key)

    assert (0, f"{village.key}: 2 applied, 0 left") == (code, printed.strip())
    assert (1, 2) == (await village.mark(topics.REGISTRY_OFFICIALS), await village.facts())


async def test_a_gap_holds_and_drains_by_itself(village: Village) -> None:
    """What came early waits in its order; the missing event brings it along, once."""
    first, second, third = (village.held(n) for n in (1, 2, 3))
    await village.send(third, second, third)
    await eventually(village.held_back, [2, 3])
    assert (0, 0) == (await village.mark(), await village.facts())

    await village.send(first)

    await village.reaches(3)
    assert (3, [], []) == (
        await village.facts(), await village.held_back(), await village.waiting()
    )  # fmt: skip


async def test_above_the_size_limit(village: Village) -> None:
    """More than 256 KiB is no event of ours, whatever it says."""
    large = village.held(1, pad="x" * MAX_EVENT_BYTES)

    await village.send(large, village.held(1))

    await eventually(village.waiting, [("TOO_LARGE", None), ("BEHIND_PARKED", 1)])
    await village.discard("--id", await village.parked_id())
    assert 0 == (await village.parked("retry", village.key))[0]
    assert (1, 1) == (await village.mark(), await village.facts())


async def test_duplicates_have_one_effect(village: Village) -> None:
    """The same bytes again, at once and later, even out of order."""
    first, second = village.held(1), village.held(2)

    await village.send(first, first, second, first, second)
    await village.reaches(2)
    await village.send(second, first, village.held(3))

    await village.reaches(3)
    assert (3, []) == (await village.facts(), await village.waiting())


async def test_a_sequence_used_again(village: Village) -> None:
    """A stream that went back (a registry restored to an earlier moment) is not a duplicate."""
    await village.send(village.held(1), village.held(2))
    await village.reaches(2)

    await village.send(reused(village))

    await eventually(village.waiting, [("SEQUENCE_REUSED", 1)])
    assert (2, 2) == (await village.mark(), await village.facts())


def reused(village: Village) -> bytes:
    """Sequence 1 once more, recorded a day later."""
    data = sosialisasi(village.key, on=date(2026, 3, 2))
    return value_of(data, village=village.key, sequence=1, time=NOW + timedelta(days=1))


async def test_data_that_breaks_its_schema(village: Village) -> None:
    """The envelope is right and the data is not: parked at its place in the stream."""
    broken = village.held(1).replace(b"2026-03-01", b"kemarin")

    await village.send(broken, village.held(2), None)

    await eventually(
        village.waiting, [("IMPOSSIBLE", 1), ("BEHIND_PARKED", 2), ("UNDECODABLE", None)]
    )
    await village.discard("--topic", TOPIC, "--sequence", "1")
    code, printed = await village.parked("retry", village.key)
    assert (1, True) == (code, "1 applied, 1 left" in printed), printed
    assert (2, [("UNDECODABLE", None)]) == (await village.mark(), await village.waiting())


async def test_nobody_waits_unseen(system: System) -> None:
    """`parked list` names each village that waits, and only those."""
    code, printed = await system.command("eligibility", "parked", "list")
    waiting = await system.rows("eligibility", "SELECT DISTINCT village_key FROM parked")
    listed = {line.split()[0] for line in printed.splitlines()[1:] if line.strip()}
    assert 0 == code
    assert {row["village_key"] for row in waiting} == listed
