"""One wiring of the service; tests call the same one with other edges."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog
from common.clock import Clock
from common.clock_routes import clock_routes
from common.clockwork import ClockFollower
from common.consuming import Consumer
from common.database import Database, is_transient
from common.guard import Guard
from common.health import Health, Probe
from common.idempotency import install_idempotency
from common.ids import Ids
from common.inbox import Inbox
from common.kafka import build_broker
from common.migrations import drift
from common.outbox import Outbox
from common.parking import Parking
from common.problems import install_problems
from common.process import Backoff, Part, api_part, gc_tuning, run_parts
from common.reconciling import Nightly, Reconciler
from common.reference import install_reference
from common.refolding import Refolding
from common.relay import OutboxRelay
from common.sealing import Sealer
from common.security import Authenticator, install_security
from common.settings import PartName
from common.telemetry import TraceMiddleware, configure_logging
from common.topics_admin import TopicsCheck
from common.watching import Watch
from common.withdrawals import Withdrawals
from fastapi import FastAPI
from prometheus_client import REGISTRY

from notifications.announcing import Announcer
from notifications.api.deliveries import delivery_routes
from notifications.api.errors import install_refusals
from notifications.api.offices import office_routes
from notifications.application import INPUTS, Desk, Hearing
from notifications.channels.email import Email
from notifications.consumers import router_of
from notifications.courier import Courier, Pace
from notifications.directory import Directory
from notifications.domain.deliveries import ChannelKind
from notifications.reconciling import reconciler_of, withdrawals_of
from notifications.settings import Settings
from notifications.storage import QUERIES
from notifications.telemetry import Measuring
from notifications.templates import Templates

SERVICE = "notifications"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Service:
    """The service put together: its API, the deeds behind it, and the parts to run."""

    app: FastAPI
    inbox: Inbox
    parking: Parking
    refolding: Refolding
    directory: Directory
    reconciler: Reconciler
    withdrawals: Withdrawals
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Pools:
    """One pool a role of the process: what wakes the courier are the commits of the others."""

    api: Database
    consumer: Database
    courier: Database


def create_app(
    *, directory: Directory, desk: Desk, authenticator: Authenticator, health: Health
) -> FastAPI:
    """The HTTP edge."""
    app = FastAPI(
        title="Desa Sadar: notifications",
        version="1",
        description="Who holds the regional offices, and what became of each message to them.",
        docs_url=None,
        redoc_url=None,
    )
    app.include_router(health.router())
    app.include_router(office_routes(directory))
    app.include_router(delivery_routes(desk))
    install_refusals(app)
    install_problems(app)
    install_security(app, authenticator)
    install_reference(app)
    app.add_middleware(TraceMiddleware)
    return app


@asynccontextmanager
async def build(settings: Settings) -> AsyncIterator[Service]:
    """Wire the service; databases, Kafka and the SMTP server may still be away."""
    work_url = settings.work_url.get_secret_value()
    async with contextlib.AsyncExitStack() as edges:
        pools = Pools(
            api=await Database.open(settings.app_url.get_secret_value(), name=f"{SERVICE}-api"),
            consumer=await Database.open(work_url, name=f"{SERVICE}-consumer", size=4),
            courier=await Database.open(
                work_url, name=f"{SERVICE}-courier", size=settings.at_once + 2
            ),
        )
        for pool in (pools.api, pools.consumer, pools.courier):
            edges.push_async_callback(pool.close)
        yield _wire(settings, pools)


def _wire(settings: Settings, pools: Pools) -> Service:
    clock, ids = Clock(), Ids()
    announcer = Announcer(Outbox(clock=clock, ids=ids), clock)
    directory = Directory(
        pools.api, sealer=Sealer(settings.key("directory_key")), clock=clock, ids=ids
    )
    parking_sealer = Sealer(settings.key("parking_key"))
    inbox = Inbox(
        pools.consumer,
        inputs=INPUTS,
        effect=Hearing(announcer, clock=clock, ids=ids, settled=settings.settle_times == "none"),
        clock=clock,
        sealer=parking_sealer,
        prefix=settings.topic_prefix,
    )
    consumer = Consumer(
        lambda: build_broker(
            settings.kafka,
            service=SERVICE,
            routers=[router_of(inbox, prefix=settings.topic_prefix)],
        ),
        closing=inbox.close,
    )
    courier = Courier(
        pools.courier,
        channels={ChannelKind.EMAIL: Email(settings.smtp_server(), now=clock.now)},
        directory=directory,
        announcer=announcer,
        templates=Templates(),
        clock=clock,
        ids=ids,
        pace=Pace(at_once=settings.at_once, spare=settings.lease_spare_seconds),
        pages=settings.pages_url,
    )
    relay = OutboxRelay(
        settings.work_url.get_secret_value(),
        settings.kafka,
        prefix=settings.topic_prefix,
        service=SERVICE,
    )
    for pool in (pools.api, pools.consumer, pools.courier):
        pool.on_commit(relay.wake)
    for pool in (pools.api, pools.consumer):
        pool.on_commit(courier.wake)
    refolding = Refolding(
        pools.consumer, inbox, sealer=parking_sealer, clock=clock, latest_only=True
    )
    health = Health(REGISTRY)
    health.check("database", _answers(pools.api))
    topics = TopicsCheck(
        settings.kafka, prefix=settings.topic_prefix, partitions=settings.topic_partitions
    )
    health.check("topics", topics.probe)
    if PartName.CONSUMER in settings.parts:
        health.check("consumer", consumer.probe)
        health.check("inbox", inbox.stopped)
        health.check("refold", refolding.probe)
    if PartName.COURIER in settings.parts:
        health.check("courier", courier.probe)
    app = create_app(
        directory=directory,
        desk=Desk(pools.api, announcer, clock=clock, ids=ids),
        authenticator=settings.authenticator(),
        health=health,
    )
    install_idempotency(app, settings.key("directory_key"))
    follower = ClockFollower(pools.consumer, clock)
    measuring = Measuring(pools.courier, clock=clock)
    reconciler = reconciler_of(settings, pools.consumer, clock)
    loops = {
        PartName.API: [api_part(app, settings.host, settings.port, setting="NOTIFICATIONS_PORT")],
        PartName.CONSUMER: [
            Part("consumer", _in_time(follower, consumer.run)),
            Part("refolding", _in_time(follower, refolding.run)),
        ],
        PartName.COURIER: [
            Part("courier", _in_time(follower, courier.run)),
            Part("measuring", measuring.run),
        ],
        PartName.RELAY: [
            Part("relay", relay.run),
            Part(
                "reconcile",
                Nightly(reconciler, pools.consumer, clock, leading=lambda: relay.leading).run,
            ),
        ],
    }
    parts = [part for name, some in loops.items() if name in settings.parts for part in some]
    parts += [Part("topics", topics.run), Part("watch", Watch(pools.consumer, clock).run)]
    if settings.movable_clock:
        parts.append(Part("clock", follower.run))
        due = QUERIES["due_and_next"]
        app.include_router(clock_routes(SERVICE, pools.consumer, clock, inputs=INPUTS, due=due))
    parking = Parking(
        pools.consumer,
        inbox,
        sealer=parking_sealer,
        clock=clock,
        ids=ids,
        stored=settings.stored_events(),
    )
    return Service(
        app,
        inbox,
        parking,
        refolding,
        directory,
        reconciler,
        withdrawals_of(settings, pools.consumer, parking, clock, ids),
        tuple(parts),
    )


Run = Callable[[asyncio.Event], Awaitable[None]]


def _in_time(follower: ClockFollower, run: Run) -> Run:
    """`run`, begun when the stored business time has been taken over."""

    async def follow_and_run(stop: asyncio.Event) -> None:
        backoff = Backoff()
        while not stop.is_set():
            try:
                await follower.follow_once()
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("start_waits_for_database", reason=type(error).__name__)
                await backoff.wait(stop)
            else:
                await run(stop)
                return

    return follow_and_run


def _answers(database: Database) -> Probe:
    async def probe() -> str | None:
        async with database.transaction() as connection:
            return await drift(connection, "notifications.storage")

    return probe


async def serve(settings: Settings) -> int:
    """Run the parts that the settings name; the exit code."""
    configure_logging(SERVICE, level=settings.log_level)
    async with build(settings) as service:
        gc_tuning()
        return await run_parts(Guard(settings).before(service.parts))
