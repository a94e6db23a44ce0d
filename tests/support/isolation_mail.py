"""Couriers, the directory and what is heard, for the isolation tests of notifications."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

from common import inbox, outbox
from common.database import Database, Queries
from common.events.words import OfficeKind
from common.inbox import Inbox
from notifications.application import INPUTS, Desk, Hearing
from notifications.courier import Courier, Pace
from notifications.directory import Directory
from notifications.domain.deliveries import ChannelKind, Outcome, Sent
from notifications.domain.letters import Letter
from notifications.domain.offices import Office
from notifications.domain.terms import Appointment
from notifications.templates import Templates

from support.databases import ServiceUrls
from support.isolation import IsolationTester, Stage
from support.programme import fetch
from support.streams import Record

# The rig stands beside the tests of notifications.
sys.path.insert(0, str(Path(__file__).parents[1] / "notifications"))
from notifications_rig import (  # type: ignore[import-not-found]
    ELIGIBLE,
    START_FACE,
    Service,
    decided,
    known,
)

SEND = "SEND"
TODAY = date(2026, 3, 2)


@dataclass
class Letterbox:
    """A channel that takes every message, when the tester lets it."""

    stage: Stage | None
    sent: list[tuple[UUID, str]] = field(default_factory=list)
    longest: float = 0.0

    async def send(self, delivery_id: UUID, letter: Letter, address: str) -> Outcome:
        if self.stage is not None:
            await self.stage.at(SEND)
        self.sent.append((delivery_id, address))
        return Sent("250 taken")

    async def unreachable(self) -> str | None:
        return None

    def hurry(self, seconds: float) -> None:
        pass

    def close(self) -> None:
        pass


class Post:
    """A notifications service whose couriers, directory and inbox play against each other."""

    def __init__(self, work: Database, app: Database, urls: ServiceUrls) -> None:
        self.service = Service(app, work, None)  # no SMTP server is asked
        self.work, self.app = work, app
        self.tester = IsolationTester(
            urls.work,
            outbox.QUERIES,
            inbox.QUERIES,
            Queries.of("notifications.storage"),
            logins={"directory": urls.app, "desk": urls.app},
        )
        self.sent: list[tuple[UUID, str]] = []
        self._numbers = count()

    @classmethod
    async def open(cls, urls: ServiceUrls) -> Post:
        work = await Database.open(urls.work, name="isolation", size=2)
        return cls(work, await Database.open(urls.app, name="isolation-app", size=2), urls)

    async def close(self) -> None:
        await self.tester.close()
        await self.service.close()

    def courier(self, stage: Stage | None, *, spare: float = 30.0) -> Courier:
        """A courier of a session, or one that nothing holds up."""
        return Courier(
            stage.database if stage else self.work,
            channels={ChannelKind.EMAIL: Letterbox(stage, self.sent)},
            directory=self.service.directory,
            announcer=self.service.announcer,
            templates=Templates(),
            clock=self.service.clock,
            ids=self.service.ids,
            pace=Pace(spare=spare, back_off=(timedelta(0),) * 3),
        )

    async def bring(self, stage: Stage | None, *, spare: float = 30.0) -> None:
        """One look at what is due, and all that comes of it."""
        courier = self.courier(stage, spare=spare)
        await courier.look()
        await courier.rest()

    async def bring_all(self) -> None:
        """Whatever is still to be brought, with nobody in the way."""
        courier = self.courier(None)
        await courier.sweep()
        while await courier.look():
            await courier.rest()

    def directory(self, stage: Stage) -> Directory:
        service = self.service
        return Directory(
            stage.database, sealer=service.sealer, clock=service.clock, ids=service.ids
        )

    def desk(self, stage: Stage) -> Desk:
        service = self.service
        return Desk(stage.database, service.announcer, clock=service.clock, ids=service.ids)

    async def hear(self, stage: Stage, records: Sequence[Record]) -> None:
        """Have these events their effect, in a session."""
        service = self.service
        hearing = Hearing(service.announcer, clock=service.clock, ids=service.ids, settled=True)
        box = Inbox(
            stage.database,
            inputs=INPUTS,
            effect=hearing,
            clock=service.clock,
            sealer=service.sealer,
        )
        await box.receive(records)

    async def alert(self, *, holder: str | None = "lama@sragi.example") -> Case:
        """A village in a kecamatan of its own that became eligible: its camat is to be told."""
        number = next(self._numbers)
        village = f"33.{10 + number // 80:02}.{10 + number % 80:02}.2008"
        camat = Office(OfficeKind.CAMAT, village[:8])
        case = Case(self, village, camat)
        await self.service.tell(known(village), village=village)
        await self.service.tell(decided(START_FACE, ELIGIBLE, village=village), village=village)
        if holder:
            case.holder = await self.service.appoint(camat, holder)
        self.sent.clear()
        return case


@dataclass
class Case:
    """One alert to one camat."""

    post: Post
    village: str
    camat: Office
    holder: UUID | None = None

    @property
    def successor(self) -> Appointment:
        return Appointment(self.camat, "Pejabat baru", TODAY, email="baru@sragi.example")

    def superseding(self) -> list[Record]:
        """The village is not eligible any more."""
        teller = self.post.service.teller
        event = decided(ELIGIBLE, START_FACE, village=self.village)
        return [teller.record(event, self.village, "LIVE")]

    async def delivery(self) -> Any:
        """The camat's delivery and its attempts, with whom each was for."""
        rows = await fetch(
            self.post.work,
            "SELECT d.*, array(SELECT t.holder_id FROM attempts t "
            "WHERE t.delivery_id = d.delivery_id ORDER BY t.attempt) AS holders "
            "FROM deliveries d JOIN alerts a USING (alert_id) "
            "JOIN offices o ON o.office_id = d.office_id "
            "WHERE a.village_key = $1 AND o.kind = 'CAMAT'",
            self.village,
        )
        assert 1 == len(rows)
        return rows[0]

    async def addresses(self) -> list[str]:
        """Where the camat's messages went."""
        delivery_id = (await self.delivery())["delivery_id"]
        return [address for about, address in self.post.sent if about == delivery_id]
