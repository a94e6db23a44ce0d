"""Every refusal becomes a problem (RFC 9457): ours, the framework's, and what nobody expected."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from common.database import is_transient
from common.reasons import reason_for
from common.redaction import mask
from common.refusals import (
    MEDIA_TYPE,
    TITLES,
    FieldError,
    Problem,
    ProblemBody,
    response,
    too_large,
    unavailable,
    unexpected,
)

__all__ = ["FieldError", "Problem", "ProblemBody", "install_problems", "response"]

MAX_BODY = 1024 * 1024
MAX_ERRORS = 50
"""Fields named in one answer."""

logger = structlog.get_logger(__name__)

_DETAILS = {
    400: "Isi permintaan tidak dapat dibaca. Periksa pengodean dan bentuknya.",
    404: "Alamat ini tidak ada pada layanan ini. Periksa kembali alamatnya.",
    405: "Metode ini tidak tersedia di alamat ini. Lihat tajuk Allow.",
    415: "Kirimkan isi permintaan sebagai JSON dengan tajuk Content-Type: application/json.",
}


def _invalid(error: RequestValidationError) -> Problem:
    found = error.errors()
    if any(item["type"] == "json_invalid" for item in found):
        return Problem(
            400,
            TITLES[400],
            "Isi permintaan bukan JSON yang sah. Periksa tanda baca dan pengodeannya (UTF-8).",
            code="json-invalid",
        )
    errors = tuple(
        FieldError(_field(item["loc"]), reason_for(item), item["type"].replace("_", "-"))
        for item in found[:MAX_ERRORS]
    )
    return Problem(
        422,
        TITLES[422],
        f"{len(found)} isian perlu diperbaiki." if found else "Data tidak sah.",
        errors,
        code="invalid",
    )


def _not_json(request: Request, error: RequestValidationError) -> bool:
    """The body was not read as JSON, because its content type does not say that it is."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    said = media_type == "application/json" or media_type.endswith("+json")
    return not said and any(
        item["loc"] == ("body",) and item["type"] != "missing" for item in error.errors()
    )


def _field(location: tuple[int | str, ...]) -> str:
    """`body.rows.3.nik`; a name that the caller made up is masked and cut, it may be a value."""
    return mask(".".join(str(part)[:100] for part in location))[:300]


def _refused(error: HTTPException) -> Problem:
    status = error.status_code
    name = HTTPStatus(status).phrase.lower().replace(" ", "-").replace("'", "")
    return Problem(
        status,
        TITLES.get(status, "Permintaan tidak dapat dilayani"),
        _DETAILS.get(status, "Permintaan ini tidak dapat dilayani."),
        code=name,
        headers=error.headers,
    )


async def _answer_problem(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Problem)  # noqa: S101 - registered for this class
    return response(error)


async def _answer_invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class
    if _not_json(request, error):
        return response(Problem(415, TITLES[415], _DETAILS[415], code="unsupported-media-type"))
    return response(_invalid(error))


async def _answer_refused(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class
    if isinstance(error, _BodyTooLarge):
        return response(too_large(error.limit))
    return response(_refused(error))


class _BodyTooLarge(HTTPException):
    """An HTTPException, because FastAPI turns any other error of reading a body into a 400."""

    def __init__(self, limit: int) -> None:
        super().__init__(413)
        self.limit = limit


class ProblemMiddleware:
    """Counts the body's bytes, and answers what no handler expected."""

    def __init__(
        self, app: ASGIApp, *, max_body: int = MAX_BODY, larger: Mapping[str, int] | None = None
    ) -> None:
        self._app = app
        self._max_body = max_body
        self._larger = dict(larger or {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._limit(scope["path"])
        if _declared_length(scope) > limit:
            await response(too_large(limit))(scope, receive, send)
            return
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, _counted(receive, limit), watched)
        except Exception as error:
            problem = self._explain(error)
            if started:
                raise
            await response(problem)(scope, receive, send)

    def _limit(self, path: str) -> int:
        matching = [limit for prefix, limit in self._larger.items() if path.startswith(prefix)]
        return max(matching, default=self._max_body)

    @staticmethod
    def _explain(error: Exception) -> Problem:
        if isinstance(error, _BodyTooLarge):
            return too_large(error.limit)
        if is_transient(error):
            logger.warning("request_unavailable", reason=type(error).__name__)
            return unavailable()
        logger.error("request_failed", exc_info=error)
        return unexpected()


def _declared_length(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0


def _counted(receive: Receive, limit: int) -> Receive:
    total = 0

    async def counted() -> Message:
        nonlocal total
        message = await receive()
        total += len(message.get("body", b""))
        if total > limit:
            raise _BodyTooLarge(limit)
        return message

    return counted


def install_problems(
    app: FastAPI, *, max_body: int = MAX_BODY, larger: Mapping[str, int] | None = None
) -> None:
    """Answer every refusal as a problem; `larger` gives path prefixes a body limit of their own."""
    app.add_exception_handler(Problem, _answer_problem)
    app.add_exception_handler(RequestValidationError, _answer_invalid)
    app.add_exception_handler(HTTPException, _answer_refused)
    app.add_middleware(ProblemMiddleware, max_body=max_body, larger=larger)
    app.openapi = _with_problems(app.openapi)  # type: ignore[method-assign]


def _with_problems(openapi: Callable[[], dict[str, Any]]) -> Callable[[], dict[str, Any]]:
    """Describe refusals as they are: FastAPI documents a body of its own for 422."""

    def described() -> dict[str, Any]:
        document = openapi()
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        if "ProblemBody" in schemas:
            return document
        schema = ProblemBody.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas.update(schema.pop("$defs"))
        schemas["ProblemBody"] = schema
        for name in ("HTTPValidationError", "ValidationError"):
            schemas.pop(name, None)
        content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemBody"}}}
        for item in document.get("paths", {}).values():
            for operation in item.values():
                responses = operation["responses"]
                responses.pop("422", None)
                responses["default"] = {"description": "A problem (RFC 9457)", "content": content}
        return document

    return described
