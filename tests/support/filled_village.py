"""Villages with all that a page can show of them: posts, members, acts, messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from common.database import Database
from common.events.notifications import DeliverySettled
from common.events.registry import EnrollmentActivated
from common.events.words import AlertKind, DeliveryState, OfficeKind, PostKind
from common.inbox import Inbox
from common.security import Caller
from eligibility.application import Act, Certification
from eligibility.domain.facts import ActKind
from eligibility.messages import Messages

from support.programme import (
    Registry,
    SteadyClock,
    activated,
    appointed,
    coverage_changed,
    decreed,
    fetch,
    known,
    left,
    sosialisasi,
)
from support.streams import KETANON, Record

OFFICER = Caller(
    "https://issuer.example", "officer", frozenset({"eligibility:act"}), frozenset({"*"})
)
NAMED = date(2026, 3, 2)
MAY = datetime(2026, 5, 4, 2, tzinfo=UTC)
JUNE = datetime(2026, 6, 10, 2, tzinfo=UTC)
KINDS = [PostKind.KEPALA_DESA, PostKind.SEKRETARIS_DESA, *[PostKind.KAUR] * 20]


@dataclass
class Filled:
    """One village in the making; the clock goes with the story."""

    certification: Certification
    """Of the consumer and the scheduler."""
    acting: Certification
    """Of the API, for acts of persons."""
    inbox: Inbox
    messages: Messages
    clock: SteadyClock
    registry: Registry
    work: Database
    village: str = KETANON
    posts: list[UUID] = field(default_factory=list)
    terms: list[UUID] = field(default_factory=list)
    members: list[EnrollmentActivated] = field(default_factory=list)

    async def tell(self, *events: Any) -> None:
        self.registry.time = max(self.registry.time, self.clock.at - timedelta(minutes=1))
        await self.inbox.receive(self.registry.tell(*events, village=self.village))

    async def founded(self, posts: int = 9, *, on: date = date(2025, 6, 1), **names: Any) -> None:
        """Known, decreed, and every post but the last held and covered."""
        self.posts = [uuid4() for _ in range(posts)]
        self.terms = [uuid4() for _ in self.posts]
        held = zip(self.posts[:-1], self.terms[:-1], KINDS, strict=False)
        await self.tell(
            known(self.village, **names),
            decreed(self.posts, self.village),
            *(appointed(post, term, self.village, on=on, kind=kind) for post, term, kind in held),
            sosialisasi(self.village, on=date(2026, 1, 5)),
        )

    async def last_post_held(self, on: date = date(2026, 2, 2)) -> None:
        await self.tell(
            appointed(
                self.posts[-1], self.terms[-1], self.village, on=on, kind=KINDS[len(self.posts) - 1]
            )
        )

    async def members_join(self, number: int) -> None:
        self.members += [activated(self.village) for _ in range(number)]
        await self.tell(*self.members[-number:])

    async def secretary_lapses(self, on: date) -> None:
        await self.tell(
            coverage_changed(
                self.posts[1],
                self.terms[1],
                on,
                village=self.village,
                kind=PostKind.SEKRETARIS_DESA,
            )
        )

    async def head_leaves(self, on: date) -> None:
        await self.tell(left(self.posts[0], self.terms[0], on, self.village, PostKind.KEPALA_DESA))

    async def act(self, act: ActKind, on: date, number: str = "560/123/2026") -> None:
        order = Act(act, number, on, "Bupati Pekalongan", "sesuai hasil verifikasi")
        await self.acting.record_act(self.village, order, OFFICER)

    async def come(self, at: datetime) -> None:
        """Business time moves on, and what falls due is judged."""
        self.clock.go_to(at)
        while await self.certification.review_due():
            pass

    async def comes_at_risk(self) -> None:
        """Named in March; its secretary lost cover on 1 May, and it is June."""
        await self.founded()
        await self.last_post_held()
        await self.members_join(3)
        await self.told(AlertKind.VILLAGE_ELIGIBLE)
        await self.act(ActKind.PENETAPAN, NAMED)
        await self.come(MAY)
        await self.secretary_lapses(date(2026, 5, 1))
        await self.come(JUNE)
        await self.told(AlertKind.STATUS_AT_RISK)
        states = (DeliveryState.UNKNOWN, DeliveryState.FAILED)
        await self.told(AlertKind.STATUS_AT_RISK, office=OfficeKind.CAMAT, states=states)

    async def decision(self) -> UUID:
        """The last entry of the log."""
        rows = await fetch(
            self.work, "SELECT last_decision_id FROM villages WHERE village_key = $1", self.village
        )
        return UUID(str(rows[0][0]))

    async def told(
        self,
        kind: AlertKind,
        *,
        office: OfficeKind = OfficeKind.BUPATI,
        states: Sequence[DeliveryState] = (DeliveryState.SENT,),
    ) -> list[Record]:
        """A message to an office and how it went, as notifications tells it."""
        area = self.village[:8] if office is OfficeKind.CAMAT else self.village[:5]
        delivery, decision = uuid4(), await self.decision()
        self.registry.time = max(self.registry.time, self.clock.at)
        records = self.registry.tell(
            *(
                DeliverySettled(
                    effective_on=self.clock.at.date(),
                    village_code=self.village,
                    delivery_id=delivery,
                    decision_id=decision,
                    alert_kind=kind,
                    office_kind=office,
                    office_area=area,
                    state=state,
                    attempts=1,
                )
                for state in states
            ),
            village=self.village,
        )
        await self.messages.receive(records)
        return records
