"""The service as its own process on real Kafka, Postgres and SMTP, killed without warning."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import pytest
from common.events import topics
from common.security.demo import demo_token
from faulty_smtp import Fault, FaultySmtp
from notifications_rig import (
    AT_RISK,
    CAMAT_SRAGI,
    DESIGNATED,
    ELIGIBLE,
    KEDUNGJARAN,
    Service,
    decided,
    known,
)
from support.databases import ServiceUrls
from support.streams import all_records, publish, value_of
from support.waiting import eventually

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120)]


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


class Processes:
    """Starts the service with settings of its own and ends what it started."""

    def __init__(
        self, urls: ServiceUrls, kafka: str, prefix: str, post: FaultySmtp, secrets: Path
    ) -> None:
        self.port = free_port()
        self.secrets = secrets
        self._running: list[asyncio.subprocess.Process] = []
        self._environment = os.environ | {
            "MODE": "test",
            "KAFKA": kafka,
            "TOPIC_PREFIX": prefix,
            "TOPIC_PARTITIONS": "3",
            "SECRETS_DIR": str(secrets),
            "NOTIFICATIONS_OWNER_URL": urls.owner,
            "NOTIFICATIONS_APP_URL": urls.app,
            "NOTIFICATIONS_WORK_URL": urls.work,
            "NOTIFICATIONS_PORT": str(self.port),
            "NOTIFICATIONS_SMTP_HOST": "127.0.0.1",
            "NOTIFICATIONS_SMTP_PORT": str(post.port),
            "NOTIFICATIONS_SMTP_TOTAL_SECONDS": "2",
            "NOTIFICATIONS_LEASE_SPARE_SECONDS": "0.5",
            "NOTIFICATIONS_MAIL_FROM": "desasadar@bpjs.example",
            "NOTIFICATIONS_DIRECTORY_KEY": base64.b64encode(bytes(32)).decode(),
        }

    async def start(self, *, parts: str) -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "notifications",
            "serve",
            env=self._environment | {"NOTIFICATIONS_PARTS": parts},
            stdout=asyncio.subprocess.DEVNULL,
        )
        self._running.append(process)
        return process

    async def kill(self, process: asyncio.subprocess.Process) -> None:
        process.send_signal(signal.SIGKILL)
        await process.wait()

    async def stop_all(self) -> None:
        for process in self._running:
            if process.returncode is None:
                process.terminate()
        for process in self._running:
            async with asyncio.timeout(15):
                await process.wait()

    async def ready(self) -> Any:
        with contextlib.suppress(httpx2.TransportError):
            async with httpx2.AsyncClient() as client:
                answer = await client.get(f"http://127.0.0.1:{self.port}/ready")
                return answer.json()
        return None


@pytest.fixture
async def processes(
    service: Service,
    notifications_urls: ServiceUrls,
    kafka: str,
    prefix: str,
    tmp_path: Path,
) -> AsyncIterator[Processes]:
    started = Processes(notifications_urls, kafka, prefix, service.post, tmp_path)
    yield started
    service.post.held.set()
    await started.stop_all()


async def tell(kafka: str, prefix: str, *events: Any) -> None:
    """Publish a village's events with sequences from 1 on for each topic."""
    sequences: dict[str, int] = {}
    for event in events:
        sequences[event.topic] = sequences.get(event.topic, 0) + 1
        value = value_of(event, village=KEDUNGJARAN, sequence=sequences[event.topic])
        await publish(kafka, f"{prefix}{event.topic}", (KEDUNGJARAN.encode(), value))


async def told(kafka: str, prefix: str) -> list[tuple[str, str]]:
    """Office and state of every `DeliverySettled` on the topic."""
    name = f"{prefix}{topics.NOTIFICATIONS_DELIVERIES}"
    records = await all_records(kafka, [name], partitions=3)
    facts = [msgspec.json.decode(record.value)["data"] for record in records]
    return sorted((fact["office_kind"], fact["state"]) for fact in facts)


async def test_from_topic_to_mail_to_topic(
    service: Service, processes: Processes, kafka: str, prefix: str
):
    """A decision on the topic becomes two mails, and how they ended stands on the topic."""
    await service.appoint_both()
    process = await processes.start(parts="api,consumer,courier,relay")
    await eventually(processes.ready, {"ready": True, "reasons": {}}, within=40)

    now = datetime.now(UTC)
    await tell(kafka, prefix, known(), decided(ELIGIBLE, DESIGNATED, newest_input_time=now))

    both = [("BUPATI", "sent"), ("CAMAT", "sent")]
    await eventually(lambda: told(kafka, prefix), both)
    assert 2 == len(service.post.taken)
    process.terminate()
    assert 0 == await process.wait()


@pytest.mark.faults
async def test_killed_between_call_and_outcome(
    service: Service, processes: Processes, kafka: str, prefix: str
):
    """Kill -9 while the server has the mail and has not answered: unknown, and never again."""
    await service.appoint(CAMAT_SRAGI, "camat@sragi.example")
    service.post.fault = Fault.HANGS_AFTER_DOT
    first = await processes.start(parts="consumer,courier,relay")
    now = datetime.now(UTC)
    await tell(kafka, prefix, known(), decided(DESIGNATED, AT_RISK, newest_input_time=now))
    async with asyncio.timeout(40):
        await service.post.reached.wait()

    await processes.kill(first)
    service.post.fault = Fault.NONE
    service.post.held.set()
    await processes.start(parts="api,consumer,courier,relay")

    await eventually(service.states, {"CAMAT": "unknown(COURIER_LOST)"}, within=40)
    await eventually(lambda: told(kafka, prefix), [("CAMAT", "unknown")])
    assert 1 == len(service.post.taken)

    await eventually(processes.ready, {"ready": True, "reasons": {}}, within=40)
    [row] = await service.desk.deliveries("33.26")
    token = demo_token(
        processes.secrets, audience="notifications", scopes=("notifications:decide",)
    )
    async with httpx2.AsyncClient() as client:
        answer = await client.post(
            f"http://127.0.0.1:{processes.port}/deliveries/{row['delivery_id']}/retry",
            json={"note": "belum diterima"},
            headers={"Authorization": f"Bearer {token}", "Idempotency-Key": "sekali"},
        )
    assert 200 == answer.status_code
    await eventually(service.states, {"CAMAT": "sent"})
    assert 2 == len(service.post.taken)


@pytest.mark.faults
async def test_killed_between_intent_and_call(
    service: Service, processes: Processes, kafka: str, prefix: str
):
    """Kill -9 before the message went out: unknown as well, nothing was received."""
    await service.appoint(CAMAT_SRAGI, "camat@sragi.example")
    service.post.fault = Fault.HANGS_AT_RCPT
    first = await processes.start(parts="consumer,courier")
    now = datetime.now(UTC)
    await tell(kafka, prefix, known(), decided(DESIGNATED, AT_RISK, newest_input_time=now))
    await eventually(service.states, {"CAMAT": "sending"}, within=40)

    await processes.kill(first)
    service.post.fault = Fault.NONE
    await processes.start(parts="courier")

    await eventually(service.states, {"CAMAT": "unknown(COURIER_LOST)"}, within=40)
    assert [] == service.post.taken
