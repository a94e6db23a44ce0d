"""The ledger of alerts compared with the decisions on the topic."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from common.clock import Clock
from common.database import Database
from common.differences import Differences
from common.events import topics
from common.events.eligibility import CertificationChanged, Face
from common.events.words import Eligibility, Stage, Standing, Title
from common.ids import Ids
from common.inbox import Inbox
from common.migrations import migrate
from common.outbox import Outbox
from common.sealing import Sealer
from common.topic_streams import open_topics
from notifications.announcing import Announcer
from notifications.application import INPUTS, Hearing
from notifications.ledger import Ledger
from support.databases import ServiceUrls
from support.reconcile_rig import said
from support.streams import KETANON, WONOPRINGGO, Record, all_records, publish, value_of

TOPIC = topics.ELIGIBILITY_CERTIFICATIONS
NOT_YET = Face(
    eligibility=Eligibility.NOT_ELIGIBLE,
    stage=Stage.TERDAFTAR,
    title=Title.NONE,
    standing=Standing.NONE,
)
ELIGIBLE = NOT_YET.model_copy(
    update={"eligibility": Eligibility.ELIGIBLE, "stage": Stage.MEMENUHI_SYARAT}
)
CAMAT = "VILLAGE_ELIGIBLE to CAMAT 33.26.10"
BUPATI = "VILLAGE_ELIGIBLE to BUPATI 33.26"


@dataclass
class Decided:
    """Notifications that has heard decisions, on a database and a topic of its own."""

    urls: ServiceUrls
    database: Database
    inbox: Inbox
    kafka: str
    prefix: str
    last: dict[str, UUID] = field(default_factory=dict)

    async def decide(self, village: str, *faces: Face, first: int = 1) -> None:
        """Publish decisions of a village, each following the one before."""
        values = []
        for number, (before, after) in enumerate(pairwise(faces)):
            data = CertificationChanged(
                effective_on=date(2026, 3, 2),
                village_code=village,
                decision_id=uuid4(),
                previous_decision_id=self.last.get(village),
                previous=before,
                current=after,
                reasons=(),
                rule_set=None,
                inputs=(),
                newest_input_time=Clock().now(),
            )
            self.last[village] = data.decision_id
            now = Clock().now()
            values.append(value_of(data, village=village, sequence=first + number, time=now))
        name = f"{self.prefix}{TOPIC}"
        await publish(self.kafka, name, *[(village.encode(), value) for value in values])

    async def hear(self) -> None:
        records: list[Record] = await all_records(
            self.kafka, [f"{self.prefix}{TOPIC}"], partitions=3
        )
        await self.inbox.receive(records)

    async def damage(self, query: str, *arguments: object) -> None:
        connection = await asyncpg.connect(self.urls.owner)
        try:
            await connection.execute(query, *arguments)
        finally:
            await connection.close()

    async def lines(self) -> list[str]:
        found = Differences()
        ledger = Ledger(
            self.database,
            Clock(),
            lambda: open_topics(self.kafka, partitions=3, prefix=self.prefix, client="tests"),
        )
        await ledger.check(found)
        return said(found)


@pytest.fixture
async def decided(
    notifications_urls: ServiceUrls, kafka: str, prefix: str
) -> AsyncIterator[Decided]:
    """Two villages became eligible, one of them twice: two offices were told each time."""
    database = await Database.open(notifications_urls.work, name="tests", size=3)
    clock, ids = Clock(), Ids()
    hearing: Any = Hearing(Announcer(Outbox(clock=clock, ids=ids), clock), clock=clock, ids=ids)
    inbox = Inbox(
        database,
        inputs=INPUTS,
        effect=hearing,
        clock=clock,
        sealer=Sealer(bytes(32)),
        prefix=prefix,
    )
    made = Decided(notifications_urls, database, inbox, kafka, prefix)
    await made.decide(KETANON, NOT_YET, ELIGIBLE, NOT_YET, ELIGIBLE)
    await made.decide(WONOPRINGGO, NOT_YET, ELIGIBLE)
    await made.hear()
    yield made
    await database.close()


async def test_an_equal_ledger_is_silent(decided: Decided) -> None:
    """Also when decisions come again, and when some have not been heard yet."""
    await decided.hear()
    await decided.decide(KETANON, ELIGIBLE, NOT_YET, ELIGIBLE, first=4)

    assert [] == await decided.lines()


@pytest.mark.parametrize(("office", "text"), [("CAMAT", CAMAT), ("BUPATI", BUPATI)])
async def test_a_missing_alert_is_named(decided: Decided, office: str, text: str) -> None:
    """Place 5, removed: the village, the decision's sequence, and who was not told."""
    await decided.damage(
        """DELETE FROM alerts a USING offices o WHERE o.office_id = a.office_id
        AND a.decision_id = $1 AND o.kind = $2""",
        decided.last[KETANON],
        office,
    )

    assert [f"alerts {KETANON} 3-3: an alert {text}; none"] == await decided.lines()


async def test_a_doubled_alert_is_named(decided: Decided) -> None:
    """Place 5, doubled: one office is told twice of one decision."""
    await decided.damage("ALTER TABLE alerts DROP CONSTRAINT alerts_decision_id_office_id_kind_key")
    await decided.damage(
        """INSERT INTO alerts SELECT gen_random_uuid(), decision_id, a.office_id, a.kind,
            village_key, village_code, origin, effective_on, heard_at
        FROM alerts a JOIN offices o USING (office_id)
        WHERE decision_id = $1 AND o.kind = 'CAMAT'""",
        decided.last[KETANON],
    )

    assert [f"alerts {KETANON} 3-3: one alert {CAMAT}; two"] == await decided.lines()


async def test_an_alert_that_no_decision_asks_for_is_named(decided: Decided) -> None:
    """Of a kind that the decision does not ask for, and of a decision that is not on the topic."""
    await decided.damage(
        """INSERT INTO alerts SELECT gen_random_uuid(), decision_id, a.office_id, 'STATUS_AT_RISK',
            village_key, village_code, origin, effective_on, heard_at
        FROM alerts a JOIN offices o USING (office_id)
        WHERE decision_id = $1 AND o.kind = 'CAMAT'""",
        decided.last[KETANON],
    )
    await decided.damage(
        "UPDATE alerts SET decision_id = gen_random_uuid() WHERE decision_id = $1 AND office_id = ("
        "SELECT office_id FROM offices WHERE kind = 'BUPATI')",
        decided.last[KETANON],
    )

    assert [
        f"alerts {KETANON} 0-0: no alert {BUPATI}; one",
        f"alerts {KETANON} 3-3: an alert {BUPATI}; none",
        f"alerts {KETANON} 3-3: no alert STATUS_AT_RISK to CAMAT 33.26.10; one",
    ] == await decided.lines()


async def test_a_decision_that_a_person_passed_over_asks_for_nothing(decided: Decided) -> None:
    """A discard is a decision of its own; so is what is older than the ledger keeps."""
    await decided.damage("DELETE FROM alerts WHERE decision_id = $1", decided.last[KETANON])
    assert 2 == len(await decided.lines())
    await decided.damage(
        """INSERT INTO discards (
            discard_id, village_key, topic, sequence, reason, actor, discarded_at
        ) VALUES (gen_random_uuid(), $1, $2, 3, 'uji', 'petugas', now())""",
        KETANON,
        TOPIC,
    )

    assert [] == await decided.lines()


async def test_what_an_earlier_release_addressed_by_its_rules_is_not_missing(
    decided: Decided,
) -> None:
    """The upgrade keeps how far it had heard; later decisions are compared, and rows still are."""
    await decided.damage("DELETE FROM alerts")
    await decided.damage(
        "DELETE FROM _pogo_migration WHERE migration_id = '0331_pre_addressed_before'"
    )
    await decided.damage("DROP TABLE addressed_before")
    await decided.damage("UPDATE marks SET sequences = '{9, 1}' WHERE village_key = $1", KETANON)
    await decided.damage("UPDATE marks SET sequences = '{9}' WHERE village_key = $1", WONOPRINGGO)
    await migrate(decided.urls.owner, "notifications.storage")
    await decided.damage("UPDATE marks SET sequences = '{9, 3, 0}'")

    assert [
        f"alerts {KETANON} 3-3: an alert {BUPATI}; none",
        f"alerts {KETANON} 3-3: an alert {CAMAT}; none",
        f"alerts {WONOPRINGGO} 1-1: an alert {BUPATI}; none",
        f"alerts {WONOPRINGGO} 1-1: an alert VILLAGE_ELIGIBLE to CAMAT 33.26.12; none",
    ] == await decided.lines()
