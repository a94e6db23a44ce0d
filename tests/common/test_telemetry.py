"""Logs lead to the cause and never to a person; a trace goes on from hand to hand."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import re
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
import structlog
from common.redaction import mask
from common.telemetry import (
    TraceMiddleware,
    configure_logging,
    current_request_id,
    current_traceparent,
    next_traceparent,
    trace,
)
from fastapi import FastAPI
from pydantic import BaseModel, ValidationError

NIK = "3326120812340001"
KPJ = "16012345678"
RECEIVED = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.fixture
def logs() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    stream = io.StringIO()
    configure_logging("registry", stream=stream)
    yield stream
    root.handlers[:], root.level = before


def lines(logs: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in logs.getvalue().splitlines()]


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (f"nik={NIK}", "nik=[nik]"),
        (f"NIK{NIK}x", "NIK[nik]x"),
        ("3326 1208 1234 0001", "[nik]"),
        ("332612.081234.0001", "[nik]"),
        ("33.26.12.081234.0001", "[nik]"),
        (f"{NIK}7", "[nik]"),
        (f"no. {KPJ}.", "no. [kpj]."),
        ("tel 081234567890 ok", "tel [phone] ok"),
        ("+62 812-3456-7890", "[phone]"),
        ("6281234567890", "[phone]"),
        ("0812 3456 7890", "[phone]"),
        ("(0285) 421234", "[phone]"),
        ("+31 20 1234567", "[phone]"),
        ("kirim ke siti.aminah+a@desa.go.id!", "kirim ke [email]!"),
        ("ERROR: duplicate\nDETAIL: Key (name)=(Siti\nAminah) exists.\nHINT: none",
         "ERROR: duplicate\nDETAIL: [removed]\nHINT: none"),
        ("invalid input for query argument $2: 'Siti (x)' (expected int)",
         "invalid input for query argument $2: [removed] (x)' (expected int)"),
    ],
)  # fmt: skip
def test_identifiers_are_masked(text: str, masked: str) -> None:
    """NIK, KPJ, telephone numbers, e-mail addresses and quoted rows, however they are written."""
    assert mask(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "33.26.12.2008",
        "registry.enrollments/33.26.12.2008/12",
        "registry.enrollments/33.26.12.2008/0000000012",
        "2026-11-21T08:21:29.123456Z",
        "2026-11-21T08:21:29.123456+00:00",
        "01938b7e-1234-7123-8123-123456789012",
        "4bf92f3577b34da6a3ce929d0e0e4736",
        "12345678901234567890123456789a12",
        "127.0.0.1:25432",
        "1795249271.123456",
        "0000000212",
        "262144 bytes",
    ],
)
def test_codes_times_and_ids_are_left_alone(text: str) -> None:
    """An operator can still read villages, positions, moments and traces."""
    assert mask(text) == text


async def test_a_canary_in_every_place_of_a_log_line_leaves_no_trace(logs: io.StringIO) -> None:
    """Keys, values, nested values, exceptions, arguments of the standard library's logs."""

    class Form(BaseModel):
        wage: int

    def fail() -> None:
        raise LookupError(f"no {NIK}")

    name = "Si" + "ti"  # a traceback shows the source line
    logger = structlog.get_logger("registry")
    event = f"recorded {NIK}"
    logger.info(event, nik=NIK, Name=name, note=[{"phone": "0812", "x": {NIK: NIK}}])
    logger.info("number", value=int(NIK), deep=[[[[[[[[NIK]]]]]]]], other={NIK}, thing=object())
    logger.info("secret", token="abcdef", authorization="Bearer abcdef", email="a@b.id")
    logging.getLogger("aiokafka.consumer").warning("bad record %s of %s", NIK, {"x": NIK})
    logging.getLogger("uvicorn.error").info("GET %s", f"/x?nik={NIK}")
    try:
        Form(wage=f"{name} {NIK}")
    except ValidationError:
        logger.exception("refused")
    try:
        fail()
    except LookupError:
        logging.getLogger("other").exception("failed for %s", NIK)
    structlog.contextvars.bind_contextvars(caller="siti@desa.go.id")
    logger.info("bound")
    structlog.contextvars.clear_contextvars()

    text = logs.getvalue()
    assert len(lines(logs)) == 8
    for canary in (NIK, "Siti", "0812", "abcdef", "a@b.id", "siti@desa.go.id"):
        assert canary not in text


def test_a_value_that_contains_itself_is_logged(logs: io.StringIO) -> None:
    """Depth has a limit: a log line never fails, whatever it is given."""
    endless: list[object] = [NIK]
    endless.append(endless)
    structlog.get_logger("registry").info("endless", value=endless)

    assert lines(logs)[0]["value"][:1] == ["[nik]"]
    assert "[removed]" in logs.getvalue()


def test_all_logs_look_the_same(logs: io.StringIO) -> None:
    """One JSON object a line with service, event, level, logger and time, whoever logs."""
    structlog.get_logger("registry.application").info("enrolled", village_key="33.26.12.2008")
    logging.getLogger("uvicorn.error").warning("port %d", 8001)

    ours, theirs = lines(logs)
    assert (ours["event"], ours["village_key"]) == ("enrolled", "33.26.12.2008")
    assert (theirs["event"], theirs["level"]) == ("port 8001", "warning")
    for line in (ours, theirs):
        assert line.keys() >= {"service", "event", "level", "logger", "timestamp"}
        assert line["service"] == "registry"


def test_aiokafka_is_heard_from_warnings_on(logs: io.StringIO) -> None:
    """Its chatter is not wanted, its warnings are."""
    logging.getLogger("aiokafka.consumer.group_coordinator").info("joined")
    logging.getLogger("aiokafka.consumer.group_coordinator").warning("heartbeat failed")

    assert [line["event"] for line in lines(logs)] == ["heartbeat failed"]


def test_a_step_in_a_trace_keeps_its_id_and_takes_a_new_span() -> None:
    """W3C Trace Context: the trace goes on, the parent is the step before."""
    version, trace_id, span, flags = next_traceparent(RECEIVED).split("-")

    assert (version, trace_id, flags) == ("00", "4bf92f3577b34da6a3ce929d0e0e4736", "01")
    assert span != "00f067aa0ba902b7"
    assert re.fullmatch(r"[0-9a-f]{16}", span)


@pytest.mark.parametrize(
    "received",
    [
        None,
        "",
        "rubbish",
        RECEIVED.upper(),
        RECEIVED.replace("00-", "ff-", 1),
        "00-" + "0" * 32 + "-00f067aa0ba902b7-01",
        RECEIVED.replace("00f067aa0ba902b7", "0" * 16),
        RECEIVED + "-extra",
        RECEIVED + "\n",
    ],
)
def test_an_unusable_traceparent_begins_a_new_trace(received: str | None) -> None:
    """Rubbish from outside is not carried on."""
    made = next_traceparent(received)

    assert "4bf92f3577b34da6a3ce929d0e0e4736" not in made
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-01", made)


async def test_concurrent_work_has_its_own_trace(logs: io.StringIO) -> None:
    """What runs at the same time does not see another's trace; outside there is none."""

    async def step() -> tuple[str | None, str]:
        with trace(None) as mine:
            await asyncio.sleep(0)
            structlog.get_logger("x").info("step")
            return current_traceparent(), mine

    seen = await asyncio.gather(*(step() for _ in range(20)))

    assert all(current == mine for current, mine in seen)
    assert {line["trace_id"] for line in lines(logs)} == {mine.split("-")[1] for _, mine in seen}
    assert len({mine for _, mine in seen}) == 20
    with trace(RECEIVED):
        pass
    assert current_traceparent() is None


async def test_a_request_is_logged_with_its_trace_and_without_its_query(
    logs: io.StringIO,
) -> None:
    """The trace of the caller goes on inside; the query, which may hold anything, is not kept."""
    inside: list[str | None] = []
    app = FastAPI(docs_url=None, redoc_url=None)
    app.add_middleware(TraceMiddleware)

    @app.get("/villages/{code}")
    async def village(code: str) -> None:
        inside.extend([current_traceparent(), current_request_id()])

    @app.get("/live")
    async def live() -> None: ...

    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=app), base_url="http://test"
    ) as client:
        response = await client.get(
            "/villages/33.26.12.2008?nama=Siti", headers={"traceparent": RECEIVED}
        )
        await client.get(f"/villages/{NIK}")
        await client.get("/live")

    first, second = (line for line in lines(logs) if line["event"] == "request")
    assert inside[0] is not None
    assert inside[0].split("-")[1] == first["trace_id"] == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert inside[1] == first["request_id"] == response.headers["request-id"]
    assert (first["method"], first["path"], first["status"]) == (
        "GET",
        "/villages/33.26.12.2008",
        200,
    )
    assert second["path"] == "/villages/[nik]"
    assert "Siti" not in logs.getvalue()
    assert current_request_id() == "-"
