"""The registry wired: one application, and the parts that a process runs."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import structlog
from common.clock import Clock
from common.clock_routes import clock_routes
from common.clockwork import ClockFollower
from common.database import Database, is_transient
from common.guard import Guard
from common.health import Health
from common.idempotency import install_idempotency
from common.ids import Ids
from common.migrations import drift
from common.outbox import Outbox
from common.problems import install_problems
from common.process import Part, api_part, gc_tuning, run_parts
from common.reconciling import Nightly, Reconciler
from common.reference import install_reference
from common.relay import OutboxRelay
from common.security import Authenticator, install_security
from common.settings import PartName
from common.stream_counters import StreamCounters
from common.stream_routes import counter_routes
from common.telemetry import TraceMiddleware, configure_logging
from common.topics_admin import TopicsCheck
from common.watching import Watch
from common.watermarks import WatermarkWriter
from fastapi import FastAPI
from prometheus_client import REGISTRY as METRICS

from registry.api.callers import STREAMS
from registry.api.enrollments import enrollment_routes
from registry.api.errors import install_refusals
from registry.api.outreach import outreach_routes, worker_routes
from registry.api.streams import stream_routes
from registry.api.villages import area_routes, government_routes
from registry.application import Registry
from registry.purging import Purge
from registry.questions import Questions
from registry.reconciling import TOPICS, reconciler_of
from registry.settings import Settings
from registry.storage.participants import ParticipantStore

logger = structlog.get_logger(__name__)

SMALL_POOL = 3
"""Connections of the parts that are no API."""


def create_app(
    *,
    registry: Registry,
    questions: Questions,
    counters: StreamCounters,
    authenticator: Authenticator,
    health: Health,
) -> FastAPI:
    """The HTTP application; tests call it with edges of their own."""
    app = FastAPI(
        title="Desa Sadar: registry",
        version="1",
        description="Who is enrolled, which posts exist, who holds them, what was done to inform.",
        docs_url=None,
        redoc_url=None,
    )
    app.include_router(health.router())
    app.include_router(area_routes(questions))
    app.include_router(government_routes(registry, questions))
    app.include_router(outreach_routes(registry, questions))
    app.include_router(worker_routes(registry, questions))
    app.include_router(enrollment_routes(registry, questions))
    app.include_router(counter_routes(counters, STREAMS))
    app.include_router(stream_routes(questions))
    install_refusals(app)
    install_problems(app)
    install_security(app, authenticator)
    install_reference(app)
    app.add_middleware(TraceMiddleware)
    return app


@dataclass(frozen=True, slots=True)
class Service:
    """A registry ready to run."""

    app: FastAPI
    parts: Sequence[Part]
    clock: Clock
    reconciler: Reconciler


@contextlib.asynccontextmanager
async def build(settings: Settings, *, clock: Clock | None = None) -> AsyncIterator[Service]:
    """Wire the parts that `settings.parts` names; databases and Kafka may still be away."""
    clock = clock or Clock()
    ids = Ids()
    app_database = await Database.open(
        settings.app_url.get_secret_value(),
        name="registry-api",
        size=settings.database_connections,
    )
    work_database = await Database.open(
        settings.work_url.get_secret_value(), name="registry-work", size=SMALL_POOL
    )
    try:
        participants = ParticipantStore(
            master_key=settings.key("master_key"), hmac_key=settings.key("hmac_key"), ids=ids
        )
        health = Health(METRICS)
        health.check("database", lambda: answers(app_database))
        declared = TopicsCheck(
            settings.kafka, prefix=settings.topic_prefix, partitions=settings.topic_partitions
        )
        health.check("topics", declared.probe)
        app = create_app(
            registry=Registry(
                database=app_database,
                outbox=Outbox(clock=clock, ids=ids),
                participants=participants,
                clock=clock,
                ids=ids,
                nik_99=settings.nik_99,
            ),
            questions=Questions(database=app_database, participants=participants, clock=clock),
            counters=StreamCounters(app_database),
            authenticator=settings.authenticator(),
            health=health,
        )
        install_idempotency(app, settings.key("hmac_key"))
        reconciler = reconciler_of(settings, work_database)
        parts = [
            Part("topics", declared.run),
            Part("watch", Watch(work_database, clock).run),
        ]
        if PartName.API in settings.parts:
            parts.append(api_part(app, settings.host, settings.port, setting="REGISTRY_PORT"))
        if settings.movable_clock:
            follower = ClockFollower(work_database, clock)
            await take_stored_time(follower)
            parts.append(Part("clock", follower.run))
            app.include_router(clock_routes("registry", work_database, clock))
        if PartName.RELAY in settings.parts:
            parts += relay_parts(settings, app_database, work_database, clock, reconciler)
        yield Service(app, parts, clock, reconciler)
    finally:
        await app_database.close()
        await work_database.close()


def relay_parts(
    settings: Settings,
    app_database: Database,
    work_database: Database,
    clock: Clock,
    reconciler: Reconciler,
) -> list[Part]:
    """What carries the outbox to Kafka, says how far it has come, and forgets what is over."""
    relay = OutboxRelay(
        settings.work_url.get_secret_value(),
        settings.kafka,
        prefix=settings.topic_prefix,
        service="registry",
    )
    app_database.on_commit(relay.wake)
    watermarks = WatermarkWriter(
        work_database,
        settings.kafka,
        clock=clock,
        inputs=TOPICS,
        partitions=settings.topic_partitions,
        leading=lambda: relay.leading,
        prefix=settings.topic_prefix,
    )
    return [
        Part("relay", relay.run),
        Part("watermarks", watermarks.run),
        Part("purge", Purge(work_database, clock).run),
        Part(
            "reconcile",
            Nightly(reconciler, work_database, clock, leading=lambda: relay.leading).run,
        ),
    ]


async def take_stored_time(follower: ClockFollower) -> None:
    """Start in the business time that the demo has reached; the follower goes on asking."""
    try:
        await follower.follow_once()
    except Exception as error:
        if not is_transient(error):
            raise
        logger.warning("clock_waits_for_database", reason=type(error).__name__)


async def answers(database: Database) -> str | None:
    """Ready while the database answers and is of this release; Kafka may be away."""
    async with database.transaction() as connection:
        return await drift(connection, "registry.storage")


async def serve(settings: Settings) -> int:
    """Run the process until it is asked to stop; its exit code."""
    configure_logging("registry", level=settings.log_level)
    async with build(settings) as service:
        gc_tuning()
        return await run_parts(Guard(settings).before(service.parts))
