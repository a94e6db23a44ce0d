"""One wiring of the service; tests call the same one with other edges."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from common.clock import Clock
from common.clock_routes import clock_routes
from common.clockwork import ClockFollower
from common.consuming import Consumer
from common.database import Database, Queries
from common.events.topics import prefixed
from common.guard import Guard
from common.health import Health, Probe
from common.idempotency import install_idempotency
from common.ids import Ids
from common.inbox import Inbox
from common.kafka import build_broker
from common.migrations import drift
from common.parking import Parking
from common.problems import install_problems
from common.process import Part, api_part, gc_tuning, run_parts
from common.reconciling import Nightly, Reconciler
from common.reference import install_reference
from common.refolding import Refolding
from common.relay import OutboxRelay
from common.sealing import Sealer
from common.security import Authenticator, install_security
from common.settings import Mode, PartName
from common.stream_counters import StreamCounters
from common.stream_routes import counter_routes
from common.telemetry import TraceMiddleware, configure_logging
from common.topics_admin import TopicsCheck
from common.watching import Watch
from common.web import Login, install_login
from common.withdrawals import Withdrawals
from fastapi import FastAPI
from prometheus_client import REGISTRY

from eligibility.api.asking import STREAMS
from eligibility.api.ceremonies import ceremonies_router
from eligibility.api.operations import operations_router
from eligibility.api.refusals import install_refusals
from eligibility.api.streams import streams_router
from eligibility.api.villages import villages_router
from eligibility.application import Certification
from eligibility.consumers import GROUP, INPUTS, messages_router, registry_router
from eligibility.messages import Messages
from eligibility.reading import Reading
from eligibility.reconciling import reconciler_of, withdrawals_of
from eligibility.scheduler import Scheduler
from eligibility.settings import Settings
from eligibility.settling import Settling
from eligibility.starting import Starting
from eligibility.web.assets import Assets
from eligibility.web.forms import recorders_of
from eligibility.web.leaving import farewell
from eligibility.web.problems import ProblemPages
from eligibility.web.registry_api import RegistryApi
from eligibility.web.rendering import Pages
from eligibility.web.site import site

SERVICE = "eligibility"


@dataclass(frozen=True, slots=True)
class Service:
    """The service put together: its API, the deeds behind it, and the parts to run."""

    app: FastAPI
    inbox: Inbox
    parking: Parking
    refolding: Refolding
    certification: Certification
    reconciler: Reconciler
    withdrawals: Withdrawals
    parts: tuple[Part, ...]


def create_app(
    *,
    reading: Reading,
    certification: Certification,
    counters: StreamCounters,
    authenticator: Authenticator,
    health: Health,
    clock: Clock,
    login: Login | None = None,
    registry: RegistryApi | None = None,
    demo: bool = False,
) -> FastAPI:
    """The HTTP edge; `demo`: whoever fills in a form is told of invented NIK."""
    app = FastAPI(title="Desa Sadar: eligibility", docs_url=None, redoc_url=None)
    app.include_router(health.router())
    app.include_router(villages_router(reading, certification))
    app.include_router(ceremonies_router(reading, certification))
    app.include_router(operations_router(reading))
    app.include_router(counter_routes(counters, STREAMS))
    app.include_router(streams_router(reading))
    pages = Pages(clock, Assets(), demo=demo)
    recorders = recorders_of(reading, certification, registry or RegistryApi(""))
    app.include_router(site(pages, reading, clock, recorders))
    install_refusals(app)
    install_problems(app)
    install_security(app, authenticator)
    install_reference(app)
    app.add_middleware(ProblemPages, pages=pages)
    install_login(app, login, farewell(pages))
    app.add_middleware(TraceMiddleware)
    return app


@asynccontextmanager
async def build(settings: Settings) -> AsyncIterator[Service]:
    """Wire the service; its pools are closed at the end."""
    async with contextlib.AsyncExitStack() as edges:
        work = await Database.open(settings.work_url.get_secret_value(), name=f"{SERVICE}-work")
        edges.push_async_callback(work.close)
        app_pool = await Database.open(settings.app_url.get_secret_value(), name=f"{SERVICE}-app")
        edges.push_async_callback(app_pool.close)
        yield _wire(settings, work, app_pool)


def _wire(settings: Settings, work: Database, app_pool: Database) -> Service:
    clock, ids = Clock(), Ids()
    sealer = Sealer(settings.key("parking_key"))
    working = Certification(work, clock=clock, ids=ids)
    acting = Certification(app_pool, clock=clock, ids=ids)
    inbox = Inbox(
        work,
        inputs=INPUTS,
        effect=working,
        clock=clock,
        sealer=sealer,
        prefix=settings.topic_prefix,
    )
    messages = Messages(work, clock=clock, sealer=sealer, prefix=settings.topic_prefix)

    def closing() -> None:
        inbox.close()
        messages.close()

    consumer = Consumer(
        lambda: build_broker(
            settings.kafka,
            service=SERVICE,
            routers=[
                registry_router(inbox, prefix=settings.topic_prefix),
                messages_router(messages, prefix=settings.topic_prefix),
            ],
        ),
        closing=closing,
    )
    relay = OutboxRelay(
        settings.work_url.get_secret_value(),
        settings.kafka,
        prefix=settings.topic_prefix,
        service=SERVICE,
    )
    work.on_commit(relay.wake)
    app_pool.on_commit(relay.wake)
    follower = ClockFollower(work, clock)
    starting = Starting(working, follower)
    refolding = Refolding(work, inbox, sealer=sealer, clock=clock)
    health = Health(REGISTRY)
    health.check("database", _answers(app_pool))
    health.check("start", starting.probe)
    topics = TopicsCheck(
        settings.kafka, prefix=settings.topic_prefix, partitions=settings.topic_partitions
    )
    health.check("topics", topics.probe)
    if PartName.CONSUMER in settings.parts:
        health.check("consumer", consumer.probe)
        health.check("inbox", inbox.stopped)
        health.check("refold", refolding.probe)
    authenticator = settings.authenticator()
    reading = reading_of(app_pool, clock)
    work.on_commit(reading.feed.wake)
    app = create_app(
        reading=reading,
        certification=acting,
        counters=StreamCounters(app_pool),
        authenticator=authenticator,
        health=health,
        clock=clock,
        login=settings.login(app_pool, authenticator, settings.key("parking_key")),
        registry=RegistryApi(settings.registry_url),
        demo=settings.mode is Mode.DEMO,
    )
    install_idempotency(app, settings.key("parking_key"))
    settling = Settling(
        working,
        settings.kafka,
        group=prefixed(settings.topic_prefix, GROUP),
        prefix=settings.topic_prefix,
    )
    reconciler = reconciler_of(settings, work)
    loops = {
        PartName.API: [
            api_part(app, settings.host, settings.port, setting="ELIGIBILITY_PORT"),
            Part("feed", reading.feed.run),
        ],
        PartName.CONSUMER: [
            Part("consumer", starting.before(consumer.run)),
            Part("settling", settling.run),
            Part("refolding", starting.before(refolding.run)),
        ],
        PartName.SCHEDULER: [Part("scheduler", starting.before(Scheduler(working).run))],
        PartName.RELAY: [
            Part("relay", relay.run),
            Part("reconcile", Nightly(reconciler, work, clock, leading=lambda: relay.leading).run),
        ],
    }
    parts = [
        Part("start", starting.run),
        Part("topics", topics.run),
        Part("watch", Watch(work, clock).run),
    ]
    parts += [part for name, some in loops.items() if name in settings.parts for part in some]
    if settings.movable_clock:
        parts.append(Part("clock", follower.run))
        due = Queries.of("eligibility.storage")["due_and_next"]
        app.include_router(clock_routes(SERVICE, work, clock, inputs=INPUTS, due=due))
    parking = Parking(
        work, inbox, sealer=sealer, clock=clock, ids=ids, stored=settings.stored_events()
    )
    return Service(
        app,
        inbox,
        parking,
        refolding,
        working,
        reconciler,
        withdrawals_of(settings, work, parking, clock, ids),
        tuple(parts),
    )


def reading_of(database: Database, clock: Clock | None = None) -> Reading:
    return Reading(database, clock=clock or Clock(), ids=Ids(), inputs=INPUTS)


def _answers(database: Database) -> Probe:
    async def probe() -> str | None:
        async with database.transaction() as connection:
            return await drift(connection, "eligibility.storage")

    return probe


async def serve(settings: Settings) -> int:
    """Run the parts that the settings name; the exit code."""
    configure_logging(SERVICE, level=settings.log_level)
    async with build(settings) as service:
        gc_tuning()
        return await run_parts(Guard(settings).before(service.parts))
