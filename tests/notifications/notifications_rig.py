"""The parts of notifications put together for tests, and what they are told."""

from __future__ import annotations

import dataclasses
from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
from common.clock import Clock
from common.database import Database
from common.events.eligibility import CertificationChanged, Face, Missing, Reason, RuleSetRef
from common.events.envelope import Origin
from common.events.registry import VillageKnown
from common.events.words import (
    Eligibility,
    OfficeKind,
    PostKind,
    RegencyKind,
    Stage,
    Standing,
    TimeZone,
    Title,
    VillageKind,
)
from common.ids import Ids
from common.inbox import Inbox
from common.outbox import Outbox
from common.sealing import Sealer
from faulty_smtp import FaultySmtp
from notifications.announcing import Announcer
from notifications.application import INPUTS, Desk, Hearing
from notifications.channels.connections import SmtpServer
from notifications.channels.email import Email
from notifications.courier import Courier, Pace
from notifications.directory import Directory
from notifications.domain.deliveries import ChannelKind
from notifications.domain.offices import Office
from notifications.domain.terms import Appointment
from notifications.templates import Templates
from support.databases import ServiceUrls
from support.programme import START, SteadyClock
from support.streams import Record, value_of

KEDUNGJARAN = "33.26.12.2008"
GATAK = "33.10.22.2005"
CAMAT_SRAGI = Office(OfficeKind.CAMAT, "33.26.12")
BUPATI_PEKALONGAN = Office(OfficeKind.BUPATI, "33.26")

START_FACE = Face(
    eligibility=Eligibility.NOT_ELIGIBLE,
    stage=Stage.CALON,
    title=Title.NONE,
    standing=Standing.NONE,
)
ELIGIBLE = START_FACE.model_copy(
    update={"eligibility": Eligibility.ELIGIBLE, "stage": Stage.MEMENUHI_SYARAT}
)
DESIGNATED = ELIGIBLE.model_copy(update={"title": Title.DITETAPKAN, "standing": Standing.BAIK})
AT_RISK = DESIGNATED.model_copy(
    update={"eligibility": Eligibility.NOT_ELIGIBLE, "standing": Standing.TERANCAM}
)

SUSPENDED = AT_RISK.model_copy(update={"standing": Standing.DITANGGUHKAN})
REVOKED = START_FACE.model_copy(update={"standing": Standing.DICABUT})

COVERED = Reason(criterion="head_and_staff_covered", met=True, required=11, actual=11)
UNCOVERED = Reason(
    criterion="head_and_staff_covered",
    met=False,
    required=11,
    actual=9,
    missing=(Missing(post_kind=PostKind.KAUR, not_covered=2),),
)


def known(village: str = KEDUNGJARAN, **changes: Any) -> VillageKnown:
    data: dict[str, Any] = {
        "effective_on": date(2025, 4, 25),
        "village_code": village,
        "name": "Kedungjaran",
        "kind": VillageKind.DESA,
        "kecamatan_code": village[:8],
        "kecamatan_name": "Sragi",
        "regency_code": village[:5],
        "regency_name": "Pekalongan",
        "regency_kind": RegencyKind.KABUPATEN,
        "province_code": village[:2],
        "province_name": "Jawa Tengah",
        "time_zone": TimeZone.WIB,
    }
    return VillageKnown(**(data | changes))


def decided(
    before: Face,
    after: Face,
    *,
    village: str = KEDUNGJARAN,
    newest_input_time: datetime = START,
    reasons: tuple[Reason, ...] = (COVERED,),
    failing_since: date | None = None,
    grace_ends: date | None = None,
    effective_on: date = date(2026, 3, 2),
    decision_id: UUID | None = None,
) -> CertificationChanged:
    return CertificationChanged(
        effective_on=effective_on,
        village_code=village,
        decision_id=decision_id or uuid4(),
        previous_decision_id=None,
        previous=before,
        current=after,
        reasons=reasons,
        rule_set=RuleSetRef(rule_set_id="default-desa", version=1, checksum="0"),
        failing_since=failing_since,
        grace_ends=grace_ends,
        inputs=(uuid4(),),
        newest_input_time=newest_input_time,
    )


@dataclasses.dataclass
class Teller:
    """Gives events their sequence, time and place on a topic."""

    sequences: Counter[tuple[str, str]] = dataclasses.field(default_factory=Counter)
    offsets: Counter[str] = dataclasses.field(default_factory=Counter)

    def record(self, event: Any, village: str, origin: Origin) -> Record:
        self.sequences[event.topic, village] += 1
        self.offsets[event.topic] += 1
        sequence = self.sequences[event.topic, village]
        value = value_of(
            event,
            village=village,
            sequence=sequence,
            time=START + timedelta(seconds=sequence),
            origin=origin,
        )
        return Record(event.topic, village.encode(), value, 0, self.offsets[event.topic])


class Service:
    """The service as its process wires it, except that its loops are turned by hand."""

    def __init__(self, app: Database, work: Database, post: FaultySmtp) -> None:
        self.app, self.work, self.post = app, work, post
        self.clock = SteadyClock()
        self.ids = Ids()
        self.teller = Teller()
        self.sealer = Sealer(bytes(32))
        self.announcer = self._announcer(self.clock)
        self.directory = Directory(app, sealer=self.sealer, clock=self.clock, ids=self.ids)
        self.desk = Desk(app, self.announcer, clock=self.clock, ids=self.ids)
        self.inbox = self.inbox_of(settled=True)
        self._emails: list[Email] = []

    @classmethod
    async def open(cls, urls: ServiceUrls, post: FaultySmtp) -> Service:
        app = await Database.open(urls.app, name="tests-app")
        return cls(app, await Database.open(urls.work, name="tests-work"), post)

    async def close(self) -> None:
        for email in self._emails:
            email.close()
        await self.app.close()
        await self.work.close()

    def _announcer(self, clock: Clock) -> Announcer:
        return Announcer(Outbox(clock=clock, ids=self.ids), clock)

    def inbox_of(self, *, settled: bool) -> Inbox:
        effect = Hearing(self.announcer, clock=self.clock, ids=self.ids, settled=settled)
        return Inbox(self.work, inputs=INPUTS, effect=effect, clock=self.clock, sealer=self.sealer)

    def courier(self, **changes: Any) -> Courier:
        options: dict[str, Any] = {
            "channels": {ChannelKind.EMAIL: self.email()},
            "directory": self.directory,
            "announcer": self.announcer,
            "templates": Templates(),
            "clock": self.clock,
            "ids": self.ids,
            "pace": Pace(idle=0.02, sweep=0.05, spare=0.2, back_off=(timedelta(0),) * 3),
        }
        return Courier(self.work, **(options | changes))

    def email(self, *, patience: float = 0.5) -> Email:
        server = SmtpServer(
            host="127.0.0.1",
            port=self.post.port,
            sender="desasadar@bpjs.example",
            connect_timeout=1,
            command_timeout=patience,
            total_timeout=patience + 1.5,
        )
        self._emails.append(Email(server, now=self.clock.now))
        return self._emails[-1]

    async def tell(
        self, *events: Any, village: str = KEDUNGJARAN, origin: Origin = Origin.LIVE
    ) -> None:
        await self.inbox.receive([self.teller.record(e, village, origin) for e in events])

    async def appoint(self, office: Office, email: str, begins: date = date(2025, 2, 20)) -> UUID:
        name = f"Pejabat {email}"
        appointment = Appointment(office, name, begins, email=email)
        answer = await self.directory.appoint(appointment, by="petugas")
        return UUID(answer.body["holder_id"])

    async def appoint_both(self) -> None:
        await self.appoint(CAMAT_SRAGI, "camat@sragi.example")
        await self.appoint(BUPATI_PEKALONGAN, "bupati@pekalongan.example")

    async def bring_all(self, courier: Courier | None = None) -> None:
        """Turn the courier until nothing is due."""
        courier = courier or self.courier()
        await courier.sweep()
        while await self.round(courier):
            pass

    async def round(self, courier: Courier | None = None) -> bool:
        """One look, waited for to its end; whether there was anything."""
        courier = courier or self.courier()
        found = await courier.look()
        await courier.rest()
        return found

    async def states(self) -> dict[str, str]:
        """Office -> `state` or `state(reason)` of every delivery."""
        async with self.work.transaction() as connection:
            rows = await connection.fetch(
                "SELECT o.kind, d.state, coalesce(d.waits_for, d.reason) AS why "
                "FROM deliveries d JOIN offices o USING (office_id) ORDER BY d.delivery_id"
            )
        return {
            row["kind"]: row["state"]
            if row["state"] == "sent" or row["why"] is None
            else f"{row['state']}({row['why']})"
            for row in rows
        }

    async def told(self) -> set[tuple[str, str, str]]:
        """Kind of alert, office and state with its reason of every delivery."""
        async with self.work.transaction() as connection:
            rows = await connection.fetch(
                "SELECT a.kind, o.kind AS office, d.state, coalesce(d.waits_for, d.reason) AS why "
                "FROM deliveries d JOIN alerts a USING (alert_id) "
                "JOIN offices o ON o.office_id = d.office_id"
            )
        return {
            (
                row["kind"],
                row["office"],
                row["state"] if row["state"] == "sent" else f"{row['state']}({row['why']})",
            )
            for row in rows
        }

    async def count(self, query: str) -> int:
        async with self.work.transaction() as connection:
            counted: int = await connection.fetchval(query)
        return counted

    async def settled(self) -> list[tuple[str, str]]:
        """Office and state of every `DeliverySettled`, in the order of the outbox."""
        async with self.work.transaction() as connection:
            rows = await connection.fetch("SELECT value FROM events ORDER BY event_id")
        facts = [msgspec.json.decode(row["value"])["data"] for row in rows]
        return [(fact["office_kind"], fact["state"]) for fact in facts]
