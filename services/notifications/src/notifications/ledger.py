"""The ledger of alerts compared with the news on the topic: none missing, none doubled.

Marks first, then the topic, then the rows. What a mark has passed has its rows by then; a row of
a decision that is heard meanwhile is no difference. Memory: a decision that asks for alerts takes
some 200 B while it is compared; those that ask for none take 16 B within their partition.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from common.clock import Clock
from common.database import Database
from common.differences import Difference, Differences, Place
from common.events import topics
from common.events.eligibility import CeremonyMoved, CeremonyPlanned, CertificationChanged
from common.events.words import AlertKind
from common.received import ImpossibleEvent, Received, parse
from common.reconcile_published import OpenTopics
from common.stream_counters import QUERIES as RECONCILE
from common.topic_streams import StreamIds, Telling, each_event, silent

from notifications.application import INPUTS
from notifications.domain.alerts import Occasion, alerts_about, alerts_of
from notifications.domain.rules import RULES
from notifications.domain.views import View
from notifications.storage import QUERIES
from notifications.storage.housekeeping import KEPT

TOPIC = topics.ELIGIBILITY_CERTIFICATIONS
PAGE = 5_000
ASKING = frozenset({CertificationChanged.type, CeremonyPlanned.type, CeremonyMoved.type})
KINDS = frozenset(kind for kind, rule in RULES.items() if ASKING.intersection(rule.told_by))
"""The alerts that this topic asks for; a change of head is told by another one."""
SPARE = timedelta(days=1)
DO = "docs/runbook.md, Reconcile"

Told = tuple[str, str, str]
"""Kind of alert, kind of office, its area."""


@dataclass(slots=True)
class Asked:
    """What one decision asks for and the ledger has not shown yet."""

    village_key: str
    sequence: int
    time: datetime
    alerts: frozenset[Told]


class Ledger:
    """Alerts as rows against alerts as the rule wants them."""

    def __init__(self, database: Database, clock: Clock, open_topics: OpenTopics) -> None:
        self._database = database
        self._clock = clock
        self._open_topics = open_topics

    async def check(self, found: Differences, tell: Telling = silent) -> None:
        """Compare every decision that was heard with its alerts; differences go to `found`."""
        begun = self._clock.now()
        marks = await self._marks()
        discarded, before = await self._discarded(), await self._addressed_before()
        asked = await self._asked(discarded, tell)
        await self._rows(asked, begun, found)
        for one in asked.values():
            key = one.village_key
            passed = before.get(key, 0) < one.sequence <= marks.get(key, 0)
            decided = (key, one.sequence) in discarded
            purged = one.time < begun - KEPT + SPARE
            if passed and not decided and not purged:
                for told in sorted(one.alerts):
                    _note(found, one, f"an alert {_text(told)}", "none")

    async def _marks(self) -> dict[str, int]:
        marks: dict[str, int] = {}
        index, after = INPUTS.index(TOPIC), ""
        while True:
            async with self._database.transaction() as connection:
                rows = await connection.fetch(RECONCILE["marks_of"], after, PAGE)
            marks |= {row["village_key"]: row["sequences"][index] for row in rows}
            if len(rows) < PAGE:
                return marks
            after = rows[-1]["village_key"]

    async def _discarded(self) -> set[tuple[str, int]]:
        """Decisions that a person has passed over."""
        async with self._database.transaction() as connection:
            rows = await connection.fetch(QUERIES["discarded_of_topic"], TOPIC)
        return {(row["village_key"], row["sequence"]) for row in rows}

    async def _addressed_before(self) -> dict[str, int]:
        """Up to which decision an earlier release addressed alerts, by rules of its own."""
        async with self._database.transaction() as connection:
            rows = await connection.fetch(QUERIES["addressed_before"])
        return {row["village_key"]: row["sequence"] for row in rows}

    async def _asked(
        self, discarded: Collection[tuple[str, int]], tell: Telling
    ) -> dict[UUID, Asked]:
        """The alerts that the topic's events ask for; the first at each sequence counts."""
        asked: dict[UUID, Asked] = {}
        async with self._open_topics() as reader:
            ends = await reader.ends(TOPIC)
            for partition, end in ends.items():
                streams: defaultdict[str, StreamIds] = defaultdict(StreamIds)
                met: dict[str, frozenset[str]] = {}
                async for key, event in each_event(reader, TOPIC, partition, end):
                    tell(f"{TOPIC} (alerts)", 1, sum(ends.values()))
                    first = streams[key].add(event.sequence, event.id.bytes)
                    if first and (key, event.sequence) not in discarded:
                        asked |= _alerts(key, event, met)
        return asked

    async def _rows(self, asked: dict[UUID, Asked], begun: datetime, found: Differences) -> None:
        """Take each row out of what is asked for; one that nobody asks for is named."""
        after = UUID(int=0)
        whole = {decision: one.alerts for decision, one in asked.items()}
        while True:
            async with self._database.transaction() as connection:
                rows = await connection.fetch(QUERIES["alerts_page"], after, PAGE)
            for row in rows:
                told = (row["kind"], row["office_kind"], row["area_code"])
                if row["kind"] not in KINDS:
                    continue
                one = asked.get(row["decision_id"])
                if one is not None and told in one.alerts:
                    one.alerts -= {told}
                elif row["heard_at"] < begun:
                    twice = told in whole.get(row["decision_id"], ())
                    _note(
                        found,
                        one or _unknown(row),
                        f"one alert {_text(told)}" if twice else f"no alert {_text(told)}",
                        "two" if twice else "one",
                    )
            if len(rows) < PAGE:
                return
            after = rows[-1]["alert_id"]


def _alerts(key: str, event: Received, met: dict[str, frozenset[str]]) -> dict[UUID, Asked]:
    """`met` has the criteria that the village's decision before found met, and then this one's."""
    if event.type not in ASKING:
        return {}
    try:
        data = parse(event)
    except ImpossibleEvent:
        return {}
    if isinstance(data, CertificationChanged):
        about, newest = data.decision_id, data.newest_input_time
        before = replace(View.of(data.previous), met=met.get(key, frozenset()))
        after = View.of(data.current, data.reasons)
        met[key] = after.met
        alerts = alerts_of(before, after, _occasion(event, data.village_code, newest))
    elif isinstance(data, CeremonyPlanned | CeremonyMoved):
        about = event.id
        occasion = _occasion(event, data.village_code, event.time)
        alerts = alerts_about(AlertKind.CEREMONY_INVITE, occasion)
    else:
        return {}
    told = frozenset(_told(alert.kind, alert.office.kind, alert.office.area) for alert in alerts)
    return {about: Asked(key, event.sequence, event.time, told)} if told else {}


def _occasion(event: Received, village_code: str, newest: datetime) -> Occasion:
    return Occasion(village_code, event.origin, newest, heard_at=event.time)


def _told(kind: str, office: str, area: str) -> Told:
    return str(kind), str(office), area


def _unknown(row: Any) -> Asked:
    return Asked(row["village_key"], 0, row["heard_at"], frozenset())


def _text(told: Told) -> str:
    kind, office, area = told
    return f"{kind} to {office} {area}"


def _note(found: Differences, one: Asked, expected: str, there: str) -> None:
    found.add(
        Difference(
            place=Place.ALERTS,
            village_key=one.village_key,
            topic=TOPIC,
            first=one.sequence,
            last=one.sequence,
            expected=expected,
            found=there,
            do=DO,
        )
    )
