"""A refusal that says what was wrong, where, and what to do (RFC 9457), in Bahasa Indonesia."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fastapi.responses import JSONResponse
from pydantic import BaseModel

from common.telemetry import current_request_id

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER = 5
"""Seconds that a caller is asked to wait when the infrastructure failed."""

TITLES = {
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
        TITLES[503],
        "Layanan belum dapat menjawab. Tidak ada yang disimpan; "
        f"kirim kembali permintaan yang sama setelah {RETRY_AFTER} detik.",
        code="unavailable",
        headers={"Retry-After": str(RETRY_AFTER)},
    )


def unexpected() -> Problem:
    """A fault of ours; the request's id leads an operator to the log."""
    return Problem(
        500,
        TITLES[500],
        "Terjadi kesalahan yang tidak terduga. "
        f"Sampaikan kode {current_request_id()} kepada pengelola layanan.",
        code="unexpected",
    )


def too_large(limit: int) -> Problem:
    return Problem(
        413,
        TITLES[413],
        f"Isi permintaan melebihi {limit} bita. Bagilah menjadi beberapa permintaan.",
        code="too-large",
    )
