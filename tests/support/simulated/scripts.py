"""Deeds of the services' own code, told to both ports: what each statement answers is compared."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Iterator
from datetime import date, timedelta
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

from common.events.eligibility import (
    CeremonyMoved,
    CeremonyPlanned,
    CertificationChanged,
    Face,
    Reason,
    RuleSetRef,
)
from common.events.registry import OfficialAppointed
from common.events.words import (
    CeremonyKind,
    Eligibility,
    OfficeKind,
    PostKind,
    Stage,
    Standing,
    Title,
    Venue,
)
from common.inbox import MARKS_LOCK, Inbox
from common.outbox import Draft, Outbox, lock_villages
from common.outbox_queue import SETTINGS, OutboxQueue
from common.relay import LEADER_LOCK
from common.sealing import Sealer
from common.systemic import SystemicStop
from eligibility.application import Certification
from eligibility.consumers import INPUTS as REGISTRY_INPUTS
from notifications.announcing import Announcer
from notifications.application import INPUTS, Hearing
from notifications.courier import Courier, Pace
from notifications.directory import Directory
from notifications.domain.deliveries import ChannelKind, NotSent, Outcome, Sent, Unknown
from notifications.domain.letters import Letter
from notifications.templates import Templates

from support.histories import arrival, cut, history
from support.programme import START, Registry, SteadyClock, appointed, known, left, sosialisasi
from support.simulated.consuming import Watched
from support.simulated.contract import Port, SeededIds
from support.simulated.programme import VILLAGES
from support.simulated.registry import Deed, done
from support.streams import Record

SEALER = Sealer(bytes(32))
HERE, THERE, BESIDE, FAR = VILLAGES


def area(village: str) -> dict[str, str]:
    """A row of the registry's villages."""
    row = {"village_key": village, "village_code": village, "kecamatan_code": village[:8]}
    return {**row, "kind": "DESA", "name": village, "search_name": village}


async def producing(port: Port) -> None:
    """Deeds with keys, some repeated; then the queue is read, read ahead and emptied."""
    await port.prepare("villages", [area(village) for village in VILLAGES])
    clock = SteadyClock()
    outbox = Outbox(clock=clock, ids=SeededIds(1))
    for n, some in enumerate([(HERE,), (THERE, HERE), (BESIDE,), (FAR, THERE), (HERE,)] * 2):
        deed = Deed(f"deed {n % 7}", tuple(Draft(v, sosialisasi(v)) for v in some))
        first = await done(port.database, outbox, clock, deed)
        assert first == await done(port.database, outbox, clock, deed)
    async with port.database.transaction() as connection:
        assert await connection.fetchval("SELECT pg_try_advisory_lock($1)", LEADER_LOCK)
        await connection.execute(SETTINGS)
        queue = OutboxQueue(connection, page=3)  # type: ignore[arg-type]  # it only asks
        while rows := await queue.front():
            await queue.after(rows)
            await queue.front([rows[0]["village_key"]])
            await queue.delete([row["event_id"] for row in rows])


async def hearing(port: Port) -> None:
    """Histories that overtake themselves, come early and twice; one village is parked."""
    chance, registry, clock = random.Random(5), Registry(), SteadyClock()
    certification = Certification(port.database, clock=clock, ids=SeededIds(2))
    await certification.install_default_rules()
    inbox = Inbox(
        port.database,
        inputs=REGISTRY_INPUTS,
        effect=Watched(certification),
        clock=clock,
        sealer=SEALER,
    )
    villages = [f"33.26.10.2{n:03d}" for n in range(1, 9)]
    told = [history(n, village, registry) for n, village in enumerate(villages)]
    records = arrival(chance, [record for some in told for record in some])
    for batch in cut(chance, records):
        await inbox.receive(batch)
    never = UUID(int=9)
    bad = registry.tell(left(never, never, date(2026, 1, 1), FAR), sosialisasi(FAR), village=FAR)
    await inbox.receive([*bad, *bad])
    async with port.database.transaction() as connection:
        await lock_villages(connection, [*villages, "99"], MARKS_LOCK)
    stop = SystemicStop(port.database, clock)
    await stop.stop("tried")
    assert "consuming stopped: tried" == await stop.reason()


class Answers:
    """A channel whose outcomes are written down beforehand."""

    longest = 0.0

    def __init__(self) -> None:
        self._left: Iterator[Outcome] = iter(
            [
                NotSent("451", final=False),
                Unknown("silence"),
                NotSent("550", final=True),
                NotSent("away", final=False, unreachable=True),
            ]
        )

    async def send(self, delivery_id: UUID, letter: Letter, address: str) -> Outcome:
        return next(self._left, Sent("250"))

    async def unreachable(self) -> str | None:
        return None

    def hurry(self, seconds: float) -> None:
        pass

    def close(self) -> None:
        """Nothing is kept."""


OFFICES = (("CAMAT", "33.26.10"), ("CAMAT", "33.26.12"))
TITLED = Face(
    eligibility=Eligibility.ELIGIBLE,
    stage=Stage.MEMENUHI_SYARAT,
    title=Title.DITETAPKAN,
    standing=Standing.BAIK,
)
AT_RISK = TITLED.model_copy(
    update={"eligibility": Eligibility.NOT_ELIGIBLE, "standing": Standing.TERANCAM}
)


def decided(registry: Registry, village: str, before: Face, after: Face) -> list[Record]:
    """An entry of the log by which one office is told something, or two at the same moment."""
    entry = CertificationChanged(
        effective_on=date(2026, 3, 2),
        village_code=village,
        decision_id=uuid5(NAMESPACE_OID, f"{village}{len(registry.sequences)}{registry.time}"),
        previous_decision_id=None,
        previous=before,
        current=after,
        reasons=(Reason(criterion="head_and_staff_covered", met=False, required=3, actual=1),),
        rule_set=RuleSetRef(rule_set_id="default_desa", version=1, checksum="0"),
        failing_since=date(2026, 2, 1),
        grace_ends=date(2026, 5, 2),
        inputs=(UUID(int=7),),
        newest_input_time=START,
    )
    return registry.tell(entry, village=village)


async def telling(port: Port) -> None:
    """Decisions are heard, brought, refused, lost and superseded; offices lack what they lack."""
    await directory(port)
    clock, ids, registry = SteadyClock(), SeededIds(3), Registry()
    announcer = Announcer(Outbox(clock=clock, ids=ids), clock)
    hearing = Hearing(announcer, clock=clock, ids=ids, settled=True)
    inbox = Inbox(port.database, inputs=INPUTS, effect=hearing, clock=clock, sealer=SEALER)
    courier = Courier(
        port.database,
        channels={ChannelKind.EMAIL: Answers()},
        directory=Directory(port.database, sealer=SEALER, clock=clock, ids=ids),
        announcer=announcer,
        templates=Templates(),
        clock=clock,
        ids=ids,
        pace=Pace(at_once=2, spare=-1.0, back_off=(timedelta(0),) * 3),
    )

    async def at_work() -> None:
        # What is due at the same moment is claimed in no order: such pairs share a look.
        while await courier.look():
            await courier.rest()

    for village in VILLAGES[:3]:
        await inbox.receive(registry.tell(known(village), village=village))
    for some in ((HERE, FAR), (BESIDE, THERE)):
        await at_work()
        for village in some:
            await inbox.receive(decided(registry, village, TITLED, AT_RISK))
    await inbox.receive(decided(registry, THERE, AT_RISK, TITLED))
    await at_work()
    for _ in range(6):
        await inbox.receive(decided(registry, HERE, AT_RISK, TITLED))
        await inbox.receive(decided(registry, HERE, TITLED, AT_RISK))
        await at_work()
    for event in (*ceremony(), headed(1), headed(2)):
        await inbox.receive(registry.tell(event, village=HERE))
        await at_work()
    await inbox.receive(registry.tell(known(FAR), village=FAR))
    await port.prepare("contacts", [contact(2)])
    await courier.sweep()
    await courier._claims.take(8)
    await courier.sweep()
    await at_work()


def ceremony() -> tuple[CeremonyPlanned, CeremonyMoved]:
    """Planned for a day, and moved to the next."""
    data: dict[str, Any] = {
        "effective_on": date(2026, 3, 2),
        "village_code": HERE,
        "ceremony_id": UUID(int=3),
        "kind": CeremonyKind.PERESMIAN,
        "begins_at": None,
        "venue": Venue.VILLAGE_HALL,
        "host": OfficeKind.CAMAT,
    }
    moved = {"planned_for": date(2026, 3, 25), "previously_for": date(2026, 3, 24)}
    return (
        CeremonyPlanned(**data, planned_for=date(2026, 3, 24)),
        CeremonyMoved(**data, **moved, previously_at=None),
    )


def headed(number: int) -> OfficialAppointed:
    """The village's head by number, without protection."""
    on, term = date(2026, 2, number), UUID(int=number)
    return appointed(UUID(int=9), term, HERE, on=on, kind=PostKind.KEPALA_DESA, active=())


def contact(number: int) -> dict[str, object]:
    holder = UUID(int=number)
    row = {"holder_id": holder, "channel": "EMAIL", "valid_from": date(2020, 1, 2)}
    sealed = SEALER.seal(b"camat@example.org", context=b"address" + holder.bytes)
    return {**row, "address": sealed, "recorded_at": START, "recorded_by": "test"}


async def directory(port: Port) -> None:
    """Two camat, of whom one has an address; the rest of the offices become known by hearing."""
    offices = [{"kind": kind, "area_code": area} for kind, area in OFFICES]
    await port.prepare("offices", offices)
    await port.prepare("holders", [port.term(number) for number in (1, 2)])
    await port.prepare("contacts", [contact(1)])


SCRIPTS: dict[str, tuple[str, Callable[[Port], Awaitable[None]]]] = {
    "producing": ("registry", producing),
    "hearing": ("eligibility", hearing),
    "telling": ("notifications", telling),
}
"""Each with the service whose database it needs."""
