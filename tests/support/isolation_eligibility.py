"""Eligibility's deeds for the isolation tests, and what must hold of a village afterwards."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import count, pairwise
from uuid import UUID, uuid4

import msgspec
from common import inbox, outbox
from common.database import Connection, Database, Queries
from common.events.words import TimeZone
from common.ids import Ids
from common.inbox import Inbox
from common.outbox import VillageLocks
from common.parking import Parking
from common.received import ImpossibleEvent, Received
from common.sealing import Sealer
from common.security import Caller
from eligibility.application import Act, Certification
from eligibility.consumers import INPUTS
from eligibility.domain.facts import ActKind
from eligibility.domain.fold import fold
from eligibility.domain.rules import default_rule_sets
from eligibility.storage.facts import FactStore

from support.databases import ServiceUrls
from support.isolation import IsolationTester
from support.programme import START, Registry, SteadyClock, coverage_changed, fetch, staffed
from support.streams import Record

OFFICER = Caller("urn:test", "petugas", frozenset(), frozenset({"*"}))
FAILS_ON = date(2026, 3, 1)
AT_RISK_ON = FAILS_ON + timedelta(days=7)
MIDNIGHT = datetime(2026, 3, 8, tzinfo=UTC) - timedelta(hours=7)
"""At which a village that fails since FAILS_ON is at risk, in Central Java."""


def act(kind: ActKind, on: date) -> Act:
    return Act(kind, f"560/{kind}", on, "Bupati Pekalongan", "tercatat")


PENETAPAN = act(ActKind.PENETAPAN, date(2026, 1, 5))


class Village:
    """A village whose nine posts are held and covered, and what its registry tells of it."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.registry = Registry()
        self.posts, self.terms = [uuid4() for _ in range(9)], [uuid4() for _ in range(9)]

    def founded(self) -> list[Record]:
        return staffed(self.registry, self.posts, self.terms, self.key)

    def cover(self, number: int, *, lost: bool, on: date = FAILS_ON) -> list[Record]:
        """One of its holders loses or regains the cover."""
        changed = coverage_changed(
            self.posts[number],
            self.terms[number],
            on,
            village=self.key,
            active=() if lost else ("JKK", "JKM"),  # type: ignore[arg-type]
        )
        return self.registry.tell(changed, village=self.key)


class Refusing:
    """An effect that cannot be, such as a release with a mistake has."""

    async def apply(
        self,
        connection: Connection,
        locks: VillageLocks,
        accepted: Mapping[str, Sequence[Received]],
    ) -> None:
        for events in accepted.values():
            raise ImpossibleEvent(events[0], "a mistake of this release")


class Rig:
    """Eligibility on one database, with a clock that stands still."""

    def __init__(self, work: Database, app: Database, urls: ServiceUrls) -> None:
        self.clock = SteadyClock()
        self.work, self.app = work, app
        self.certification = self.certification_of(work)
        self.tester = IsolationTester(
            urls.work,
            outbox.QUERIES,
            inbox.QUERIES,
            Queries.of("eligibility.storage"),
            logins={"act": urls.app, "second_act": urls.app},
        )
        self._numbers = count(2001)

    @classmethod
    async def open(cls, urls: ServiceUrls) -> Rig:
        work = await Database.open(urls.work, name="isolation", size=2)
        rig = cls(work, await Database.open(urls.app, name="isolation-app", size=2), urls)
        await rig.certification.install_default_rules()
        return rig

    async def close(self) -> None:
        await self.tester.close()
        await self.work.close()
        await self.app.close()

    def certification_of(self, database: Database) -> Certification:
        return Certification(database, clock=self.clock, ids=Ids())

    def inbox_of(self, database: Database) -> Inbox:
        return Inbox(
            database,
            inputs=INPUTS,
            effect=self.certification_of(database),
            clock=self.clock,
            sealer=Sealer(bytes(32)),
        )

    def parking_of(self, database: Database) -> Parking:
        return Parking(
            database,
            self.inbox_of(database),
            sealer=Sealer(bytes(32)),
            clock=self.clock,
            ids=Ids(),
        )

    async def park(self, records: Sequence[Record]) -> None:
        """Have these events parked, as an effect that could not be."""
        refusing = Inbox(
            self.work,
            inputs=INPUTS,
            effect=Refusing(),
            clock=self.clock,
            sealer=Sealer(bytes(32)),
        )
        await refusing.receive(records)

    async def village(self, *, named: bool = True, failing: bool = False) -> Village:
        """A new village that is eligible, perhaps named, perhaps failing since yesterday."""
        self.clock.go_to(START)
        village = Village(f"33.26.10.{next(self._numbers)}")
        box = self.inbox_of(self.work)
        await box.receive(village.founded())
        if named:
            await self.certification_of(self.app).record_act(village.key, PENETAPAN, OFFICER)
        if failing:
            await box.receive(village.cover(2, lost=True))
        return village

    async def check(self, village: Village) -> list[str]:
        """The log is a chain that ends in the fold of all facts; the standings it told."""
        rows = await fetch(
            self.work,
            "SELECT * FROM decisions WHERE village_key = $1 ORDER BY decided_at",
            village.key,
        )
        said = [json.loads(row["current"]) for row in rows]
        assert [None, *(row["decision_id"] for row in rows)][:-1] == [
            row["previous_decision_id"] for row in rows
        ]
        for before, after in pairwise(rows):
            assert _entry(before) != _entry(after), "two neighbours say the same"
        assert msgspec.to_builtins(await self._fold(village)) == said[-1]
        working = (await fetch(self.work, WORKING, village.key))[0]
        assert {name: working[name] for name in said[-1]} == said[-1]
        assert working["last_decision_id"] == rows[-1]["decision_id"]
        await self._check_stream(village, [row["decision_id"] for row in rows])
        return [face["standing"] for face in said]

    async def _fold(self, village: Village) -> object:
        async with self.work.transaction() as connection:
            store = FactStore(Queries.of("eligibility.storage"))
            stored = (await store.of(connection, [village.key]))[village.key]
        today = self.clock.today(TimeZone.WIB)
        return fold(stored.facts, default_rule_sets(), until=today).on(today).face

    async def _check_stream(self, village: Village, decisions: Sequence[UUID]) -> None:
        """What was published is the log, in its order and without a gap."""
        rows = await fetch(
            self.work,
            "SELECT sequence, value FROM events WHERE village_key = $1 ORDER BY event_id",
            village.key,
        )
        assert list(range(1, len(decisions) + 1)) == [row["sequence"] for row in rows]
        assert list(map(str, decisions)) == [
            json.loads(row["value"])["data"]["decision_id"] for row in rows
        ]


WORKING = """
SELECT eligibility, stage, title, standing, last_decision_id FROM villages WHERE village_key = $1
"""


def _entry(row: object) -> list[object]:
    names = ("current", "reasons", "failing_since", "grace_ends", "undecidable_since", "flagged")
    return [row[name] for name in names]  # type: ignore[index]
