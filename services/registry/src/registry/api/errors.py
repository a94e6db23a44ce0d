"""How refusals are answered: one table from kinds of refusals to HTTP status and title."""

from __future__ import annotations

from typing import Final

from common.problems import FieldError, Problem, response
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from registry.domain.refusals import Conflict, Invalid, OutsideAreas, Refusal, Unknown

STATUS: Final[dict[type[Refusal], tuple[int, str]]] = {
    Invalid: (422, "Data tidak sah"),
    Unknown: (404, "Tidak ditemukan"),
    Conflict: (409, "Bertentangan dengan keadaan sekarang"),
    OutsideAreas: (403, "Di luar wilayah kerja"),
}

_IN_PATH: Final = frozenset(
    {"village_code", "area_code", "term_id", "agent_id", "enrollment_id", "sequence"}
)


def problem_of(refusal: Refusal) -> Problem:
    """The problem that tells a refusal; nothing of the request is echoed."""
    status, title = next(answer for kind, answer in STATUS.items() if isinstance(refusal, kind))
    place = "path" if refusal.field in _IN_PATH else "body"
    error = FieldError(f"{place}.{refusal.field}", refusal.detail, refusal.code)
    return Problem(status, title, refusal.detail, (error,), code=refusal.code)


def install_refusals(app: FastAPI) -> None:
    """Answer every refusal of the rules as a problem; expected, so never logged as an error."""
    app.add_exception_handler(Refusal, _answer_refusal)


async def _answer_refusal(_: Request, refusal: Exception) -> JSONResponse:
    assert isinstance(refusal, Refusal)  # noqa: S101 - registered for this class
    return response(problem_of(refusal))
