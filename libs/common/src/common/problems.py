"""Refusals that say what was wrong, where, and what to do (RFC 9457), in Bahasa Indonesia."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from common.database import is_transient
from common.reasons import reason_for
from common.telemetry import current_request_id, mask

MEDIA_TYPE = "application/problem+json"
MAX_BODY = 1024 * 1024
MAX_ERRORS = 50
"""Fields named in one answer."""
RETRY_AFTER = 5
"""Seconds that a caller is asked to wait when the infrastructure failed."""

logger = structlog.get_logger(__name__)

_TITLES = {
    400: "Permintaan tidak dapat dibaca",
    401: "Token tidak sah",
    403: "Tidak berwenang",
    404: "Tidak ditemukan",
    405: "Metode tidak didukung",
    409: "Bertentangan dengan keadaan sekarang",
    413: "Isi permintaan terlalu besar",
    415: "Jenis isi tidak didukung",
    422: "Data tidak sah",
    429: "Terlalu banyak permintaan",
    500: "Kesalahan pada layanan",
    503: "Layanan sedang tidak tersedia",
}
_DETAILS = {
    400: "Isi permintaan tidak dapat dibaca. Periksa pengodean dan bentuknya.",
    404: "Alamat ini tidak ada pada layanan ini. Periksa kembali alamatnya.",
    405: "Metode ini tidak tersedia di alamat ini. Lihat tajuk Allow.",
}


@dataclass(frozen=True, slots=True)
class FieldError:
    """One field that is wrong: where (`body.nik`, `query.limit`), why in words, and a code."""

    field: str
    reason: str
    code: str


class Problem(Exception):
    """A refusal on purpose; raise it anywhere in a request, nothing is stored."""

    def __init__(
        self,
        status: int,
        title: str,
        detail: str,
        errors: tuple[FieldError, ...] = (),
        *,
        code: str,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.title = title
        self.detail = detail
        self.errors = errors
        self.code = code
        self.headers = dict(headers or {})


class FieldErrorBody(BaseModel):
    """One field that is wrong."""

    field: str
    reason: str
    code: str


class ProblemBody(BaseModel):
    """The body of every answer that is not 2xx or 3xx (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    errors: list[FieldErrorBody] = []


def response(problem: Problem) -> JSONResponse:
    """The problem as the answer to the current request."""
    return JSONResponse(
        {
            "type": f"/problems/{problem.code}",
            "title": problem.title,
            "status": problem.status,
            "detail": problem.detail,
            "instance": f"/requests/{current_request_id()}",
            "errors": [
                {"field": error.field, "reason": error.reason, "code": error.code}
                for error in problem.errors
            ],
        },
        status_code=problem.status,
        headers=problem.headers,
        media_type=MEDIA_TYPE,
    )


def unavailable() -> Problem:
    """The infrastructure failed; the same request may succeed soon."""
    return Problem(
        503,
        _TITLES[503],
        "Layanan belum dapat menjawab. Tidak ada yang disimpan; "
        f"kirim kembali permintaan yang sama setelah {RETRY_AFTER} detik.",
        code="unavailable",
        headers={"Retry-After": str(RETRY_AFTER)},
    )


def unexpected() -> Problem:
    """A fault of ours; the request's id leads an operator to the log."""
    return Problem(
        500,
        _TITLES[500],
        "Terjadi kesalahan yang tidak terduga. "
        f"Sampaikan kode {current_request_id()} kepada pengelola layanan.",
        code="unexpected",
    )


def too_large(limit: int) -> Problem:
    return Problem(
        413,
        _TITLES[413],
        f"Isi permintaan melebihi {limit} bita. Bagilah menjadi beberapa permintaan.",
        code="too-large",
    )


def _invalid(error: RequestValidationError) -> Problem:
    found = error.errors()
    if any(item["type"] == "json_invalid" for item in found):
        return Problem(
            400,
            _TITLES[400],
            "Isi permintaan bukan JSON yang sah. Periksa tanda baca dan pengodeannya (UTF-8).",
            code="json-invalid",
        )
    errors = tuple(
        FieldError(_field(item["loc"]), reason_for(item), item["type"].replace("_", "-"))
        for item in found[:MAX_ERRORS]
    )
    return Problem(
        422,
        _TITLES[422],
        f"{len(found)} isian perlu diperbaiki." if found else "Data tidak sah.",
        errors,
        code="invalid",
    )


def _field(location: tuple[int | str, ...]) -> str:
    """`body.rows.3.nik`; a name that the caller made up is masked and cut, it may be a value."""
    return mask(".".join(str(part)[:100] for part in location))[:300]


def _refused(error: HTTPException) -> Problem:
    status = error.status_code
    name = HTTPStatus(status).phrase.lower().replace(" ", "-").replace("'", "")
    return Problem(
        status,
        _TITLES.get(status, "Permintaan tidak dapat dilayani"),
        _DETAILS.get(status, "Permintaan ini tidak dapat dilayani."),
        code=name,
        headers=error.headers,
    )


async def _answer_problem(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Problem)  # noqa: S101 - registered for this class
    return response(error)


async def _answer_invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class
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


def _with_problems(openapi: Any) -> Any:
    """Describe refusals as they are: FastAPI documents a body of its own for 422."""

    def described() -> dict[str, Any]:
        document: dict[str, Any] = openapi()
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
