"""Eligibility and notifications put together in one process each, as their `main` does."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from common.ids import Ids
from common.outbox import Outbox
from common.relay import OutboxRelay
from common.sealing import Sealer
from eligibility.application import Certification
from eligibility.consumers import INPUTS as REGISTRY_INPUTS
from eligibility.domain.rules import canonical_rule_set, default_rule_sets
from notifications.announcing import Announcer
from notifications.application import INPUTS, Hearing
from notifications.courier import Courier, Pace
from notifications.directory import Directory
from notifications.domain.deliveries import ChannelKind
from notifications.templates import Templates

from support.simulated import consuming, eligibility, notifications
from support.simulated.consuming import hear
from support.simulated.mail import Mail, Post
from support.simulated.processes import Process
from support.simulated.registry import PAGE
from support.simulated.world import World

PACE = Pace(
    at_once=3,
    idle=0.5,
    sweep=1.5,
    spare=1.0,
    back_off=tuple(timedelta(seconds=0.5 * n) for n in range(1, 9)),
)
HELD_SINCE = date(2020, 1, 2)
TEMPLATES = Templates()
SEALER = Sealer(bytes(32))
HOLDERS = {
    ("BUPATI", "33.26"): b"bupati@pekalongan.example",
    ("CAMAT", "33.26.10"): b"camat@sragi.example",
    ("CAMAT", "33.26.12"): None,
    ("BUPATI", "35.05"): b"bupati@blitar.example",
}
"""The camat of Wonopringgo has no address, and Gandusari has no camat."""


def serve_eligibility(world: World) -> None:
    server = world.serve(
        "eligibility",
        (*eligibility.TABLES, consuming.TABLE),
        {**eligibility.STATEMENTS, **consuming.STATEMENTS},
    )
    session = server.connect("migration")
    for rules in default_rule_sets():
        body = canonical_rule_set(rules).decode()
        names = ("rule_set_id", "version", "village_kind", "regency_code", "valid_from")
        values = [getattr(rules, name) for name in names]
        eligibility.add_rule_set(session, *values, rules.recorded_at, rules.checksum, body)
    session.commit()
    server.drop(session)


def serve_notifications(world: World) -> None:
    server = world.serve(
        "notifications",
        (*notifications.TABLES, consuming.TABLE),
        {**notifications.STATEMENTS, **consuming.STATEMENTS},
    )
    session = server.connect("directory")
    for number, ((kind, area), email) in enumerate(HOLDERS.items(), 1):
        session.insert("offices", {"kind": kind, "area_code": area})
        holder = UUID(int=number)
        term = {"holder_id": holder, "office_id": number, "begins": HELD_SINCE}
        session.insert("holders", term)
        contact = {"holder_id": holder, "channel": "EMAIL", "valid_from": HELD_SINCE}
        sealed = email and SEALER.seal(email, context=b"address" + holder.bytes)
        session.insert("contacts", {**contact, "address": sealed})
    session.commit()
    server.drop(session)


def run_eligibility(world: World, process: Process) -> None:
    database, clock = world.database("eligibility"), world.clock(process)
    relay = OutboxRelay("eligibility", "kafka", service="eligibility", read=PAGE)
    database.on_commit(relay.wake)
    process.run(relay.run)
    hear(
        world,
        process,
        database=database,
        service="eligibility",
        inputs=REGISTRY_INPUTS,
        effect=Certification(database, clock=clock, ids=Ids()),
    )


def run_notifications(world: World, process: Process, post: Post) -> None:
    heard, brought = world.database("notifications"), world.database("notifications")
    clock, ids = world.clock(process), Ids()
    announcer = Announcer(Outbox(clock=clock, ids=ids), clock)
    courier = Courier(
        brought,
        channels={ChannelKind.EMAIL: Mail(post, process, world.weather)},
        directory=Directory(brought, sealer=SEALER, clock=clock, ids=ids),
        announcer=announcer,
        templates=TEMPLATES,
        clock=clock,
        ids=ids,
        pace=PACE,
    )
    relay = OutboxRelay("notifications", "kafka", service="notifications", read=PAGE)
    for database, wake in ((heard, relay.wake), (heard, courier.wake), (brought, relay.wake)):
        database.on_commit(wake)
    for part in (relay.run, courier.run):
        process.run(part)
    hear(
        world,
        process,
        database=heard,
        service="notifications",
        inputs=INPUTS,
        effect=Hearing(announcer, clock=clock, ids=ids, settled=True),
    )
