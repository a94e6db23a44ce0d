"""How refusals are answered: one table from kinds of refusals to HTTP status, title and code."""

from __future__ import annotations

from typing import Final

from common.problems import Problem, response
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from notifications.domain.offices import ImpossibleOffice
from notifications.domain.terms import DayOutsideLimits, TermsOverlap
from notifications.refusals import (
    DeliveryNotFound,
    HolderNotFound,
    NotInState,
    NotInTerm,
    OutsideAreas,
)

ANSWERS: Final[dict[type[Exception], tuple[int, str, str]]] = {
    ImpossibleOffice: (422, "Jabatan tidak sah", "impossible-office"),
    DayOutsideLimits: (422, "Tanggal tidak sah", "day-outside-limits"),
    NotInTerm: (422, "Tanggal tidak sah", "not-in-term"),
    HolderNotFound: (404, "Tidak ditemukan", "holder-not-found"),
    DeliveryNotFound: (404, "Tidak ditemukan", "delivery-not-found"),
    TermsOverlap: (409, "Masa jabatan bertumpang tindih", "terms-overlap"),
    NotInState: (409, "Bertentangan dengan keadaan sekarang", "not-in-state"),
    OutsideAreas: (403, "Di luar wilayah kerja", "outside-areas"),
}


def install_refusals(app: FastAPI) -> None:
    """Answer every refusal as a problem; expected, so never logged as an error."""
    for kind in ANSWERS:
        app.add_exception_handler(kind, _answer)


async def _answer(_: Request, refusal: Exception) -> JSONResponse:
    status, title, code = ANSWERS[type(refusal)]
    return response(Problem(status, title, str(refusal), code=code))
