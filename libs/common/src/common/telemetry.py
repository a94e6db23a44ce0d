"""Logs as JSON without identifiers, and the trace that a request or an event belongs to."""

from __future__ import annotations

import contextlib
import logging
import re
import secrets
import sys
import time
from collections.abc import Iterator
from contextvars import ContextVar
from typing import TextIO

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.typing import EventDict, Processor, WrappedLogger

from common.redaction import redact

MAX_PATH = 200
_QUIET = ("/live", "/ready", "/metrics")
_LEVELS = {"aiokafka": "WARNING", "httpx2": "WARNING", "httpcore2": "WARNING", "asyncio": "WARNING"}


def configure_logging(service: str, *, level: str = "INFO", stream: TextIO | None = None) -> None:
    """Render structlog's and the standard library's logs the same, one JSON object a line."""

    def named(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
        event.setdefault("service", service)
        return event

    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        named,
    ]
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                redact,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name, quieter in _LEVELS.items():
        logging.getLogger(name).setLevel(quieter)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


_TRACEPARENT: ContextVar[str | None] = ContextVar("traceparent", default=None)
_REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="-")
_WIRE = re.compile(
    r"(?:00(?!.{54})|(?!00|ff)[0-9a-f]{2})"  # only a later version may carry more
    r"-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})(?:-.{0,200})?"
)


def current_traceparent() -> str | None:
    """The W3C traceparent of the work at hand, for what it sends on."""
    return _TRACEPARENT.get()


def current_request_id() -> str:
    """An opaque id of the request at hand: in every log line of it and in its refusal."""
    return _REQUEST_ID.get()


def next_traceparent(received: str | None) -> str:
    """A step further in the received trace, or the first of a new one (W3C Trace Context)."""
    found = _WIRE.fullmatch(received or "")
    trace, flags = found.groups() if found else (secrets.token_hex(16), "01")
    return f"00-{trace}-{secrets.token_hex(8)}-{flags}"


@contextlib.contextmanager
def trace(received: str | None) -> Iterator[str]:
    """Do the work of an event or a request as part of its trace; its logs carry `trace_id`."""
    traceparent = next_traceparent(received)
    token = _TRACEPARENT.set(traceparent)
    try:
        with structlog.contextvars.bound_contextvars(trace_id=traceparent.split("-")[1]):
            yield traceparent
    finally:
        _TRACEPARENT.reset(token)


class TraceMiddleware:
    """Gives each request its trace and id, and logs it when it is done, without its query."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._logger = structlog.get_logger("common.access")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = secrets.token_hex(16)
        started = time.perf_counter()
        status = 500

        async def answered(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [
                    *message.get("headers", ()),
                    (b"request-id", request_id.encode()),
                ]
            await send(message)

        token = _REQUEST_ID.set(request_id)
        try:
            with (
                trace(_header(scope, b"traceparent")),
                structlog.contextvars.bound_contextvars(request_id=request_id),
            ):
                try:
                    await self._app(scope, receive, answered)
                finally:
                    self._log(scope, status, time.perf_counter() - started)
        finally:
            _REQUEST_ID.reset(token)

    def _log(self, scope: Scope, status: int, seconds: float) -> None:
        if scope["path"] in _QUIET and status < 400:  # noqa: PLR2004 - the first refusal
            return
        self._logger.info(
            "request",
            method=scope["method"],
            path=scope["path"][:MAX_PATH],
            status=status,
            milliseconds=round(seconds * 1000, 1),
        )


def _header(scope: Scope, wanted: bytes) -> str | None:
    for name, value in scope["headers"]:
        if name == wanted:
            return str(value.decode("latin-1"))
    return None
